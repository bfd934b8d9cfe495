package bench

import (
	"math"
	"slices"
)

// Median is the middle of samples; NaN without any.
func Median(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// Interval is where the median lies with a confidence of at least 95 %, whatever the
// distribution: between two of the samples, by the binomial distribution of how many lie
// below the median. With fewer than six samples it is all that was seen.
func Interval(samples []float64) (low, high float64) {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	out, outside := 0, 0.0 // samples left out at each end, and the chance of being outside of the rest
	for chance := math.Pow(0.5, float64(n)); outside+2*chance <= 0.05; {
		outside += 2 * chance
		chance *= float64(n-out) / float64(out+1)
		out++
	}
	out = max(out-1, 0)
	return s[out], s[n-1-out]
}

package bench_test

import (
	"testing"

	"github.com/straytoken/straytoken/bench"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		samples []float64
		want    float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}} {
		if got := bench.Median(tt.samples); got != tt.want {
			t.Errorf("the median of %v is %v, want %v", tt.samples, got, tt.want)
		}
	}
}

// The ranks are those of the sign test, as statistics books tabulate them.
func TestInterval(t *testing.T) {
	for n, left := range map[int]int{1: 0, 5: 0, 6: 0, 8: 0, 9: 1, 10: 1, 12: 2, 15: 3, 20: 5} {
		samples := make([]float64, n)
		for i := range samples {
			samples[i] = float64(n - i)
		}
		low, high := bench.Interval(samples)
		if low != float64(1+left) || high != float64(n-left) {
			t.Errorf("of %d samples the interval is %v to %v, want the samples %d to %d", n, low, high, 1+left, n-left)
		}
	}
}

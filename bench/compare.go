package bench

import (
	"runtime"
	"time"
)

// Task is one thing to be measured, done once.
type Task func() error

// Compare does tasks in turn, runs times, and gives the CPU time of each run by task. Each
// is done once before, without being measured; who begins a round changes with it.
func Compare(runs int, tasks ...Task) ([][]time.Duration, error) {
	return compare(runs, CPU, tasks)
}

// CompareWall is Compare by the wall clock, for what uses several cores.
func CompareWall(runs int, tasks ...Task) ([][]time.Duration, error) {
	start := time.Now()
	return compare(runs, func() time.Duration { return time.Since(start) }, tasks)
}

func compare(runs int, clock func() time.Duration, tasks []Task) ([][]time.Duration, error) {
	took := make([][]time.Duration, len(tasks))
	for round := range runs + 1 {
		for i := range tasks {
			at := (i + round) % len(tasks)
			runtime.GC() // what one task leaves behind is not the next one's cost
			before := clock()
			if err := tasks[at](); err != nil {
				return nil, err
			}
			if round > 0 {
				took[at] = append(took[at], clock()-before)
			}
		}
	}
	return took, nil
}

// Ratios divides the runs of one task by those of another, round by round.
func Ratios(of, by []time.Duration) []float64 {
	out := make([]float64, len(of))
	for i := range of {
		out[i] = float64(of[i]) / float64(by[i])
	}
	return out
}

// Per gives the nanoseconds of each run for one of n things done in it.
func Per(took []time.Duration, n int) []float64 {
	out := make([]float64, len(took))
	for i := range took {
		out[i] = float64(took[i].Nanoseconds()) / float64(n)
	}
	return out
}

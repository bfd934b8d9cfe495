package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/processor"
)

// storeKeys is how many keys the store behind the cache remembers while memory is
// measured: enough to judge what is new, little beside what is measured.
const storeKeys = 100_000

// bytesASession is what limits.memory is set to, a session: a quarter of it is for Prints, of
// which a session of one address and one service has three, and a quarter for the LRU.
const bytesASession = 400

// crowd is a pipeline that knows very many sessions.
type crowd struct {
	pipeline *bench.Pipeline
	fleet    bench.Fleet
	known    int
	bytes    float64 // of heap a session
	again    float64 // facts written for the second use of a session
	took     time.Duration
}

// sessions measures what very many sessions take, and whether the garbage collector lets
// batches wait for them.
func sessions(ctx context.Context, s *settings) ([]line, error) {
	c, err := newCrowd(ctx, s)
	if err != nil {
		return nil, err
	}
	calm, during, err := c.stalls(ctx, s.count)
	if err != nil {
		return nil, err
	}
	at := "at " + bench.Thousands(c.known) + " sessions"
	heap := line{key: "heap", what: "heap a session of one address, with all facts that it causes, " + at, unit: "B", samples: []float64{c.bytes}, target: atMost(250),
		note: fmt.Sprintf("Each session is an EC2 instance's with an address of its own, a hundred to a role, used once. One run; it took %s to learn them all. A second use of some of them wrote %.2f facts each: itself.", c.took.Round(time.Second), c.again)}
	if c.known < s.sessions {
		heap.note += fmt.Sprintf(" It should have been %s, and stopped at the bound of memory or time.", bench.Thousands(s.sessions))
	}
	worst := line{what: fmt.Sprintf("worst stall of a batch of %d events during garbage collection, %s", batchEvents, at), unit: "ms", target: atMost(20),
		note: fmt.Sprintf("How much longer the slowest batch of a collection took than the median without one, which was %.1f ms. Other processes on the machine lengthen it.", bench.Median(calm))}
	for _, ms := range during {
		worst.samples = append(worst.samples, max(0, ms-bench.Median(calm)))
	}
	idle := line{what: "the same without garbage collection", unit: "ms", samples: []float64{slices.Max(calm) - bench.Median(calm)}}
	return []line{heap, worst, idle}, nil
}

// newCrowd lets a pipeline learn sessions until there are enough of them, or there is no
// more room or time.
func newCrowd(ctx context.Context, s *settings) (*crowd, error) {
	p, err := bench.NewPipeline(bench.Options{Memory: max(int64(s.sessions)*bytesASession, 128<<20), Store: bench.NewStore(storeKeys)})
	if err != nil {
		return nil, err
	}
	c := &crowd{pipeline: p}
	began := time.Now()
	base, first := uint64(0), 0
	for c.known < s.sessions {
		more := min(stepOf(s.sessions), s.sessions-c.known)
		if err := c.fleet.LearnAll(ctx, p, c.known, c.known+more); err != nil {
			return nil, err
		}
		c.known += more
		heap := liveHeap(c.known, s.sessions)
		if base == 0 { // the store behind is full
			base, first = heap, c.known
		}
		if heap > s.memory || time.Since(began) > s.heavyTime {
			break
		}
	}
	heap := liveHeap(1, 1)
	c.bytes, c.took = float64(heap-base)/float64(max(c.known-first, 1)), time.Since(began)
	return c, nil
}

// stepOf is how many sessions are learned between two looks at the heap.
func stepOf(sessions int) int { return max(sessions/50, storeKeys/4) }

// liveHeap is the heap in use. What is garbage is collected before, at the first look and
// the last; in between it would cost more than it tells.
func liveHeap(known, sessions int) uint64 {
	if known <= stepOf(sessions) || known == sessions {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// stalls gives the times of batches of known sessions, in milliseconds: without garbage
// collection all of them, and of each collection the slowest.
func (c *crowd) stalls(ctx context.Context, collections int) (calm, worst []float64, err error) {
	batches, err := c.batches(ctx, 200)
	if err != nil {
		return nil, nil, err
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // only the collections that are measured
	for range 2 {                                    // the second time with warm buffers
		calm = calm[:0]
		for _, b := range batches {
			ms, err := c.time(ctx, b)
			if err != nil {
				return nil, nil, err
			}
			calm = append(calm, ms)
		}
	}
	for range collections {
		ms, err := c.collect(ctx, batches)
		if err != nil {
			return nil, nil, err
		}
		worst = append(worst, ms)
	}
	return calm, worst, nil
}

// collect gives the slowest batch of one garbage collection.
func (c *crowd) collect(ctx context.Context, batches [][]processor.Record) (worst float64, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.GC()
	}()
	for i := 0; ; i++ {
		ms, err := c.time(ctx, batches[i%len(batches)])
		if err != nil {
			return 0, err
		}
		worst = max(worst, ms)
		select {
		case <-done:
			return worst, nil
		default:
		}
	}
}

func (c *crowd) time(ctx context.Context, batch []processor.Record) (float64, error) {
	before := time.Now()
	err := c.pipeline.Process(ctx, batch)
	return float64(time.Since(before).Microseconds()) / 1000, err
}

// What stalls are measured with: some sessions, drawn at random and used more often than
// uses are kept.
const (
	stalled = 5000
	taught  = 12
)

// batches are uses of known sessions, which add nothing.
func (c *crowd) batches(ctx context.Context, n int) ([][]processor.Record, error) {
	rng := rand.New(rand.NewPCG(3, 4))
	some := make([]int, min(stalled, c.known))
	for i := range some {
		some[i] = rng.IntN(c.known)
	}
	before := c.pipeline.Store.Written.Load()
	for use := 1; use < taught; use++ {
		for part := range slices.Chunk(some, batchEvents) {
			if err := c.pipeline.Process(ctx, c.fleet.Batch("0", use, part...)); err != nil {
				return nil, err
			}
		}
		if use == 1 {
			c.again = float64(c.pipeline.Store.Written.Load()-before) / float64(len(some))
		}
	}
	var out [][]processor.Record
	for range n {
		sessions := make([]int, bench.PerLog*(batchEvents/bench.PerLog+1))
		for i := range sessions {
			sessions[i] = some[rng.IntN(len(some))]
		}
		records, err := c.fleet.Packed(taught, sessions...)
		if err != nil {
			return nil, err
		}
		out = append(out, bench.Batches("0", records, batchEvents)...)
	}
	return out, nil
}

package replay

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Counts say how much was forwarded.
type Counts struct {
	Events  int64 // events in the stream
	Records int64 // records in the stream
	Bytes   int64 // data and partition keys of those records
	Retried int64 // records sent once more
	Failed  int64 // events left out: undecodable, too large, or given up
}

// Summary is what came of a replay.
type Summary struct {
	Counts
	Problems    int64            // calls of Options.OnProblem
	Shards      map[string]int64 // records by shard
	First, Last time.Time        // earliest and latest event time put; zero without events
}

// ShardIDs are the shards that received records, sorted.
func (s Summary) ShardIDs() []string { return slices.Sorted(maps.Keys(s.Shards)) }

// tally gathers the summary and calls the hooks, one at a time.
type tally struct {
	onPut      func([]string, time.Time)
	onProgress func(Counts)
	onProblem  func(error)

	mu      sync.Mutex
	summary Summary
}

func newTally(o Options) *tally {
	return &tally{
		onPut: o.OnPut, onProgress: o.OnProgress, onProblem: o.OnProblem,
		summary: Summary{Shards: map[string]int64{}},
	}
}

// request adds a request that was answered.
func (t *tally) request(sentAt time.Time, put []delivered, retried int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Retried += int64(retried)
	var ids []string
	for _, d := range put {
		t.add(d)
		ids = append(ids, d.ids...)
	}
	if t.onPut != nil && len(ids) > 0 {
		t.onPut(ids, sentAt)
	}
	if t.onProgress != nil {
		t.onProgress(t.summary.Counts)
	}
}

func (t *tally) add(d delivered) {
	s := &t.summary
	s.Events += int64(d.events)
	s.Records++
	s.Bytes += int64(d.size())
	s.Shards[d.shard]++
	if s.First.IsZero() || d.first.Before(s.First) {
		s.First = d.first
	}
	if d.last.After(s.Last) {
		s.Last = d.last
	}
}

// problem reports what is left out, with the number of events in it, if known.
func (t *tally) problem(err error, events int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Problems++
	t.summary.Failed += int64(events)
	if t.onProblem != nil {
		t.onProblem(err)
	}
}

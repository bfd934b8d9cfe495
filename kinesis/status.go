package kinesis

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// Status is what a worker is doing at one moment, for readiness probes and displays.
type Status struct {
	Running    bool          // between the end of the start-up checks and the stop
	LastScan   time.Time     // last successful reading of the lease table
	Failover   time.Duration // Config.Failover
	Workers    int           // workers alive, this one included
	OpenShards int           // shards that can be read now, by any worker
	Target     int           // this worker's fair share of them
	Shards     []ShardStatus // shards held by this worker, sorted by name
}

// ShardStatus is the state of one shard held by this worker.
type ShardStatus struct {
	Shard        string
	Since        time.Time     // when this worker took it
	Behind       time.Duration // how far behind the end of the shard at most: at the last read, and the time since then
	Records      int64         // records handled since then
	Checkpoint   string        // last sequence number checkpointed by this worker; empty before the first
	LastProgress time.Time     // last time a read was handled to its end, an empty one included
	Failing      string        // error of the last read or batch, empty when it went well

	read time.Time // the last that went well; before the first one, Since
}

// Still returns for how long the shard has stood still: nothing was read, or what was read is not handled yet.
func (s ShardStatus) Still() time.Duration {
	if s.LastProgress.IsZero() {
		return time.Since(s.Since)
	}
	return time.Since(s.LastProgress)
}

// Ready reports whether the worker runs and has been in touch with its lease table within the failover time.
func (s Status) Ready() bool {
	return s.Running && time.Since(s.LastScan) < s.Failover
}

// Behind returns the lag of the slowest shard held.
func (s Status) Behind() time.Duration {
	var worst time.Duration
	for _, shard := range s.Shards {
		worst = max(worst, shard.Behind)
	}
	return worst
}

// journal follows events to answer Status, and passes them on.
type journal struct {
	next Observer // may be nil

	mu     sync.Mutex
	status Status
	shards map[string]*ShardStatus
}

func newJournal(cfg Config) *journal {
	return &journal{next: cfg.Observer, status: Status{Failover: cfg.Failover}, shards: map[string]*ShardStatus{}}
}

func (j *journal) record(e Event) {
	j.mu.Lock()
	j.apply(e, time.Now())
	j.mu.Unlock()
	if j.next != nil {
		j.next.Observe(e)
	}
}

// apply needs j.mu.
func (j *journal) apply(e Event, now time.Time) {
	if e.Kind == LeaseAcquired {
		j.shards[e.Shard] = &ShardStatus{Shard: e.Shard, Since: now, read: now}
	}
	s := j.shards[e.Shard]
	if s == nil {
		return
	}
	switch e.Kind {
	case LeaseReleased, LeaseLost:
		delete(j.shards, e.Shard)
	case BatchRead:
		s.Behind, s.Failing, s.read = e.Behind, "", now
		if e.Records == 0 {
			s.LastProgress = now
		}
	case BatchDone:
		s.Records, s.LastProgress, s.Failing = s.Records+int64(e.Records), now, ""
	case Checkpointed:
		s.Checkpoint = e.checkpoint
	case BatchFailed, ReadFailed, CheckpointFailed:
		s.Failing = e.Err.Error()
	}
}

// update changes the part of the status that events do not tell.
func (j *journal) update(change func(*Status)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.status)
}

func (j *journal) snapshot() Status {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.status
	for shard := range maps.Values(j.shards) {
		now := *shard
		now.Behind += time.Since(now.read)
		s.Shards = append(s.Shards, now)
	}
	slices.SortFunc(s.Shards, func(a, b ShardStatus) int { return cmp.Compare(a.Shard, b.Shard) })
	return s
}

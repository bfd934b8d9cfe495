package kinesis

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Status is what a worker is doing at one moment, for readiness probes and displays.
type Status struct {
	Running    bool          // between the end of the start-up checks and the stop
	LastLook   time.Time     // last attempt to read the lease table, however it ended
	LastScan   time.Time     // last successful reading of the lease table
	Failover   time.Duration // Config.Failover
	Handler    time.Duration // Config.HandlerTimeout
	Workers    int           // workers alive, this one included
	OpenShards int           // shards that can be read now, by any worker
	Target     int           // this worker's fair share of them
	Shards     []ShardStatus // shards held by this worker, sorted by name
}

// ShardStatus is the state of one shard held by this worker.
type ShardStatus struct {
	Shard        string
	Since        time.Time     // when this worker took it
	Behind       time.Duration // what the last read said, and for how long nothing has become of it; 0 before the first
	InHand       int           // records of the batch that is being handled
	Records      int64         // records handled since then
	Checkpoint   string        // last sequence number checkpointed by this worker; empty before the first
	LastRead     time.Time     // last read that succeeded
	LastSign     time.Time     // last event of the shard, failures included
	LastProgress time.Time     // last time a read was handled to its end, an empty one included
	Failing      string        // error of the last read or batch, empty when it went well
}

// Ready reports whether the worker runs and has been in touch with its lease table within the failover time.
func (s Status) Ready() bool {
	return s.Running && time.Since(s.LastScan) < s.Failover
}

// Still tells for how long a shard has not moved: nothing read was handled to its end, not even an empty read.
func (s *ShardStatus) Still(now time.Time) time.Duration {
	if s.LastProgress.Before(s.Since) {
		return now.Sub(s.Since)
	}
	return now.Sub(s.LastProgress)
}

// waits tells whether what was read, or is to be read, is not getting on.
func (s *ShardStatus) waits() bool { return (s.InHand > 0 || s.Failing != "") && !s.LastRead.IsZero() }

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
	return &journal{next: cfg.Observer, status: Status{Failover: cfg.Failover, Handler: cfg.HandlerTimeout}, shards: map[string]*ShardStatus{}}
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
		j.shards[e.Shard] = &ShardStatus{Shard: e.Shard, Since: now}
	}
	s := j.shards[e.Shard]
	if s == nil {
		return
	}
	s.LastSign = now
	switch e.Kind {
	case LeaseReleased, LeaseLost:
		delete(j.shards, e.Shard)
	case BatchRead:
		s.Behind, s.LastRead, s.InHand, s.Failing = e.Behind, now, e.Records, ""
		if e.Records == 0 {
			s.LastProgress = now
		}
	case BatchDone:
		s.Records, s.LastProgress, s.InHand, s.Failing = s.Records+int64(e.Records), now, 0, ""
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
	s, now := j.status, time.Now()
	for _, shard := range j.shards {
		one := *shard
		if one.waits() {
			one.Behind += now.Sub(one.LastRead)
		}
		s.Shards = append(s.Shards, one)
	}
	slices.SortFunc(s.Shards, func(a, b ShardStatus) int { return cmp.Compare(a.Shard, b.Shard) })
	return s
}

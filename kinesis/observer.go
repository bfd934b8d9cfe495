package kinesis

import "time"

// Observer is told what the worker does, for metrics. Observe is called concurrently and must return at once.
type Observer interface {
	Observe(Event)
}

// ObserverFunc makes an Observer of a function.
type ObserverFunc func(Event)

// Observe calls f.
func (f ObserverFunc) Observe(e Event) { f(e) }

// Event is one thing that happened. Which fields are set depends on Kind.
type Event struct {
	Kind    EventKind
	Shard   string        // empty for LeaseTableFailed
	Records int           // BatchRead, BatchDone
	Bytes   int           // BatchRead, BatchDone: sum of the records' data
	Behind  time.Duration // BatchRead: distance to the end of the shard
	Took    time.Duration // BatchDone, BatchFailed: one call of the Handler; Checkpointed: the write
	Attempt int           // BatchFailed, ReadFailed: 1 for the first failure in a row
	Err     error         // LeaseLost, BatchFailed, ReadFailed, CheckpointFailed, LeaseTableFailed

	checkpoint string // Checkpointed
}

// EventKind is a closed set, listed by EventKinds.
type EventKind string

// The kinds of events.
const (
	LeaseAcquired    EventKind = "lease-acquired"     // this worker holds the shard
	LeaseReleased    EventKind = "lease-released"     // given up in order; others may take it at once
	LeaseLost        EventKind = "lease-lost"         // taken by another worker, or not renewed in time
	ShardEnded       EventKind = "shard-ended"        // closed and read to its end; its children may start
	BatchRead        EventKind = "batch-read"         // one read of a shard, often of no records
	BatchDone        EventKind = "batch-done"         // the Handler returned nil
	BatchFailed      EventKind = "batch-failed"       // the Handler returned an error or panicked; it will be called again
	ReadFailed       EventKind = "read-failed"        // a read failed; it will be repeated
	Checkpointed     EventKind = "checkpointed"       // the progress is durable
	CheckpointFailed EventKind = "checkpoint-failed"  // a checkpoint failed; it will be repeated
	LeaseTableFailed EventKind = "lease-table-failed" // a heartbeat, scan or renewal failed; it will be repeated
)

// EventKinds returns every kind, for counters that start at zero.
func EventKinds() []EventKind {
	return []EventKind{LeaseAcquired, LeaseReleased, LeaseLost, ShardEnded, BatchRead, BatchDone, BatchFailed,
		ReadFailed, Checkpointed, CheckpointFailed, LeaseTableFailed}
}

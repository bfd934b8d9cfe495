package kinesis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errLeaseEnded ends the reading of a shard: the lease was lost or is to be released.
var errLeaseEnded = errors.New("the lease has ended")

// lease is one shard held by this worker.
//
// It lives from its acquisition to its release. Its contexts are kept in it, against the custom, because they are its
// lifetime, and because the library between it and its users passes none.
type lease struct {
	shard    string
	token    string
	table    *table
	failover time.Duration
	acquired time.Time
	record   func(Event)

	life    context.Context // ends when the lease is lost or released, or the grace time is over
	end     context.CancelCauseFunc
	reading context.Context // ends with life, or sooner when the lease is to be released after the running batch
	drain   context.CancelFunc
	kept    chan struct{} // closed when keep has returned

	mu      sync.Mutex
	renewed time.Time // start of the last write that proved ownership (monotonic)
	saved   string    // the checkpoint in the table
}

// start gives l its lifetime, within ctx, and renews it until its end.
func (l *lease) start(ctx context.Context) {
	l.life, l.end = context.WithCancelCause(ctx)
	l.reading, l.drain = context.WithCancel(l.life)
	l.kept = make(chan struct{})
	go l.keep()
}

// expiry is when nobody may trust this lease any more unless it is renewed: well before others may take it, and also
// after this process was stopped for a while.
func (l *lease) expiry() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.renewed.Add(l.failover * 9 / 10)
}

// valid reports whether the shard may still be worked on.
func (l *lease) valid() bool { return l.life.Err() == nil && time.Now().Before(l.expiry()) }

// draining reports whether the lease is to be released.
func (l *lease) draining() bool { return l.reading.Err() != nil }

// checkpointed returns the checkpoint in the table, "" for none.
func (l *lease) checkpointed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.saved
}

// lose ends the lease for a reason that is not this worker's will.
func (l *lease) lose(reason error) {
	if l.life.Err() == nil {
		l.end(reason)
		l.record(Event{Kind: LeaseLost, Shard: l.shard, Err: reason})
	}
}

// lost reports whether the lease may be another worker's by now.
func (l *lease) lost() bool {
	cause := context.Cause(l.life)
	return cause != nil && !errors.Is(cause, context.Canceled)
}

// keep renews the lease until it ends. A failed renewal is repeated for as long as the lease can still be ours.
func (l *lease) keep() {
	defer close(l.kept)
	wait := l.failover / 5
	for pause(l.life, wait) == nil {
		wait = l.failover / 5
		if !time.Now().Before(l.expiry()) {
			l.lose(fmt.Errorf("not renewed within %v", l.failover*9/10))
			return
		}
		if err := l.renew(); err != nil {
			wait = l.failover / 20
		}
	}
}

func (l *lease) renew() error {
	err := l.write(func(ctx context.Context) error { return l.table.renew(ctx, l.shard, l.token) })
	if err != nil && l.life.Err() == nil {
		l.record(Event{Kind: LeaseTableFailed, Shard: l.shard, Err: err})
	}
	return err
}

// write makes one attempt at a write that proves ownership.
func (l *lease) write(do func(context.Context) error) error {
	start := time.Now()
	ctx, cancel := context.WithDeadline(l.life, earlier(l.expiry(), start.Add(l.failover/3)))
	defer cancel()
	err := do(ctx)
	switch {
	case err == nil:
		l.mu.Lock()
		l.renewed = start
		l.mu.Unlock()
	case errors.Is(err, errFenced):
		l.lose(err)
	}
	return err
}

// checkpoint makes progress durable. It tries for as long as the lease is ours, and returns errLeaseEnded after.
// It is called by one goroutine at a time.
func (l *lease) checkpoint(sequence string) error {
	wait := backoff{first: 50 * time.Millisecond, limit: l.failover / 5}
	from, start := l.checkpointed(), time.Now()
	for n := 1; l.valid(); n++ {
		err := l.write(func(ctx context.Context) error {
			return l.table.checkpoint(ctx, l.shard, l.token, from, sequence)
		})
		if err == nil {
			l.mu.Lock()
			l.saved = sequence
			l.mu.Unlock()
			l.record(Event{Kind: Checkpointed, Shard: l.shard, Took: time.Since(start), checkpoint: sequence})
			return nil
		}
		if l.life.Err() == nil {
			l.record(Event{Kind: CheckpointFailed, Shard: l.shard, Attempt: n, Err: err})
		}
		if pause(l.life, wait.delay(n)) != nil {
			break
		}
	}
	return fmt.Errorf("checkpoint %s of shard %s: %w", sequence, l.shard, errLeaseEnded)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

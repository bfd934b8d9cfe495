package kinesis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/worker"
)

// stop ends the run within the grace time: no new leases, no new batches; running batches finish; leases are released.
// hard is the context of the leases and handlers, kill ends it.
func (r *run) stop(hard context.Context, kill context.CancelFunc, library *worker.Worker) error {
	deadline := time.Now().Add(r.cfg.Grace)
	free := context.WithoutCancel(hard)
	r.leases.stop()
	ended := make(chan struct{})
	go func() { // the library's Shutdown has no time-out; a Handler that hangs keeps it here until the process ends
		defer close(ended)
		library.Shutdown()
	}()
	r.leave(free)
	if await(ended, time.Until(deadline)-r.reserve()) {
		return nil
	}
	unfinished := r.leases.names()
	kill()
	if await(ended, r.reserve()/2) {
		return graceOver(unfinished, "batches were abandoned and will be repeated")
	}
	r.releaseAll(free)
	return graceOver(unfinished, "a handler ignores its context")
}

// reserve is the part of the grace time kept for what follows the end of the handlers' contexts.
func (r *run) reserve() time.Duration { return min(r.cfg.Grace/4, 4*time.Second) }

// leave tells the other workers at once to divide the shards without this one.
func (r *run) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.reserve()/2)
	defer cancel()
	if err := r.table.remove(ctx, r.table.workerKey(r.table.owner), "", nil); err != nil {
		r.cfg.Logger.Warn("cannot sign off in the lease table, it expires by itself", "err", err)
	}
}

// releaseAll releases by hand what the library did not. A lease that stays expires by itself.
func (r *run) releaseAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.reserve()/2)
	defer cancel()
	for _, shard := range r.leases.names() {
		if err := r.leases.release(ctx, shard); err != nil {
			r.cfg.Logger.Warn("cannot release a lease, it expires by itself", "shard", shard, "err", err)
		}
	}
}

func graceOver(shards []string, why string) error {
	return &Error{Problem: GraceOver, Resource: strings.Join(shards, ", "), Err: errors.New(why),
		Advice: "nothing is lost; allow a longer grace time if this repeats"}
}

// await reports whether done was closed within d.
func await(done <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

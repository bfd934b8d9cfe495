package state

import (
	"context"
	"errors"
	"sync"
	"time"
)

// probeKey is a key under which nothing is ever kept.
const probeKey Key = "probe/"

// reach is what is known of whether the Store answers.
type reach struct {
	probe sync.Mutex // held while the Store is asked for it

	mu  sync.Mutex
	at  time.Time // when it last answered or failed to
	err error     // nil: it answered
}

// note notes how a call of the Store ended. A caller that gave up says nothing of it.
func (r *reach) note(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.err = time.Now(), err
}

func (r *reach) last() (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at, r.err
}

// Reachable says whether the Store answers, by what became of the last call of it. When
// that is older than age it asks for a key that does not exist: one request an age, however
// many callers there are.
func (f *Facts) Reachable(ctx context.Context, age time.Duration) error {
	f.reach.probe.Lock()
	defer f.reach.probe.Unlock()
	if at, err := f.reach.last(); time.Since(at) < age {
		return err
	}
	_, err := f.store.Get(ctx, []Key{probeKey})
	f.reach.note(ctx, err)
	return err
}

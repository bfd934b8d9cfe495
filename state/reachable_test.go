package state_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/straytoken/straytoken/state"
)

// patient is a store that can be out of order, and counts what it is asked.
type patient struct {
	state.Store
	down  atomic.Bool
	calls atomic.Int64
}

var errAway = errors.New("the store is away")

func (p *patient) Put(ctx context.Context, facts []state.Fact) error {
	p.calls.Add(1)
	if p.down.Load() {
		return errAway
	}
	return p.Store.Put(ctx, facts)
}

func (p *patient) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	p.calls.Add(1)
	if p.down.Load() {
		return nil, errAway
	}
	return p.Store.Get(ctx, keys)
}

func TestReachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const age = 10 * time.Second
		ctx := t.Context()
		store := &patient{Store: state.NewMemory(10)}
		facts := state.NewFacts(store, 10)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := facts.Reachable(ctx, age); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := store.calls.Load(); n != 1 {
			t.Errorf("100 questions are %d requests", n)
		}
		store.down.Store(true)
		time.Sleep(age)
		for range 100 {
			if err := facts.Reachable(ctx, age); !errors.Is(err, errAway) {
				t.Fatalf("got %v", err)
			}
		}
		if n := store.calls.Load(); n != 2 {
			t.Errorf("%d requests, want 2: a failure is remembered too", n)
		}
		store.down.Store(false)
		if _, err := facts.Absorb(ctx, []state.Fact{fact("session/a", "use|home", 1, "e1", state.Retention{})}); err != nil {
			t.Fatal(err)
		}
		if err := facts.Reachable(ctx, age); err != nil || store.calls.Load() != 3 {
			t.Errorf("after a write that went well: %v, %d requests", err, store.calls.Load())
		}
		store.down.Store(true)
		if _, err := facts.Sets(ctx, []state.Key{"session/a"}); err == nil {
			t.Fatal("read from a store that is away")
		}
		if err := facts.Reachable(ctx, age); !errors.Is(err, errAway) {
			t.Errorf("after a read that failed: %v", err)
		}
		given, cancel := context.WithCancel(ctx)
		cancel()
		store.down.Store(false)
		time.Sleep(age)
		if err := facts.Reachable(ctx, age); err != nil {
			t.Fatal(err)
		}
		store.down.Store(true)
		if _, err := facts.Sets(given, []state.Key{"session/a"}); err == nil {
			t.Fatal("read from a store that is away")
		}
		if err := facts.Reachable(ctx, age); err != nil {
			t.Errorf("a caller that gave up is taken for a store that is away: %v", err)
		}
	})
}

package state_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/state"
)

// sunk is a store that keeps nothing.
type sunk struct{}

func (sunk) Put(context.Context, []state.Fact) error { return nil }

func (sunk) Get(context.Context, []state.Key) (map[state.Key]*state.Set, error) { return nil, nil }

// live is what the heap holds.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// hostile is a fact with texts as long as facts may have them.
func hostile(key, member string, n int, keep int) state.Fact {
	text := func(length int) string { return strings.Repeat(string(rune('a'+n%26)), length) }
	return state.Fact{Key: state.NewKey("session", key), Member: state.NewMember("use", member), Retention: state.Retention{Keep: keep, Members: 256},
		Observation: state.Observation{Time: int64(n), EventID: fmt.Sprintf("%064d", n), Source: text(128), Name: text(128), Agent: text(256),
			Region: text(32), AccessKey: text(128), Address: text(256), Endpoint: text(64), Session: text(256), Error: text(128)}}
}

// The cache must hold to its bytes, whatever the facts are, and its estimate must not be below what they take.
func TestCacheStaysUnderItsBytes(t *testing.T) {
	const limit = 16 << 20
	tests := map[string]func(n int) state.Fact{
		"sessions":                      func(n int) state.Fact { return hostile(fmt.Sprintf("key-%d", n), "home", n, 10) },
		"addresses of sessions":         func(n int) state.Fact { return hostile(fmt.Sprintf("key-%d", n/300), fmt.Sprint(n), n, 10) },
		"events of addresses":           func(n int) state.Fact { return hostile(fmt.Sprintf("key-%d", n/1000), fmt.Sprint(n/100), n, 1000) },
		"small facts":                   func(n int) state.Fact { return fact(fmt.Sprintf("a/%d", n), "x", 1, "e", state.Retention{}) },
		"facts without an event":        func(n int) state.Fact { return fact(fmt.Sprintf("a/%d", n), "x", 1, "", state.Retention{}) },
		"one member of one key, larger": func(n int) state.Fact { return hostile("key", "home", n, 1000) },
	}
	for name, next := range tests {
		t.Run(name, func(t *testing.T) {
			facts := state.NewFacts(sunk{}, 1<<30)
			facts.Bound(limit)
			before := live()
			count := 20_000
			if strings.HasPrefix(name, "one") {
				count = 2_000
			}
			if strings.Contains(name, "facts") {
				count = 60_000
			}
			for n := range count {
				absorb(t, facts, next(n))
			}
			took := live() - before
			t.Logf("%d keys, %d bytes by its estimate, %d in truth, %d dropped", facts.Known(), facts.Bytes(), took, facts.Stats().Evicted.Load())
			if facts.Bytes() > limit || took > limit+8<<20 { // and the keys that are remembered as dropped
				t.Errorf("%d bytes by its estimate, %d in truth; %d are allowed", facts.Bytes(), took, limit)
			}
			if evicted := facts.Stats().Evicted.Load(); evicted == 0 && count > 2_000 {
				t.Error("nothing was dropped")
			}
			runtime.KeepAlive(facts)
		})
	}
}

// The effect of dropping keys is counted: what comes back was written for nothing.
func TestReturnsToTheCacheAreCounted(t *testing.T) {
	facts := state.NewFacts(sunk{}, 10)
	at := func(n int) state.Fact {
		return fact(fmt.Sprintf("session/%d", n), "use|home", 1, "e1", state.Retention{})
	}
	for n := range 15 {
		absorb(t, facts, at(n))
	}
	stats := facts.Stats()
	if stats.Evicted.Load() != 5 || stats.Returned.Load() != 0 {
		t.Errorf("%d dropped, %d returned; want 5 and 0", stats.Evicted.Load(), stats.Returned.Load())
	}
	for n := range 3 {
		absorb(t, facts, at(n))
	}
	absorb(t, facts, at(14))
	if stats.Evicted.Load() != 8 || stats.Returned.Load() != 3 || stats.Put.Load() != 18 {
		t.Errorf("%d dropped, %d returned, %d written; want 8, 3 and 18", stats.Evicted.Load(), stats.Returned.Load(), stats.Put.Load())
	}
}

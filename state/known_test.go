package state_test

import (
	"context"
	"testing"

	"github.com/straytoken/straytoken/state"
)

// TestUnjudgedStaysNew: what another worker wrote is new to this one also after it
// read the key: the other may have died before it judged.
func TestUnjudgedStaysNew(t *testing.T) {
	ctx := context.Background()
	store := remote{state.NewMemory(100)}
	mine, theirs := state.NewFacts(store, 100), state.NewFacts(store, 100)
	theft := fact("session/a", "use|thief", 2, "e2", state.Retention{Keep: 2})
	absorb(t, mine, fact("session/a", "use|home", 1, "e1", state.Retention{Keep: 2}))
	absorb(t, theirs, theft, fact("session/a", state.ContestedClass, 2, "e2", state.Retention{}))
	if _, err := mine.Sets(ctx, []state.Key{"session/a"}); err != nil {
		t.Fatal(err)
	}
	changes := absorb(t, mine, theft)
	if len(changes) != 1 || !changes[0].New {
		t.Fatalf("changes: %+v", changes)
	}
	if !changes[0].Contested {
		t.Error("that the session is contested is not taken over")
	}
}

func absorb(t *testing.T, f *state.Facts, facts ...state.Fact) []state.Change {
	t.Helper()
	changes, err := f.Absorb(context.Background(), facts)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// swapped is a store that another store can take the place of.
type swapped struct{ state.Store }

// TestForgottenIsWrittenAgain: a member or a key that the store has forgotten
// leaves the cache, so that its next sighting is written.
func TestForgottenIsWrittenAgain(t *testing.T) {
	ctx := context.Background()
	some := state.Retention{Members: 64}
	for name, left := range map[string][]state.Fact{
		"key":    nil,
		"member": {fact("address/a", "session|y", 1, "e2", some)},
	} {
		t.Run(name, func(t *testing.T) {
			store := &swapped{state.NewMemory(100)}
			facts := state.NewFacts(store, 100)
			absorb(t, facts, fact("address/a", "session|x", 1, "e1", some), fact("address/a", "session|y", 1, "e2", some))
			after := state.NewMemory(100)
			if err := after.Put(ctx, left); err != nil {
				t.Fatal(err)
			}
			store.Store = after
			if _, err := facts.Sets(ctx, []state.Key{"address/a"}); err != nil {
				t.Fatal(err)
			}
			absorb(t, facts, fact("address/a", "session|x", 200_000, "e4", some))
			if after.Set("address/a").Member("session|x") == nil {
				t.Error("what was seen again is not written again")
			}
		})
	}
}

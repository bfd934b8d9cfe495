package state_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/straytoken/straytoken/state"
)

// fact makes a fact of a member seen by an event at a time.
func fact(key, member string, at int64, event string, r state.Retention) state.Fact {
	return state.Fact{Key: state.Key(key), Member: member, Observation: state.Observation{Time: at, EventID: event, Agent: "agent of " + event}, Retention: r}
}

// describe writes out all that can be read of a Set.
func describe(set *state.Set) string {
	var b strings.Builder
	for _, m := range set.Members() {
		fmt.Fprintf(&b, "%s last %d latest %d:", m.Name, m.Last, m.Latest())
		for _, o := range m.Seen {
			fmt.Fprintf(&b, " %d/%s/%s", o.Time, o.EventID, o.Agent)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// history is random facts under a few keys, as sessions make them.
func history(r *rand.Rand, n int) []state.Fact {
	classes := map[string]state.Retention{
		"use":    {Keep: 3, Contested: 8, Step: time.Hour},
		"token":  {Members: 3},
		"denied": {Keep: 2},
	}
	names := []string{"use", "token", "denied"}
	facts := make([]state.Fact, n)
	for i := range facts {
		class := names[r.IntN(len(names))]
		at := int64(1000 + r.IntN(20000))
		facts[i] = fact(fmt.Sprintf("session/%d", r.IntN(2)), state.NewMember(class, fmt.Sprint(r.IntN(6))), at, fmt.Sprintf("e%d", i), classes[class])
	}
	return facts
}

// TestUnionHasNoOrder: facts in any order, some of them repeated, in any portions,
// make the same Sets.
func TestUnionHasNoOrder(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		facts := history(r, 60)
		want := state.NewMemory(100)
		if err := want.Put(ctx, facts); err != nil {
			t.Fatal(err)
		}
		shuffled := append(slices.Clone(facts), facts[:30]...)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got := state.NewMemory(100)
		for part := range slices.Chunk(shuffled, 1+r.IntN(9)) {
			if err := got.Put(ctx, part); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []state.Key{"session/0", "session/1"} {
			if a, b := describe(want.Set(key)), describe(got.Set(key)); a != b {
				t.Fatalf("seed %d, %s:\n%s\nbut in another order:\n%s", seed, key, a, b)
			}
		}
	}
}

// TestAbsorbThenStore: what Facts writes to a store through its cache makes the same
// Sets as the facts themselves would.
func TestAbsorbThenStore(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(50) {
		facts := history(rand.New(rand.NewPCG(seed, 1)), 60)
		want, got := state.NewMemory(100), state.NewMemory(100)
		if err := want.Put(ctx, facts); err != nil {
			t.Fatal(err)
		}
		cached := state.NewFacts(remote{got}, 2)
		for part := range slices.Chunk(facts, 7) {
			if _, err := cached.Absorb(ctx, part); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []state.Key{"session/0", "session/1"} {
			if a, b := describe(want.Set(key)), describe(got.Set(key)); a != b {
				t.Fatalf("seed %d, %s:\n%s\nbut through the cache:\n%s", seed, key, a, b)
			}
		}
	}
}

// remote is a store that Facts does not know to be memory.
type remote struct{ state.Store }

// failing fails its next calls, before or after they take effect.
type failing struct {
	state.Store
	before, after bool
	puts, gets    int
}

func (f *failing) Put(ctx context.Context, facts []state.Fact) error {
	f.puts++
	if f.before {
		return context.DeadlineExceeded
	}
	if err := f.Store.Put(ctx, facts); err != nil || !f.after {
		return err
	}
	return context.DeadlineExceeded
}

func (f *failing) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	f.gets += len(keys)
	return f.Store.Get(ctx, keys)
}

func TestKnownFactsCostNothing(t *testing.T) {
	ctx := context.Background()
	store := &failing{Store: state.NewMemory(100)}
	facts := state.NewFacts(store, 100)
	quiet := state.Retention{Keep: 2, Step: time.Hour}
	first := []state.Fact{fact("k", "use|a", 3600, "1", quiet), fact("k", "use|a", 3700, "2", quiet)}
	if changes, err := facts.Absorb(ctx, first); err != nil || len(changes) != 2 || !changes[0].New || changes[1].New {
		t.Fatalf("first sight: %v, %v", changes, err)
	}
	again := append(first, fact("k", "use|a", 3800, "3", quiet), fact("k", "use|a", 7199, "4", quiet))
	if changes, err := facts.Absorb(ctx, again); err != nil || len(changes) != 0 {
		t.Errorf("known facts are new: %v, %v", changes, err)
	}
	if store.puts != 1 || store.gets != 0 {
		t.Errorf("%d writes and %d reads, want 1 and 0", store.puts, store.gets)
	}
	if changes, err := facts.Absorb(ctx, []state.Fact{fact("k", "use|a", 7200, "5", quiet)}); err != nil || len(changes) != 1 {
		t.Errorf("the next step is not noted: %v, %v", changes, err)
	}
	earlier, err := facts.Absorb(ctx, []state.Fact{fact("k", "use|a", 10, "0", quiet)})
	if err != nil || len(earlier) != 1 {
		t.Errorf("an earlier use is not noted: %v, %v", earlier, err)
	}
}

// TestFailedWriteIsNotKnown: after a write that failed, or that failed and yet took
// effect, the same facts are written again.
func TestFailedWriteIsNotKnown(t *testing.T) {
	ctx := context.Background()
	for name, store := range map[string]*failing{
		"before taking effect": {Store: state.NewMemory(10), before: true},
		"after taking effect":  {Store: state.NewMemory(10), after: true},
	} {
		t.Run(name, func(t *testing.T) {
			facts := state.NewFacts(store, 10)
			one := []state.Fact{fact("k", "use|a", 1, "1", state.Retention{})}
			if _, err := facts.Absorb(ctx, one); err == nil {
				t.Fatal("the failure is not reported")
			}
			store.before, store.after = false, false
			if changes, err := facts.Absorb(ctx, one); err != nil || len(changes) != 1 {
				t.Errorf("second attempt: %v, %v; want the fact as new", changes, err)
			}
			sets, err := facts.Sets(ctx, []state.Key{"k"})
			if err != nil || len(sets["k"].Member("use|a").Seen) != 1 {
				t.Errorf("stored %v, %v", sets, err)
			}
		})
	}
}

func TestContestedKeepsMore(t *testing.T) {
	ctx := context.Background()
	r := state.Retention{Keep: 2, Contested: 5}
	m := state.NewMemory(10)
	put := func(f state.Fact) {
		if err := m.Put(ctx, []state.Fact{f}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		put(fact("k", "use|a", int64(i), fmt.Sprint(i), r))
	}
	if n := len(m.Set("k").Member("use|a").Seen); n != 2 {
		t.Errorf("a quiet key keeps %d, want 2", n)
	}
	put(fact("k", state.ContestedClass, 9, "9", state.Retention{}))
	for i := range 8 {
		put(fact("k", "use|a", int64(10+i), fmt.Sprint(10+i), r))
	}
	if n := len(m.Set("k").Member("use|a").Seen); n != 5 {
		t.Errorf("a contested key keeps %d, want 5", n)
	}
}

func TestEvictionIsCounted(t *testing.T) {
	ctx := context.Background()
	m := state.NewMemory(2)
	for i := range 5 {
		if err := m.Put(ctx, []state.Fact{fact(fmt.Sprint("k", i), "use|a", 1, "1", state.Retention{})}); err != nil {
			t.Fatal(err)
		}
	}
	if m.Evicted() != 3 || m.Len() != 2 {
		t.Errorf("evicted %d, holds %d; want 3 and 2", m.Evicted(), m.Len())
	}
}

func TestHostileNames(t *testing.T) {
	long := strings.Repeat("x", 5000)
	a, b := state.NewMember("use", long+"a"), state.NewMember("use", long+"b")
	if a == b || len(a) > 600 || state.Class(a) != "use" {
		t.Errorf("long members: %d bytes, class %q, distinct %v", len(a), state.Class(a), a != b)
	}
	if parts := state.Parts(state.NewMember("use", "a|b", "c\x00d")); len(parts) != 2 {
		t.Errorf("separators in parts make %d parts: %q", len(parts), parts)
	}
	if key := state.NewKey("session", long); len(key) > 600 || key.Kind() != "session" {
		t.Errorf("long key: %d bytes of kind %q", len(key), key.Kind())
	}
}

// TestCutsAreBetweenCharacters: half a character would be stored as another.
func TestCutsAreBetweenCharacters(t *testing.T) {
	long := strings.Repeat("é", 300)
	if got := state.Short(long, 9); got != "éééé" {
		t.Errorf("cut to %q", got)
	}
	for name, text := range map[string]string{
		"key": string(state.NewKey("session", long)), "member": state.NewMember("us", long), "bounded": state.Bounded(long, 100),
	} {
		if !utf8.ValidString(text) {
			t.Errorf("%s is no UTF-8: %q", name, text)
		}
	}
	if a, b := state.Bounded(long+"a", 100), state.Bounded(long+"b", 100); a == b || len(a) > 100 || a != state.Bounded(long+"a", 100) {
		t.Errorf("%q and %q", a, b)
	}
	if got := state.Bounded("short", 100); got != "short" {
		t.Errorf("short text becomes %q", got)
	}
}

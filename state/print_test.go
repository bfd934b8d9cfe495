package state_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/state"
)

// call is an event of a session: what it states depends on where and what alone.
type call struct {
	session, where, what int
	at                   int64
	id                   string
	bounded              bool // the members of a class
}

func (c call) lock() string { return fmt.Sprint("s", c.session) }

func (c call) print() state.Print {
	base := state.Mix(state.Hash(c.lock()), uint64(c.where))
	return state.Print{Base: base, Event: state.Mix(base, state.Hash(fmt.Sprint(c.what))), Sessions: [2]uint64{state.Hash(c.lock()), state.Hash("principal")}}
}

func (c call) facts() (base, use, more []state.Fact) {
	key := "session/" + c.lock()
	members := 0
	if c.bounded {
		members = 2
	}
	base = []state.Fact{fact(fmt.Sprint("address/", c.where), "session|"+c.lock(), c.at, c.id, state.Retention{Members: members})}
	use = []state.Fact{fact(key, fmt.Sprint("use|", c.where), c.at, c.id, state.Retention{Keep: 3, Contested: 50, Members: members, Step: time.Hour})}
	if c.what > 0 {
		more = []state.Fact{fact(key, fmt.Sprint("reach|", c.what), c.at, c.id, state.Retention{Members: members})}
	}
	return base, use, more
}

// learn gives an event to facts, as a processor does, and says what was known of it.
func (c call) learn(ctx context.Context, f *state.Facts) (state.Knowledge, []state.Change, error) {
	p := c.print()
	known := f.Knows(&p, c.at)
	if known == state.AllKnown {
		return known, nil, nil
	}
	base, use, more := c.facts()
	if known&state.BaseKnown != 0 {
		base = nil
	}
	if known&state.UseKnown != 0 {
		use = nil
	}
	if known&state.MoreKnown != 0 {
		more = nil
	}
	s := state.Statement{Print: p, At: c.at, Known: known, Base: len(base), Use: len(use), More: len(more)}
	changes, err := f.Absorb(ctx, slices.Concat(base, use, more), s)
	return known, changes, err
}

// TestPrintsHideNothing: whatever Knows says of an event, the store holds what it holds
// without Prints, for one worker and any order, with writes that fail, and sessions that
// come to be disputed in between, or little room, or bounds. (Of a disputed session that is
// not in the cache, a worker learns only when it reads it. At a bound only the first
// observation of a member is exact.)
func TestPrintsHideNothing(t *testing.T) {
	ctx := context.Background()
	known := map[state.Knowledge]int{}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		want, store := state.NewMemory(1000), &unreliable{store: remote{state.NewMemory(1000)}, r: r}
		disputes, bounded := seed%3 == 0, seed%3 == 1
		facts := state.NewFacts(store, 100)
		if !disputes && !bounded {
			facts = state.NewFacts(store, 1+r.IntN(12))
			facts.Bound(1 << 14)
		}
		for n := range 300 {
			c := call{r.IntN(3), r.IntN(4), r.IntN(3), int64(100_000 + n*r.IntN(60)), fmt.Sprint("e", n), bounded}
			var also []state.Fact
			if disputes && r.IntN(100) == 0 {
				also = []state.Fact{fact("session/"+c.lock(), state.ContestedClass, c.at, c.id, state.Retention{})}
			}
			for {
				k, _, err := c.learn(ctx, facts)
				if err == nil {
					_, err = facts.Absorb(ctx, also)
				}
				if err == nil {
					known[k]++
					break
				}
			}
			base, use, more := c.facts()
			_ = want.Put(ctx, slices.Concat(base, use, more, also)) // memory never fails
		}
		for s := range 3 {
			compare(t, seed, want, store.store, state.Key(fmt.Sprint("session/s", s)), bounded)
		}
		for a := range 4 {
			compare(t, seed, want, store.store, state.Key(fmt.Sprint("address/", a)), bounded)
		}
	}
	for _, k := range []state.Knowledge{0, state.BaseKnown, state.UseKnown | state.BaseKnown, state.MoreKnown | state.BaseKnown, state.AllKnown} {
		if known[k] < 1000 {
			t.Errorf("Knows has said %d only %d times: the test says little", k, known[k])
		}
	}
}

func compare(t *testing.T, seed uint64, want *state.Memory, store state.Store, key state.Key, firsts bool) {
	t.Helper()
	sets, err := store.Get(context.Background(), []state.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	write := describe
	if firsts {
		write = first
	}
	if a, b := write(want.Set(key)), write(sets[key]); a != b {
		t.Fatalf("seed %d: %s should hold\n%sbut holds\n%s", seed, key, a, b)
	}
}

// first writes out the first observations.
func first(set *state.Set) string {
	var b strings.Builder
	for _, m := range set.Members() {
		fmt.Fprintf(&b, "%s %d/%s\n", m.Name, m.First().Time, m.First().EventID)
	}
	return b.String()
}

// unreliable is a store whose writes fail now and then, before or after they took effect.
type unreliable struct {
	store state.Store
	r     *rand.Rand
}

func (f *unreliable) Put(ctx context.Context, facts []state.Fact) error {
	switch f.r.IntN(10) {
	case 0:
		return errors.New("not written")
	case 1:
		_ = f.store.Put(ctx, facts) // memory never fails
		return errors.New("written, but not answered")
	}
	return f.store.Put(ctx, facts)
}

func (f *unreliable) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	return f.store.Get(ctx, keys)
}

// TestDisputeElsewhereEndsPrints: a session that another worker found to be disputed is
// kept in full by this one too, as soon as it reads so.
func TestDisputeElsewhereEndsPrints(t *testing.T) {
	ctx := context.Background()
	for name, capacity := range map[string]int{"in the cache": 100, "not in the cache": 2} {
		t.Run(name, func(t *testing.T) {
			store := remote{state.NewMemory(100)}
			mine, theirs := state.NewFacts(store, capacity), state.NewFacts(store, 100)
			c := call{at: 1_000_000, what: 1}
			for ; c.at < 1_000_010; c.at++ {
				c.id = fmt.Sprint(c.at)
				learn(t, c, mine)
			}
			if got := learn(t, c, mine); got != state.AllKnown {
				t.Fatalf("the session is not quiet: %d", got)
			}
			absorb(t, mine, fact("other/1", "use|a", 1, "e", state.Retention{}), fact("other/2", "use|a", 1, "e", state.Retention{}))
			absorb(t, theirs, fact("session/s0", state.ContestedClass, 1000, "1000", state.Retention{}))
			if got := learn(t, c, mine); got != state.AllKnown {
				t.Fatalf("nobody has told this worker, and it says %d", got)
			}
			if _, err := mine.Sets(ctx, []state.Key{"session/s0"}); err != nil {
				t.Fatal(err)
			}
			if got := learn(t, c, mine); got == state.AllKnown {
				t.Error("the disputed session is still quiet")
			}
		})
	}
}

func learn(t *testing.T, c call, f *state.Facts) state.Knowledge {
	t.Helper()
	known, _, err := c.learn(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// TestPrintsStayUnderTheirBound: Prints that come no more make room for others, and those
// in use stay.
func TestPrintsStayUnderTheirBound(t *testing.T) {
	const bound, used = 8 << 20, 1000
	facts := state.NewFacts(remote{state.NewMemory(1)}, 1)
	facts.Bound(bound)
	for n := range 1_000_000 {
		at := int64(10_000 + n/10)
		for _, session := range []int{n % used, used + n} {
			p := state.Print{Event: state.Mix(1, uint64(session)), Base: state.Mix(2, uint64(session))}
			if facts.Knows(&p, at) == state.AllKnown {
				continue
			}
			if _, err := facts.Absorb(context.Background(), nil, state.Statement{Print: p, At: at}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if facts.Bytes() > bound {
		t.Errorf("%d bytes, of at most %d", facts.Bytes(), bound)
	}
	known := 0
	for session := range used {
		p := state.Print{Event: state.Mix(1, uint64(session))}
		if facts.Knows(&p, 110_000) == state.AllKnown {
			known++
		}
	}
	if known < used*9/10 {
		t.Errorf("%d of %d Prints in use are known", known, used)
	}
}

// TestEvictedMemoryIsStatedAgain: what a store in memory has lost is not hidden by Prints.
func TestEvictedMemoryIsStatedAgain(t *testing.T) {
	facts := state.NewFacts(state.NewMemory(2), 0)
	c := call{at: 1_000_000}
	for ; c.at < 1_000_010; c.at++ {
		c.id = fmt.Sprint(c.at)
		learn(t, c, facts)
	}
	if got := learn(t, c, facts); got != state.AllKnown {
		t.Fatalf("the session is not quiet: %d", got)
	}
	absorb(t, facts, fact("other/1", "use|a", 1, "e", state.Retention{}), fact("other/2", "use|a", 1, "e", state.Retention{}))
	if got := learn(t, c, facts); got != 0 {
		t.Errorf("the session was evicted and is hidden: %d", got)
	}
}

// TestManySessionsCostNoMoreWrites: what little room there is for Sets, a session's facts
// are written once, a few of its uses are, and none of that is taken for new twice.
func TestManySessionsCostNoMoreWrites(t *testing.T) {
	ctx := context.Background()
	store := &failing{Store: remote{state.NewMemory(1 << 20)}}
	facts := state.NewFacts(store, 10)
	const sessions, uses = 1000, 20
	fresh := 0
	for n := range uses {
		for s := range sessions {
			c := call{session: s, where: s, what: 1, at: int64(1_000_800 + n), id: fmt.Sprint(n)}
			_, changes, err := c.learn(ctx, facts)
			if err != nil {
				t.Fatal(err)
			}
			for i := range changes {
				if changes[i].New {
					fresh++
				}
			}
		}
	}
	written := int(facts.Stats().Put.Load())
	if want := sessions * (1 + 3 + 1); written != want { // the address, three uses, the service
		t.Errorf("%d facts written, want %d", written, want)
	}
	if want := sessions * 3; fresh != want {
		t.Errorf("%d members taken for new, want %d", fresh, want)
	}
}

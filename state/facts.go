package state

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Facts is a Store with an LRU in front that knows which facts are already there,
// so that an event which tells nothing new costs no I/O. Nearly every event is
// such. Facts is safe for concurrent use.
//
// The LRU holds only what the Store has accepted. It may know less than the Store
// (another worker's facts, what was evicted): then a fact is put once more, which
// changes nothing. Judgements therefore never read it; they read the Store.
type Facts struct {
	store Store
	known *cache // nil when the Store is memory itself
	stats Stats
	reach reach
}

// Stats counts what Facts did, since its start.
type Stats struct {
	Seen    atomic.Int64 // facts given
	Put     atomic.Int64 // facts that were new and written
	Read    atomic.Int64 // keys read from the Store
	Evicted atomic.Int64 // keys dropped from the LRU for want of room
	// Returned are keys that came back after they were dropped: what was known of them
	// was written once more. Of drops long ago a return is not noticed.
	Returned atomic.Int64
}

// NewFacts puts an LRU of a capacity in keys before a store.
func NewFacts(store Store, capacity int) *Facts {
	f := &Facts{store: store}
	if _, ok := store.(*Memory); !ok {
		f.known = newCache(capacity, &f.stats)
	}
	return f
}

// Bound bounds the bytes that the LRU holds, besides its number of keys. It is to be
// called before use.
func (f *Facts) Bound(bytes int64) {
	if f.known != nil {
		f.known.limit = bytes
	}
}

// Bytes estimates what the LRU takes in memory, on the high side; 0 for a Store that
// is memory itself.
func (f *Facts) Bytes() int64 {
	if f.known == nil {
		return 0
	}
	return f.known.size()
}

// Stats gives the counters, which go on counting.
func (f *Facts) Stats() *Stats { return &f.stats }

// Known counts the keys in the LRU.
func (f *Facts) Known() int {
	if f.known == nil {
		return f.store.(*Memory).Len()
	}
	return f.known.len()
}

// Change is a fact that was new to this worker.
type Change struct {
	Fact
	New       bool // its member was not known before
	Contested bool // its key was known to be contested
}

// Absorb makes facts durable and returns those that were new to this worker, in
// order. After an error nothing is noted as known: the caller absorbs the same
// facts again.
func (f *Facts) Absorb(ctx context.Context, facts []Fact) ([]Change, error) {
	f.stats.Seen.Add(int64(len(facts)))
	changes, fresh, sets := f.news(facts)
	if len(fresh) == 0 {
		return nil, nil
	}
	err := f.store.Put(ctx, fresh)
	f.reach.note(ctx, err)
	if err != nil {
		return nil, fmt.Errorf("write %d facts: %w", len(fresh), err)
	}
	f.stats.Put.Add(int64(len(fresh)))
	if f.known != nil {
		for key, set := range sets {
			f.known.add(key, set)
		}
	}
	return changes, nil
}

// news finds what is new in the facts, each fact also told by those before it,
// what to write for it, and the Sets that come of it.
func (f *Facts) news(facts []Fact) (changes []Change, fresh []Fact, sets map[Key]*Set) {
	sets = map[Key]*Set{}
	for _, fact := range facts {
		set, ok := sets[fact.Key]
		if !ok {
			set = f.peek(fact.Key)
		}
		isNew := set.Member(fact.Member) == nil
		adds := set.Adds(fact)
		for _, a := range adds {
			set = set.Add(a)
		}
		if len(adds) > 0 {
			changes = append(changes, Change{Fact: fact, New: isNew, Contested: set.Contested()})
			fresh = append(fresh, adds...)
			sets[fact.Key] = set
		}
	}
	return changes, fresh, sets
}

func (f *Facts) peek(key Key) *Set {
	if f.known == nil {
		set, _ := f.store.(*Memory).sets.Get(key)
		return set
	}
	return f.known.get(key)
}

// View reads a Store in memory directly; nil for any other.
func (f *Facts) View() View {
	if memory, ok := f.store.(*Memory); ok {
		return memory
	}
	return nil
}

// Sets reads whole Sets from the Store, strongly consistent. The LRU takes over that
// a key is contested and what the Store has forgotten, never what other workers
// wrote: they may have died before they judged it, and then it must be new to us.
func (f *Facts) Sets(ctx context.Context, keys []Key) (map[Key]*Set, error) {
	f.stats.Read.Add(int64(len(keys)))
	sets, err := f.store.Get(ctx, keys)
	f.reach.note(ctx, err)
	if err != nil {
		return nil, fmt.Errorf("read %d keys: %w", len(keys), err)
	}
	if f.known != nil {
		for _, key := range keys {
			f.takeOver(key, sets[key])
		}
	}
	return sets, nil
}

// takeOver brings what is known of a key in line with what is stored. Facts written
// in the meantime may drop out of it: they are put once more.
func (f *Facts) takeOver(key Key, stored *Set) {
	known, ok := f.known.peek(key)
	switch {
	case !ok:
	case stored.Len() == 0:
		f.known.remove(key)
	default:
		if next := known.aligned(stored); next != known {
			f.known.add(key, next)
		}
	}
}

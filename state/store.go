package state

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Store holds facts for all workers.
type Store interface {
	// Put adds facts. It is idempotent and may have taken effect, in part or in
	// whole, when it returns an error: the caller puts the same facts again.
	Put(ctx context.Context, facts []Fact) error
	// Get reads whole Sets, strongly consistent: whatever any worker has Put before
	// the call is in them. Unknown keys are absent from the result.
	Get(ctx context.Context, keys []Key) (map[Key]*Set, error)
}

// Memory is a Store in this process's memory, for scan and for tests. It keeps
// the most recently used keys up to its capacity; what it evicts is lost, and
// counted.
type Memory struct {
	mu      sync.Mutex
	sets    *lru.Cache[Key, *Set]
	evicted atomic.Int64
}

// NewMemory makes a Memory of a capacity in keys, at least 1.
func NewMemory(capacity int) *Memory {
	m := &Memory{}
	m.sets, _ = lru.NewWithEvict(max(capacity, 1), func(Key, *Set) { m.evicted.Add(1) })
	return m
}

// Put adds facts; it never fails.
func (m *Memory) Put(_ context.Context, facts []Fact) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range facts {
		set, _ := m.sets.Get(f.Key)
		m.sets.Add(f.Key, set.Add(f))
	}
	return nil
}

// Get reads Sets; it never fails.
func (m *Memory) Get(_ context.Context, keys []Key) (map[Key]*Set, error) {
	out := make(map[Key]*Set, len(keys))
	for _, k := range keys {
		if set, ok := m.sets.Get(k); ok {
			out[k] = set
		}
	}
	return out, nil
}

// Evicted counts the keys that were dropped for want of room.
func (m *Memory) Evicted() int64 { return m.evicted.Load() }

// Set is the Set under a key; with it a Memory is a View.
func (m *Memory) Set(key Key) *Set {
	set, _ := m.sets.Peek(key)
	return set
}

// Find lists the keys of a kind whose Sets match, sorted. It looks at all of them.
func (m *Memory) Find(kind string, match func(*Set) bool) []Key {
	var out []Key
	for _, k := range m.sets.Keys() {
		if k.Kind() == kind && match(m.Set(k)) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// Count counts the keys of a kind. It looks at all of them.
func (m *Memory) Count(kind string) int {
	n := 0
	for _, k := range m.sets.Keys() {
		if k.Kind() == kind {
			n++
		}
	}
	return n
}

// Len counts the keys held.
func (m *Memory) Len() int { return m.sets.Len() }

package bench

import (
	"context"
	"sync/atomic"

	"github.com/straytoken/straytoken/state"
)

// Store is a store in memory that counts what is asked of it. It is none of package
// state's own, so that there is a cache before it, as before DynamoDB.
type Store struct {
	Written atomic.Int64 // facts put
	Read    atomic.Int64 // keys read
	memory  *state.Memory
}

// NewStore makes a Store that remembers the most recent keys up to a capacity.
func NewStore(capacity int) *Store { return &Store{memory: state.NewMemory(capacity)} }

// Put implements state.Store.
func (s *Store) Put(ctx context.Context, facts []state.Fact) error {
	s.Written.Add(int64(len(facts)))
	return s.memory.Put(ctx, facts)
}

// Get implements state.Store.
func (s *Store) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	s.Read.Add(int64(len(keys)))
	return s.memory.Get(ctx, keys)
}

package state

import (
	"hash/maphash"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache keeps the Sets that were used last, up to a number of keys and of bytes. It
// is safe for concurrent use.
type cache struct {
	stats *Stats
	seed  maphash.Seed

	mu    sync.Mutex // guards what follows
	sets  *simplelru.LRU[Key, *Set]
	bytes int64
	limit int64 // of bytes; 0: none
	// gone are hashes of keys that were dropped for want of room, the latest ones.
	gone *simplelru.LRU[uint64, struct{}]
}

// maxGone bounds the dropped keys of which a return is noticed.
const maxGone = 1 << 16

func newCache(capacity int, stats *Stats) *cache {
	c := &cache{stats: stats, seed: maphash.MakeSeed()}
	c.sets, _ = simplelru.NewLRU[Key, *Set](max(capacity, 1), c.dropped) // errors only for a size below 1
	c.gone, _ = simplelru.NewLRU[uint64, struct{}](maxGone, nil)
	return c
}

func (c *cache) hash(key Key) uint64 { return maphash.String(c.seed, string(key)) }

// dropped is called under mu for a key that leaves, for whatever reason.
func (c *cache) dropped(key Key, set *Set) { c.bytes -= weight(key, set) }

// get is the Set of a key, which counts as used; nil when it is not held.
func (c *cache) get(key Key) *Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	set, _ := c.sets.Get(key)
	return set
}

func (c *cache) peek(key Key) (*Set, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sets.Peek(key)
}

// add holds a Set in place of the one before, and drops others for it where there is
// no room.
func (c *cache) add(key Key, set *Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, held := c.sets.Peek(key)
	switch {
	case held:
		c.bytes -= weight(key, old)
	case c.gone.Remove(c.hash(key)):
		c.stats.Returned.Add(1)
	}
	c.bytes += weight(key, set)
	if oldest, _, ok := c.sets.GetOldest(); c.sets.Add(key, set) && ok {
		c.miss(oldest)
	}
	for c.limit > 0 && c.bytes > c.limit && c.sets.Len() > 1 {
		oldest, _, _ := c.sets.RemoveOldest()
		c.miss(oldest)
	}
}

// miss notes that a key was dropped for want of room.
func (c *cache) miss(key Key) {
	c.stats.Evicted.Add(1)
	c.gone.Add(c.hash(key), struct{}{})
}

func (c *cache) remove(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets.Remove(key)
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sets.Len()
}

func (c *cache) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// Estimates of what things take in memory, on the high side: with their share of maps,
// of size classes, and of texts that are in truth shared.
const (
	keyBytes         = 256
	memberBytes      = 320
	observationBytes = 224
)

func weight(key Key, set *Set) int64 { return keyBytes + 2*int64(len(key)) + set.Bytes() }

// Bytes is an estimate of what a Set takes in memory.
func (s *Set) Bytes() int64 {
	if s == nil {
		return 0
	}
	return s.bytes
}

func (m *Member) weigh() {
	m.bytes = memberBytes + int64(len(m.Name))
	for _, o := range m.Seen {
		m.bytes += o.weight()
	}
}

func (o *Observation) weight() int64 {
	return observationBytes + int64(len(o.EventID)+len(o.Source)+len(o.Name)+len(o.Agent)+len(o.Region)+len(o.AccessKey)+
		len(o.Address)+len(o.Endpoint)+len(o.Session)+len(o.Error)+len(o.Value))
}

// Bytes is an estimate of what a Fact takes in memory.
func (f *Fact) Bytes() int64 {
	return memberBytes + int64(len(f.Key)+len(f.Member)) + f.Observation.weight()
}

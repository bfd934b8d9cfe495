package state

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

// span is a time, between two instants that are not part of it, in seconds since 1970, in
// which an event adds nothing to what is known.
type span struct{ after, until int64 }

// always is the span of no fact at all.
var always = span{math.MinInt64, math.MaxInt64}

// holds tells whether the time is in the span.
func (s span) holds(at int64) bool { return s.after < at && at < s.until }

// and is the time in which neither adds anything.
func (s span) and(t span) span { return span{max(s.after, t.after), min(s.until, t.until)} }

// note is what is known of a Print, or of a part of one.
type note struct {
	id uint64
	// In the span between after and until its events add nothing. Or, with a count: of uses
	// so many were written, none of them later than after; of an event nothing but its use is
	// wanted after that.
	after, until int64
	count        int
}

// span is when events add nothing, an empty one where they may.
func (n note) span() span {
	if n.count > 0 {
		return span{}
	}
	return span{n.after, n.until}
}

// quiet remembers, 16 bytes each and without a pointer, which Prints add nothing, and
// when. It is a table of buckets: a Print has two, of four slots in a cache line, and lies
// in one of them. Where both are full and the table may not grow, the Print whose span
// ends first goes: a Print that is used has its span renewed, one that is not is lost soon.
// What is lost costs a look at the facts, nothing else.
//
// It is safe for concurrent use.
type quiet struct {
	segments [segments]segment
	limit    atomic.Int64 // of buckets a segment
	// turns counts, by part of the Hash of a lock, how often its sessions' spans ended at
	// once. It is part of what a Print is found by.
	turns []atomic.Uint32
}

const (
	segments = 256 // that grow and are locked by themselves
	turns    = 1 << 18
	inBucket = 4
	// unbounded is a limit that no memory reaches.
	unbounded = math.MaxInt64 / (segments * inBucket * slotBytes)
	slotBytes = 16
)

type segment struct {
	mu      sync.Mutex
	buckets []bucket
	held    int
}

type bucket [inBucket]slot

// slot is a note with times of 32 bits: enough until 2106. Where until is less than
// maxCount, no time of any event, it is the count. The zero slot is free.
type slot struct {
	print        uint64
	after, until uint32
}

const maxCount = 1 << 16

func newQuiet() *quiet {
	q := &quiet{turns: make([]atomic.Uint32, turns)}
	q.limit.Store(unbounded)
	return q
}

// bound bounds the table's bytes, which may already have been exceeded.
func (q *quiet) bound(bytes int64) { q.limit.Store(max(bytes/(segments*inBucket*slotBytes), 1)) }

// id is what a part of a Print is found by; 0 for none.
func (q *quiet) id(part uint64, sessions [2]uint64) uint64 {
	if part == 0 {
		return 0
	}
	for _, s := range sessions {
		part = Mix(part, uint64(q.turns[s%turns].Load()))
	}
	return max(Mix(part, 0), 1)
}

// turn ends the spans of all Prints of a lock.
func (q *quiet) turn(lock uint64) { q.turns[lock%turns].Add(1) }

// turned tells whether the spans of a lock may have ended: surely where they have, and
// sometimes because they did for another lock.
func (q *quiet) turned(lock uint64) bool { return q.turns[lock%turns].Load() > 0 }

// get is what is known of an id; the zero note where that is nothing.
func (q *quiet) get(id uint64) note {
	s := &q.segments[id%segments]
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(id)
	switch {
	case found == nil:
		return note{}
	case found.until < maxCount:
		return note{id: id, after: int64(found.after), count: int(found.until)}
	}
	return note{id: id, after: int64(found.after), until: int64(found.until)}
}

// put remembers a note, in place of what was known of its id.
func (q *quiet) put(n note) {
	next, ok := n.slot()
	if !ok {
		return
	}
	s := &q.segments[n.id%segments]
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.find(n.id); found != nil {
		*found = next
		return
	}
	for !s.insert(next) {
		if !s.grow(q.limit.Load()) {
			*s.soonest(n.id) = next
			return
		}
	}
	s.held++
}

// slot is the note as it is kept; false for what cannot be.
func (n note) slot() (slot, bool) {
	s := slot{print: n.id, after: uint32(min(max(n.after, 0), math.MaxUint32)), until: uint32(min(max(n.until, 0), math.MaxUint32))}
	if n.count > 0 {
		s.until = uint32(n.count)
		return s, n.id != 0 && n.count < maxCount
	}
	return s, n.id != 0 && s.until >= maxCount && s.after < s.until
}

func (q *quiet) len() (n int) {
	for i := range q.segments {
		s := &q.segments[i]
		s.mu.Lock()
		n += s.held
		s.mu.Unlock()
	}
	return n
}

// bytes is what the table takes in memory.
func (q *quiet) bytes() int64 {
	n := int64(len(q.turns)) * 4
	for i := range q.segments {
		s := &q.segments[i]
		s.mu.Lock()
		n += int64(len(s.buckets)) * inBucket * slotBytes
		s.mu.Unlock()
	}
	return n
}

// of gives the two buckets of an id. A part of a hash is spread over any number of
// buckets by multiplication (D. Lemire, "Fast random integer generation in an interval").
func (s *segment) of(id uint64) [2]*bucket {
	n := uint64(len(s.buckets))
	first, _ := bits.Mul64(id, n)
	second, _ := bits.Mul64(Mix(id, 1), n)
	return [2]*bucket{&s.buckets[first], &s.buckets[second]}
}

func (s *segment) find(id uint64) *slot {
	if len(s.buckets) == 0 {
		return nil
	}
	for _, b := range s.of(id) {
		for i := range b {
			if b[i].print == id {
				return &b[i]
			}
		}
	}
	return nil
}

// insert puts a slot into the emptier of its buckets; false when both are full.
func (s *segment) insert(next slot) bool {
	if len(s.buckets) == 0 {
		return false
	}
	of := s.of(next.print)
	free := [2]int{of[0].free(), of[1].free()}
	emptier := 0
	if free[1] > free[0] {
		emptier = 1
	}
	if free[emptier] == 0 {
		return false
	}
	for i := range of[emptier] {
		if of[emptier][i].print == 0 {
			of[emptier][i] = next
			return true
		}
	}
	return false
}

func (b *bucket) free() (n int) {
	for i := range b {
		if b[i].print == 0 {
			n++
		}
	}
	return n
}

// soonest is the slot of an id's buckets whose span ends first.
func (s *segment) soonest(id uint64) *slot {
	of := s.of(id)
	soonest := &of[0][0]
	for _, b := range of {
		for i := range b {
			if b[i].until < soonest.until {
				soonest = &b[i]
			}
		}
	}
	return soonest
}

// grow makes the segment a fifth larger, up to a limit in buckets, and tells whether it did.
func (s *segment) grow(limit int64) bool {
	size := min(int64(len(s.buckets))*6/5+4, limit)
	if size <= int64(len(s.buckets)) {
		return false
	}
	old := s.buckets
	s.buckets = make([]bucket, size)
	s.held = 0
	for i := range old {
		for _, entry := range old[i] {
			if entry.print == 0 {
				continue
			}
			if s.insert(entry) {
				s.held++
			} else {
				*s.soonest(entry.print) = entry
			}
		}
	}
	return true
}

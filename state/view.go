package state

// View gives the Sets that a judgement reads. A View answers at once and never
// fails: one that does not hold a Set yet notes that it was asked for it, so that
// the judgement can be repeated when it does.
type View interface {
	Set(Key) *Set
}

// Snapshot is a View over Sets already read. Its zero value holds none. It is
// for one goroutine.
type Snapshot struct {
	sets   map[Key]*Set
	wanted []Key
}

// Set gives a Set that was filled in; for any other it gives nil and notes the key.
func (s *Snapshot) Set(key Key) *Set {
	set, ok := s.sets[key]
	if !ok {
		s.Fill(map[Key]*Set{key: nil})
		s.wanted = append(s.wanted, key)
	}
	return set
}

// Fill adds Sets; a nil Set says that there is nothing under the key.
func (s *Snapshot) Fill(sets map[Key]*Set) {
	if s.sets == nil {
		s.sets = make(map[Key]*Set, len(sets))
	}
	for key, set := range sets {
		s.sets[key] = set
	}
}

// Wanted takes the keys that were asked for and not held, since it was last
// called: they read as empty, and whatever was concluded from that does not hold.
func (s *Snapshot) Wanted() []Key {
	wanted := s.wanted
	s.wanted = nil
	return wanted
}

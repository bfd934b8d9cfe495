package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Set is all that is remembered under one key: the union of its facts. A Set is
// immutable: Add returns another. A nil Set is empty.
type Set struct {
	members map[string]*Member
	bytes   int64 // of the members
}

// Member is what is remembered of one member of a Set.
type Member struct {
	Name string
	// Seen are the earliest observations, in the order of Compare; only the first
	// has its user agent.
	Seen []*Observation
	// Last is the start of the step of the newest observation, in seconds since 1970;
	// 0 where no Step is kept.
	Last int64

	Retention
	bytes int64
}

// First is the earliest observation; an empty one when none is known.
func (m *Member) First() *Observation {
	if m == nil || len(m.Seen) == 0 {
		return &Observation{}
	}
	return m.Seen[0]
}

// Latest is the newest time that is known of the member: exact while its
// observations are kept, else the start of a step.
func (m *Member) Latest() int64 {
	if m == nil {
		return 0
	}
	last := m.Last
	if n := len(m.Seen); n > 0 {
		last = max(last, m.Seen[n-1].Time)
	}
	return last
}

// Member finds a member by its full name; nil when it was never seen.
func (s *Set) Member(name string) *Member {
	if s == nil {
		return nil
	}
	return s.members[name]
}

// Class lists the members of a class, earliest first.
func (s *Set) Class(class string) []*Member {
	if s == nil {
		return nil
	}
	var out []*Member
	for name, m := range s.members {
		if Class(name) == class {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, compareMembers)
	return out
}

// Members lists all members by name.
func (s *Set) Members() []*Member {
	if s == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(s.members), func(a, b *Member) int { return strings.Compare(a.Name, b.Name) })
}

// Len counts the members.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.members)
}

func compareMembers(a, b *Member) int {
	return cmp.Or(a.First().Compare(b.First()), strings.Compare(a.Name, b.Name))
}

// Contested tells whether the key's facts are kept in full.
func (s *Set) Contested() bool { return s.Member(ContestedClass) != nil }

// Adds reduces a fact to what the set does not know yet: nothing when it knows all
// of it. Where only the member's Last moves, that is a fact without an event, and
// the member's first observation again, so that a store forgets it no sooner.
func (s *Set) Adds(f *Fact) []Fact {
	m := s.Member(f.Member)
	switch {
	case m == nil && !s.hasRoom(f):
		return nil
	case m == nil || m.wants(&f.Observation, f.keep(s.Contested())):
		return []Fact{*f}
	case f.Step > 0 && f.floor(f.Time) > m.Last:
		return m.moved(*f)
	}
	return nil
}

// quiet is the span in which nothing is added by facts that differ from f, which adds
// nothing, in their observation alone; an empty one where more observations are wanted.
func (s *Set) quiet(f *Fact) span {
	m := s.Member(f.Member)
	t := span{after: f.Time, until: f.Time + longest}
	keep := f.keep(s.Contested())
	switch {
	case m == nil && keep == 1 && f.Step == 0:
		return t // the class has no room for what is later still
	case m == nil || len(m.Seen) < keep:
		return span{}
	}
	t.after = m.Seen[keep-1].Time
	if f.Step > 0 {
		t.until = min(t.until, m.Last+int64(f.Step/time.Second))
	}
	return t
}

func (m *Member) moved(f Fact) []Fact {
	last, first := f, f
	last.Observation = Observation{Time: f.floor(f.Time)}
	first.Observation = *m.First()
	return []Fact{first, last}
}

// hasRoom tells whether a new member is among the earliest of its class that the
// key keeps.
func (s *Set) hasRoom(f *Fact) bool {
	if f.Members <= 0 || s == nil {
		return true
	}
	siblings := s.Class(Class(f.Member))
	if len(siblings) < f.Members {
		return true
	}
	return f.Observation.Compare(siblings[len(siblings)-1].First()) < 0
}

// wants tells whether an observation is among the earliest keep, and new.
func (m *Member) wants(o *Observation, keep int) bool {
	at, found := slices.BinarySearchFunc(m.Seen, o, (*Observation).Compare)
	return !found && at < keep
}

// Add returns the set with a fact in it. The receiver is unchanged. What only moves the
// Last of a member that the set has no room for adds nothing: without an observation it
// would pass for the earliest of all.
func (s *Set) Add(f Fact) *Set {
	if f.EventID == "" && s.Member(f.Member) == nil {
		return s
	}
	next := &Set{members: make(map[string]*Member, s.Len()+1)}
	if s != nil {
		maps.Copy(next.members, s.members)
	}
	next.bytes = s.Bytes()
	next.put(next.members[f.Member].with(f, s.Contested() || f.Member == ContestedClass))
	next.prune(f.Member, f.Members)
	return next
}

// put takes a member in, in place of the one of its name.
func (s *Set) put(m *Member) {
	s.drop(m.Name)
	m.weigh()
	s.members[m.Name] = m
	s.bytes += m.bytes
}

// alone returns a copy that holds on to nothing that was read with the member.
func (m *Member) alone() *Member {
	next := *m
	next.Seen = make([]*Observation, len(m.Seen))
	for i, o := range m.Seen {
		seen := *o
		next.Seen[i] = &seen
	}
	return &next
}

func (s *Set) drop(name string) {
	if m := s.members[name]; m != nil {
		s.bytes -= m.bytes
		delete(s.members, name)
	}
}

// aligned returns the set with the contested mark of another and without the
// members that the other has room for and yet does not hold; the receiver itself
// where there is no difference.
func (s *Set) aligned(stored *Set) *Set {
	next := &Set{members: maps.Clone(s.members), bytes: s.bytes}
	if mark := stored.Member(ContestedClass); mark != nil && !s.Contested() {
		next.members[ContestedClass] = mark.alone()
		next.bytes += mark.bytes
	}
	for name, m := range s.members {
		if stored.Member(name) == nil && stored.hasRoom(&Fact{Member: name, Observation: *m.First(), Retention: m.Retention}) {
			next.drop(name)
		}
	}
	if len(next.members) == len(s.members) && next.Contested() == s.Contested() {
		return s
	}
	return next
}

// prune holds a class of members to its bound, dropping the latest.
func (s *Set) prune(member string, limit int) {
	if limit <= 0 || len(s.members) <= limit {
		return
	}
	siblings := s.Class(Class(member))
	for _, m := range siblings[min(limit, len(siblings)):] {
		s.drop(m.Name)
	}
}

// with returns the member with a fact in it; the receiver, which may be nil, is
// unchanged.
func (m *Member) with(f Fact, contested bool) *Member {
	next := &Member{Name: f.Member, Retention: f.Retention, Last: f.floor(f.Time)}
	if m != nil {
		next.Seen, next.Last = m.Seen, max(m.Last, next.Last)
		next.Keep, next.Contested = max(m.Keep, f.Keep), max(m.Retention.Contested, f.Retention.Contested)
	}
	if f.EventID != "" {
		seen := f.Observation // alone: a pointer into f would hold on to all of it
		next.Seen = insert(next.Seen, &seen, next.keep(contested))
	}
	return next
}

// insert returns seen with an observation at its place among the earliest keep.
func insert(seen []*Observation, o *Observation, keep int) []*Observation {
	at, found := slices.BinarySearchFunc(seen, o, (*Observation).Compare)
	if found || at >= keep {
		return seen
	}
	out := make([]*Observation, 0, len(seen)+1)
	out = append(out, seen[:at]...)
	out = append(out, o)
	out = append(out, seen[at:]...)
	if at > 0 {
		out[at] = o.brief()
	} else if len(out) > 1 {
		out[1] = out[1].brief()
	}
	return out[:min(len(out), keep)]
}

// union is the Set of facts, given in any order.
func union(facts []Fact) *Set {
	if len(facts) == 0 {
		return nil
	}
	set := &Set{members: map[string]*Member{}}
	for i := range facts {
		set.collect(&facts[i])
	}
	limits := map[string]int{}
	maps.DeleteFunc(set.members, func(_ string, m *Member) bool { return len(m.Seen) == 0 })
	for _, m := range set.members {
		m.trim(m.keep(set.Contested()))
		m.weigh()
		set.bytes += m.bytes
		limits[Class(m.Name)] = m.Members
	}
	for class, limit := range limits {
		set.prune(class, limit)
	}
	return set
}

// collect notes a fact in a Set that nobody else has yet, unsorted and unbounded.
func (s *Set) collect(f *Fact) {
	m := s.members[f.Member]
	if m == nil {
		m = &Member{Name: f.Member, Retention: f.Retention}
		s.members[f.Member] = m
	}
	m.Keep, m.Retention.Contested = max(m.Keep, f.Keep), max(m.Retention.Contested, f.Retention.Contested)
	m.Last = max(m.Last, f.floor(f.Time))
	if f.EventID != "" {
		m.Seen = append(m.Seen, &f.Observation)
	}
}

// trim brings collected observations into the form of Seen.
func (m *Member) trim(keep int) {
	slices.SortStableFunc(m.Seen, (*Observation).Compare)
	m.Seen = slices.CompactFunc(m.Seen, func(a, b *Observation) bool { return a.Compare(b) == 0 })
	m.Seen = slices.Clip(m.Seen[:min(len(m.Seen), keep)])
	for i := 1; i < len(m.Seen); i++ {
		m.Seen[i] = m.Seen[i].brief()
	}
}

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
	classes []class // that have a member, in no order
	bytes   int64   // of the members
}

// class is the members of one class, the earliest first. It is shared by Sets and never
// changed.
type class struct {
	name    string
	members []*Member
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

// seen is Seen, also of no member.
func (m *Member) seen() []*Observation {
	if m == nil {
		return nil
	}
	return m.Seen
}

// last is the time of the latest observation that is kept.
func (m *Member) last() int64 {
	if seen := m.seen(); len(seen) > 0 {
		return seen[len(seen)-1].Time
	}
	return 0
}

// Member finds a member by its full name; nil when it was never seen.
func (s *Set) Member(name string) *Member {
	for _, m := range s.Class(Class(name)) {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Class lists the members of a class, earliest first. The list must not be changed.
func (s *Set) Class(class string) []*Member {
	if s == nil {
		return nil
	}
	for i := range s.classes {
		if s.classes[i].name == class {
			return s.classes[i].members
		}
	}
	return nil
}

// Members lists all members by name.
func (s *Set) Members() []*Member {
	if s == nil {
		return nil
	}
	var all []*Member
	for i := range s.classes {
		all = append(all, s.classes[i].members...)
	}
	slices.SortFunc(all, func(a, b *Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Len counts the members.
func (s *Set) Len() (n int) {
	if s == nil {
		return 0
	}
	for i := range s.classes {
		n += len(s.classes[i].members)
	}
	return n
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
	m := s.Member(f.Member)
	if f.EventID == "" && m == nil {
		return s
	}
	next := &Set{bytes: s.Bytes()}
	if s != nil {
		next.classes = slices.Clone(s.classes)
	}
	changed := m.with(f, s.Contested() || f.Member == ContestedClass)
	changed.weigh()
	next.replace(m, changed, f.Members)
	return next
}

// replace puts a member in place of another one, which may be nil, in the order of its
// class, and drops the latest of the class beyond a limit. The Set must be nobody else's.
func (s *Set) replace(old, member *Member, limit int) {
	name := Class(member.Name)
	i := slices.IndexFunc(s.classes, func(c class) bool { return c.name == name })
	if i < 0 {
		i = len(s.classes)
		s.classes = append(s.classes, class{name: strings.Clone(name)})
	}
	former := s.classes[i].members
	members := make([]*Member, 0, len(former)+1)
	for _, m := range former {
		if m != old {
			members = append(members, m)
		} else {
			s.bytes -= old.bytes
		}
	}
	at, _ := slices.BinarySearchFunc(members, member, compareMembers)
	members = slices.Insert(members, at, member)
	s.bytes += member.bytes
	s.classes[i].members = s.prune(members, limit)
}

// prune drops the latest members beyond a limit.
func (s *Set) prune(members []*Member, limit int) []*Member {
	if limit <= 0 || len(members) <= limit {
		return members
	}
	for _, m := range members[limit:] {
		s.bytes -= m.bytes
	}
	clear(members[limit:])
	return members[:limit:limit]
}

// alone returns a copy that holds on to nothing that was read with the member.
func (m *Member) alone() *Member {
	next := *m
	next.Name = strings.Clone(m.Name)
	next.Seen = make([]*Observation, len(m.Seen))
	for i, o := range m.Seen {
		seen := *o
		next.Seen[i] = &seen
	}
	return &next
}

// aligned returns the set with the contested mark of another and without the
// members that the other has room for and yet does not hold; the receiver itself
// where there is no difference.
func (s *Set) aligned(stored *Set) *Set {
	next, same := &Set{}, true
	for i := range s.classes {
		c := &s.classes[i]
		kept := make([]*Member, 0, len(c.members))
		for _, m := range c.members {
			if stored.Member(m.Name) == nil && stored.hasRoom(&Fact{Member: m.Name, Observation: *m.First(), Retention: m.Retention}) {
				same = false
				continue
			}
			kept = append(kept, m)
			next.bytes += m.bytes
		}
		if len(kept) > 0 {
			next.classes = append(next.classes, class{c.name, kept})
		}
	}
	if mark := stored.Member(ContestedClass); mark != nil && !s.Contested() {
		next.replace(nil, mark.alone(), 0)
		same = false
	}
	if same {
		return s
	}
	return next
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
	members := map[string]*Member{}
	for i := range facts {
		collect(members, &facts[i])
	}
	maps.DeleteFunc(members, func(_ string, m *Member) bool { return len(m.Seen) == 0 })
	if len(members) == 0 {
		return nil
	}
	set := &Set{}
	contested := members[ContestedClass] != nil
	for _, m := range members {
		m.trim(m.keep(contested))
		m.weigh()
		set.bytes += m.bytes
		set.file(m)
	}
	for i := range set.classes {
		c := &set.classes[i]
		slices.SortFunc(c.members, compareMembers)
		limit := 0
		for _, m := range c.members {
			limit = max(limit, m.Members)
		}
		c.members = set.prune(c.members, limit)
	}
	return set
}

// file puts a member behind the others of its class.
func (s *Set) file(m *Member) {
	name := Class(m.Name)
	i := slices.IndexFunc(s.classes, func(c class) bool { return c.name == name })
	if i < 0 {
		i = len(s.classes)
		s.classes = append(s.classes, class{name: name})
	}
	s.classes[i].members = append(s.classes[i].members, m)
}

// collect notes a fact, unsorted and unbounded.
func collect(members map[string]*Member, f *Fact) {
	m := members[f.Member]
	if m == nil {
		m = &Member{Name: f.Member, Retention: f.Retention}
		members[f.Member] = m
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

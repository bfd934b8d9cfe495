package state

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Facts is a Store with two memories in front that know what is already there, so that
// an event which tells nothing new costs no I/O. Nearly every event is such. Facts is safe
// for concurrent use.
//
// One is a table of Prints, small enough for millions of sessions, that says which events
// add nothing, and when: of those not even the facts are made. The other is an LRU of
// Sets, for the sessions of which something new comes.
//
// Both hold only what the Store has accepted. They may know less than the Store
// (another worker's facts, what was evicted): then a fact is put once more, which
// changes nothing. Judgements therefore never read them; they read the Store.
type Facts struct {
	store Store
	known *cache // nil when the Store is memory itself
	quiet *quiet
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
	f := &Facts{store: store, quiet: newQuiet()}
	if _, ok := store.(*Memory); !ok {
		f.known = newCache(capacity, &f.stats)
	}
	return f
}

// Bound bounds the bytes that is held in memory before the Store, besides the LRU's number
// of keys: half for the LRU, half for the Prints. It is to be called before use.
func (f *Facts) Bound(bytes int64) {
	if f.known != nil {
		f.known.limit = bytes / 2
	}
	f.quiet.bound(bytes / 2)
}

// Bytes estimates what is held in memory before the Store, on the high side.
func (f *Facts) Bytes() int64 {
	if f.known == nil {
		return f.quiet.bytes()
	}
	return f.known.size() + f.quiet.bytes()
}

// Prints counts those that are known to add nothing.
func (f *Facts) Prints() int { return f.quiet.len() }

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

// Knowledge is what is known of an event before its facts are made.
type Knowledge uint8

// What adds nothing, of the facts of an event.
const (
	BaseKnown Knowledge = 1 << iota // what the event has in common with others
	UseKnown                        // that it is another use from its place
	MoreKnown                       // what else it states
	AllKnown  = BaseKnown | UseKnown | MoreKnown
)

// Knows tells, without I/O, what of an event of a Print at a time, in seconds since 1970,
// adds nothing. It answers for facts that the Store has accepted.
func (f *Facts) Knows(p *Print, at int64) Knowledge {
	if memory, ok := f.store.(*Memory); ok && memory.Evicted() > 0 {
		return 0 // what was evicted is lost, and has to be stated once more
	}
	event := f.noted(p.Event, p)
	if event.span().holds(at) {
		return AllKnown
	}
	var known Knowledge
	if f.noted(p.Base, p).span().holds(at) {
		known |= BaseKnown
	}
	if f.noted(p.use(), p).span().holds(at) {
		known |= UseKnown
	}
	if event.count > 0 && (span{event.after, event.after + longest}).holds(at) {
		known |= MoreKnown
	}
	return known
}

// Louder tells whether a session of a Print may have come to be disputed since Facts was
// made: always if it has.
func (f *Facts) Louder(p *Print) bool {
	return f.quiet.turned(p.Sessions[0]) || f.quiet.turned(p.Sessions[1])
}

func (f *Facts) noted(part uint64, p *Print) note {
	if part == 0 {
		return note{}
	}
	return f.quiet.get(f.quiet.id(part, p.Sessions))
}

// Statement says which of the facts given are those of one event: first those that its
// Print.Base names, then at most one that it is used from where it is, then the others.
// What is known is not given.
type Statement struct {
	Print           Print
	At              int64 // time of the event, seconds since 1970
	Known           Knowledge
	Base, Use, More int // how many facts there are
}

// Absorb makes facts durable and returns those that were new to this worker, in
// order. After an error nothing is noted as known: the caller absorbs the same
// facts again. Statements, one after the other, say which events the facts come from.
func (f *Facts) Absorb(ctx context.Context, facts []Fact, by ...Statement) ([]Change, error) {
	if len(facts)+len(by) == 0 {
		return nil, nil
	}
	f.stats.Seen.Add(int64(len(facts)))
	n := news{facts: f, sets: map[Key]*Set{}}
	for i := range by {
		facts = n.statement(&by[i], facts)
	}
	n.add(facts)
	if len(n.fresh) > 0 {
		err := f.store.Put(ctx, n.fresh)
		f.reach.note(ctx, err)
		if err != nil {
			return nil, fmt.Errorf("write %d facts: %w", len(n.fresh), err)
		}
		f.stats.Put.Add(int64(len(n.fresh)))
	}
	f.remember(&n)
	return n.changes, nil
}

// remember takes over what the Store has accepted.
func (f *Facts) remember(n *news) {
	for key, set := range n.sets {
		if f.known != nil {
			f.known.add(key, set)
		}
	}
	for i := range n.changes {
		if c := &n.changes[i]; c.New && c.Member == ContestedClass {
			f.louder(c.Key)
		}
	}
	for _, t := range n.notes {
		f.quiet.put(t)
	}
}

// louder ends what the Prints of a session say: more of its events is worth remembering.
func (f *Facts) louder(key Key) {
	if lock, ok := strings.CutPrefix(string(key), sessionKind+"/"); ok {
		f.quiet.turn(Hash(lock))
	}
}

// sessionKind is the kind of keys of sessions; behind it stands their lock.
const sessionKind = "session"

// news finds what is new in facts, each told also by those before it.
type news struct {
	facts   *Facts
	changes []Change
	fresh   []Fact       // what is to be written
	sets    map[Key]*Set // what comes of it
	notes   []note
}

// longest bounds a span: so long after it was found the facts are looked at once more.
const longest = 6 * 3600

// statement adds the facts of one event, and gives the others. It notes when events of its
// Print add nothing, from when the Store has accepted these. What the Print is found by is
// made before the Sets are looked at: if the session's facts are to be kept in full from
// now on, either these Sets say so or nobody finds what is noted.
func (n *news) statement(s *Statement, facts []Fact) []Fact {
	q := n.facts.quiet
	base, use, all := q.id(s.Print.Base, s.Print.Sessions), q.id(s.Print.use(), s.Print.Sessions), q.id(s.Print.Event, s.Print.Sessions)
	ofBase, ofUse := n.facts.noted(s.Print.Base, &s.Print).span(), always
	if s.Known&BaseKnown == 0 {
		ofBase = span{until: s.At + longest}.and(n.add(facts[:s.Base]))
		n.note(base, note{after: ofBase.after, until: ofBase.until})
	}
	facts = facts[s.Base:]
	switch {
	case s.Known&UseKnown != 0:
		ofUse = n.facts.noted(s.Print.use(), &s.Print).span()
	case s.Use > 0:
		ofUse = n.use(&facts[0], use)
	}
	facts = facts[s.Use:]
	var ofMore span
	if s.Known&MoreKnown != 0 {
		ofMore = span{n.facts.noted(s.Print.Event, &s.Print).after, s.At + longest}
	} else {
		ofMore = n.add(facts[:s.More])
	}
	n.event(all, ofBase.and(ofUse), ofMore)
	return facts[s.More:]
}

// event notes when an event adds nothing, or, while more of its uses are wanted, from when
// on nothing else of it does.
func (n *news) event(id uint64, others, more span) {
	whole := others.and(more)
	if whole.after < whole.until {
		n.note(id, note{after: whole.after, until: whole.until})
	} else if more.after < more.until && more != always {
		n.note(id, note{after: more.after, count: 1})
	}
}

// use adds a use. How many are kept of its place is counted, so that it is known when they
// are enough also for a session that is not in the LRU.
func (n *news) use(fact *Fact, id uint64) span {
	before := n.counted(id)
	if before.until > 0 { // they were enough, until a step ended
		before.count = fact.keep(false)
	}
	t := n.one(fact, before.count > 0)
	set := n.set(fact.Key)
	if set.Contested() {
		return t
	}
	if t.after >= t.until {
		seen := set.Member(fact.Member)
		now := note{count: max(before.count+1, len(seen.seen())), after: max(before.after, fact.Time, seen.last())}
		if now.count < fact.keep(false) {
			n.note(id, now)
			return t
		}
		t = span{now.after, fact.Time + longest}
		if fact.Step > 0 {
			t.until = min(t.until, fact.floor(fact.Time)+int64(fact.Step/time.Second))
		}
	}
	n.note(id, note{after: t.after, until: t.until})
	return t
}

// counted is what is known of an id, also by those facts.
func (n *news) counted(id uint64) note {
	for i := len(n.notes) - 1; i >= 0; i-- {
		if n.notes[i].id == id {
			return n.notes[i]
		}
	}
	return n.facts.quiet.get(id)
}

func (n *news) note(id uint64, t note) {
	if id != 0 && (t.count > 0 || t.after < t.until) {
		t.id = id
		n.notes = append(n.notes, t)
	}
}

// add adds facts. It gives the span in which their like adds nothing.
func (n *news) add(facts []Fact) span {
	all := always
	for i := range facts {
		all = all.and(n.one(&facts[i], false))
	}
	return all
}

func (n *news) set(key Key) *Set {
	if set, ok := n.sets[key]; ok {
		return set
	}
	return n.facts.peek(key)
}

// one adds a fact, of a member that may be met before although the Sets do not tell.
func (n *news) one(fact *Fact, met bool) span {
	set := n.set(fact.Key)
	if adds := set.Adds(fact); len(adds) > 0 {
		isNew := !met && set.Member(fact.Member) == nil
		for i := range adds {
			set = set.Add(adds[i])
		}
		n.changes = append(n.changes, Change{Fact: *fact, New: isNew, Contested: set.Contested()})
		n.fresh = append(n.fresh, adds...)
		n.sets[fact.Key] = set
	}
	return set.quiet(fact)
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
	case !ok && !stored.Contested():
		return
	case !ok:
	case stored.Len() == 0:
		f.known.remove(key)
	default:
		next := known.aligned(stored)
		if next == known {
			return
		}
		f.known.add(key, next)
	}
	f.louder(key)
}

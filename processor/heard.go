package processor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// Classes of members under a finding's key. All name a line by its sequence, what it
// says, and whose it is; the value is the rest of it.
//
// A line that was delivered by a process which then died, or was told that it failed,
// may be the last that was heard, and no longer be true. So it is remembered before it
// is sent, and until somebody has read the session again after it: until then, whoever
// comes to another conclusion contradicts it.
const (
	classSaying = "saying" // written before the line is sent
	classSent   = "sent"   // written after
	classHeard  = "heard"  // written when nothing came of reading again, or another line followed
)

func (p *Processor) lineFact(class string, v *rules.Verdict, s sent) state.Fact {
	value, err := json.Marshal(s)
	if err != nil { // a struct of strings and numbers always marshals
		panic(err)
	}
	return state.Fact{
		Key: findingKey(findingID(v)), Member: state.NewMember(class, s.name()...),
		Observation: state.Observation{Time: p.cfg.Now().Unix(), EventID: s.Whole, Value: string(value)},
		Retention:   state.Retention{Life: findingLife},
	}
}

func (s *sent) name() []string { return []string{strconv.Itoa(s.Sequence), s.Whole, s.By} }

// lastSent is the last line that was certainly said; nil when none was.
func lastSent(set *state.Set) *sent {
	var last *sent
	for _, m := range set.Class(classSent) {
		var s sent
		if json.Unmarshal([]byte(m.First().Value), &s) == nil && (last == nil || s.Sequence > last.Sequence) {
			last = &s
		}
	}
	return last
}

// unheard are the lines that may have been said, or be said yet, after which nobody
// has read the session again; the earliest first.
func unheard(set *state.Set) []sent {
	var out []sent
	for _, m := range set.Class(classSaying) {
		var s sent
		if set.Member(state.NewMember(classHeard, state.Parts(m.Name)...)) == nil && json.Unmarshal([]byte(m.First().Value), &s) == nil {
			s.at = m.First().Time
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b sent) int { return a.Sequence - b.Sequence })
	return out
}

// latest is the last line that was said, or may have been.
func latest(last *sent, unheard []sent) *sent {
	if n := len(unheard); n > 0 && (last == nil || unheard[n-1].Sequence > last.Sequence) {
		return &unheard[n-1]
	}
	return last
}

// number gives a line the sequence after all others, or that of the same line, if this
// process tried to say it before.
func (p *Processor) number(now, last *sent, unheard []sent) {
	said, unsaid := 0, 0
	if last != nil {
		said, unsaid = last.Sequence, last.Unsaid
	}
	now.Sequence = said + 1
	for _, s := range unheard {
		switch {
		case s.Sequence < now.Sequence:
		case s.By == p.cfg.Name && s.Whole == now.Whole:
			now.Sequence = s.Sequence
		default:
			now.Sequence = s.Sequence + 1
		}
	}
	now.Unsaid = unsaid + now.Sequence - said - 1
}

// doubts are the unheard lines that say something else than now is to be said. Each is
// contradicted once in a settlement, for whose it is may be about to say it; and in the
// next one again, for by then he may have said it and died.
func (p *Processor) doubts(v *rules.Verdict, unheard []sent, now *sent, known []string, done settlement) []sent {
	return slices.DeleteFunc(slices.Clone(unheard), func(s sent) bool {
		return !p.differs(&s, now, false) || s.forgotten(now, known) || done.answered[lineName(v, &s)]
	})
}

func lineName(v *rules.Verdict, s *sent) string { return state.NewMember(findingID(v), s.name()...) }

// behind are the unheard lines that cannot be heard after one that is said now: this
// process's own, and those so old that by now they were said or never will be.
func (p *Processor) behind(unheard []sent, now *sent) []sent {
	before := p.cfg.Now().Add(-p.cfg.Lateness).Unix()
	return slices.DeleteFunc(slices.Clone(unheard), func(s sent) bool {
		return slices.Equal(s.name(), now.name()) || s.By != p.cfg.Name && s.at > before
	})
}

// confirm notes of the findings that were read again, and of which there is nothing
// more to say, that the line before was heard as it should be.
func (p *Processor) confirm(ctx context.Context, read []*rules.Verdict, lines []line, done settlement) error {
	var facts []state.Fact
	for _, v := range read {
		id := findingID(v)
		s, ok := done.said[id]
		if !ok || slices.ContainsFunc(lines, func(l line) bool { return findingID(l.verdict) == id }) {
			continue
		}
		facts = append(facts, p.lineFact(classHeard, v, s))
		delete(done.said, id)
	}
	if _, err := p.cfg.Facts.Absorb(ctx, facts); err != nil {
		return fmt.Errorf("remember what was heard: %w", err)
	}
	return nil
}

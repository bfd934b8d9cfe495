package processor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
)

// findingLife is how long it is remembered what was last said of a finding.
const findingLife = 90 * 24 * time.Hour

// Classes of members under a finding's key. Both name the sequence and the whole of a
// line, of which the value is the rest.
const (
	classSaying = "saying" // written before the line is sent
	classSent   = "sent"   // written after
	classHeard  = "heard"  // written when the session was read again after that
)

// sent is what was last said of a finding.
type sent struct {
	Sequence int `json:"n"`
	// Unsaid is how many of the sequence were only remembered: what is suppressed.
	Unsaid   int              `json:"unsaid,omitempty"`
	Status   finding.Status   `json:"status"`
	Severity finding.Severity `json:"severity"`
	// Phase is the finding's; that of a close is the phase of the line before it, so
	// that who hears only of what is settled hears of its end, and of no other.
	Phase finding.Phase `json:"phase"`
	// Places are those called an intruder's, host and endpoint, and not yet cleared.
	Places []string `json:"places,omitempty"`
	// Digest is what makes a finding worth repeating when it changes, Whole all that
	// it says.
	Digest string `json:"digest"`
	Whole  string `json:"whole"`

	At int64 `json:"-"` // when it was to be said, of what is not known to be
}

// provisional tells whether something is left to be said for certain.
func (s *sent) provisional() bool {
	return s != nil && s.Status == finding.Open && s.Phase == finding.Provisional
}

// forgotten tells whether a verdict says less than was said only because places that
// were reported are no longer known: time passed, and nobody was cleared.
func (s *sent) forgotten(now *sent, known []string) bool {
	isNew := func(place string) bool { return !slices.Contains(s.Places, place) }
	return s.Status == finding.Open && len(missing(s.Places, known)) > 0 &&
		!slices.ContainsFunc(now.Places, isNew) && now.Severity <= s.Severity
}

func missing(places, known []string) []string {
	return slices.DeleteFunc(slices.Clone(places), func(p string) bool { return slices.Contains(known, p) })
}

func findingID(v *rules.Verdict) string { return finding.ID(v.Case) }

func findingKey(id string) state.Key { return state.NewKey("finding", id) }

// report sends what is new in the verdicts, and gives the locks that it spoke of.
// With final it also sends what alone would not be worth a line: some more events
// of the intruder, another piece of evidence, or that the lateness window is over.
func (p *Processor) report(ctx context.Context, verdicts []rules.Verdict, final bool, done settled) ([]string, error) {
	var speak []*rules.Verdict
	var keys []state.Key
	for i := range verdicts {
		if v := &verdicts[i]; v.Contested || p.wouldReport(v) {
			speak = append(speak, v)
			keys = append(keys, findingKey(findingID(v)))
		}
	}
	if len(speak) == 0 {
		return nil, nil
	}
	said, err := p.cfg.Facts.Sets(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read what was reported: %w", err)
	}
	lines := p.news(speak, said, knownPlaces(verdicts), final, done.answered)
	if err := p.confirm(ctx, lines, done); err != nil {
		return nil, err
	}
	return p.send(ctx, lines, final, done)
}

// confirm notes of the findings of which nothing new is to be said that what this
// settlement said of them needs nobody to look at it again.
func (p *Processor) confirm(ctx context.Context, lines []line, done settled) error {
	var facts []state.Fact
	for id, said := range done.said {
		if slices.ContainsFunc(lines, func(l line) bool { return findingID(l.verdict) == id }) {
			continue
		}
		for _, s := range said {
			facts = append(facts, p.lineFact(classHeard, id, s))
		}
	}
	slices.SortFunc(facts, func(a, b state.Fact) int { return strings.Compare(string(a.Key)+a.Member, string(b.Key)+b.Member) })
	if _, err := p.cfg.Facts.Absorb(ctx, facts); err != nil {
		return fmt.Errorf("remember what was heard: %w", err)
	}
	return nil
}

// line is one finding to send and what to remember of it. A silent one is only
// remembered.
type line struct {
	verdict *rules.Verdict
	now     sent
	last    *sent // what was said before; nil: nothing
	silent  bool
	settles []sent // what may have been said, long enough ago to be behind this line
}

// knownPlaces are, by lock, the places that are known of its sessions. Keys of one
// lock may turn out to be different sessions: a place may move among them.
func knownPlaces(verdicts []rules.Verdict) map[string][]string {
	known := map[string][]string{}
	for i := range verdicts {
		v := &verdicts[i]
		for j := range v.Places {
			known[v.Lock] = append(known[v.Lock], placeID(&v.Places[j]))
		}
	}
	return known
}

func placeID(p *rules.Place) string { return p.Host + "|" + p.Endpoint }

// news picks the verdicts that say something new. What says too little yet is
// noted for later.
func (p *Processor) news(verdicts []*rules.Verdict, said map[state.Key]*state.Set, known map[string][]string, final bool, answered followed) []line {
	var lines []line
	for _, v := range verdicts {
		id := findingID(v)
		last, own := lastSent(said[findingKey(id)]), p.spokenOf(id, final)
		now := p.says(v, last)
		heard := unconfirmed(said[findingKey(id)])
		for i := range heard {
			now.Sequence = max(now.Sequence, heard[i].Sequence+1)
		}
		doubt := p.answer(id, heard, &now, answered)
		switch {
		case doubt:
			now.keep(last, known[v.Lock])
			lines = append(lines, line{verdict: v, now: now, last: last, settles: p.old(heard)})
		case last == nil && now.Status == finding.Closed:
		case last != nil && last.forgotten(&now, known[v.Lock]):
			continue
		case last == nil || p.differs(last, &now, final) || own != nil && p.differs(own, &now, final):
			now.keep(last, known[v.Lock])
			silent := now.Status != finding.Open && !last.open() && !own.open()
			if silent {
				now.Unsaid++
			}
			lines = append(lines, line{verdict: v, now: now, last: last, silent: silent, settles: p.old(heard)})
		}
		if now.Status == finding.Open && (!final || now.provisional() && !p.ended.Load()) {
			p.later(v.Lock)
		}
	}
	return lines
}

// unconfirmed is what somebody was about to say and may have said: nobody remembers.
func unconfirmed(set *state.Set) []sent {
	var out []sent
	for _, m := range set.Class(classSaying) {
		name := state.NewMember(classHeard, state.Parts(m.Name)...)
		var s sent
		if set.Member(name) == nil && json.Unmarshal([]byte(m.First().Value), &s) == nil {
			s.At = m.First().Time
			out = append(out, s)
		}
	}
	return out
}

// answer tells whether something that may have been heard is to be contradicted: once
// in a settlement, since who said it may be about to say it again, or be gone.
func (p *Processor) answer(id string, heard []sent, now *sent, answered followed) bool {
	doubt := false
	for i := range heard {
		if name := id + "/" + heard[i].name(); !answered[name] && p.differs(&heard[i], now, false) {
			answered[name], doubt = true, true
		}
	}
	return doubt
}

// old is what was about to be said so long ago that by now it was, or never will be.
func (p *Processor) old(heard []sent) []sent {
	before := p.cfg.Now().Add(-p.cfg.Lateness).Unix()
	return slices.DeleteFunc(slices.Clone(heard), func(s sent) bool { return s.At > before })
}

// name tells lines of a finding apart.
func (s *sent) name() string { return strconv.Itoa(s.Sequence) + "/" + s.Whole }

// speak notes what this worker said, until the last word. Another worker's line of
// the same moment may stand in the store as the last, while ours is the last that
// was heard.
func (p *Processor) speak(lines []line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range lines {
		if !l.silent {
			p.spoken[findingID(l.verdict)] = l.now
		}
	}
}

// spokenOf is what this worker said last of a finding; nil when it said nothing. It
// is forgotten with the last word.
func (p *Processor) spokenOf(id string, final bool) *sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	own, ok := p.spoken[id]
	if final {
		delete(p.spoken, id)
	}
	if !ok {
		return nil
	}
	return &own
}

// says is what there is to say of a verdict.
func (p *Processor) says(v *rules.Verdict, last *sent) sent {
	now := sent{Sequence: 1, Status: p.status(v), Severity: v.Severity, Phase: p.phase(v), Digest: digest(v)}
	if last != nil {
		now.Sequence, now.Unsaid = last.Sequence+1, last.Unsaid
		if now.Status != finding.Open || last.Status == finding.Open && last.Phase == finding.Settled { // settled stays so
			now.Phase = cmp.Or(last.Phase, finding.Settled)
		}
	}
	for i := range v.Places {
		if v.Places[i].Role == finding.Intruder && now.Status == finding.Open {
			now.Places = append(now.Places, placeID(&v.Places[i]))
		}
	}
	now.Whole = whole(v, now.Phase)
	return now
}

// maxAccused bounds the places that are remembered of a finding.
const maxAccused = 256

// keep holds on to the places that were reported and are no longer known: nobody
// cleared them.
func (s *sent) keep(last *sent, known []string) {
	if last == nil || s.Status != finding.Open {
		return
	}
	s.Places = append(s.Places, missing(last.Places, known)...)
	s.Places = s.Places[:min(len(s.Places), maxAccused)]
}

func (s *sent) open() bool { return s != nil && s.Status == finding.Open }

// differs tells whether there is something new to say. At the end of everything an
// open finding is said once more as it is, so that it does not depend on the order
// in which it came about.
func (p *Processor) differs(last, now *sent, final bool) bool {
	switch {
	case last.Status != now.Status:
		return true
	case now.Status != finding.Open:
		return false
	}
	return last.Digest != now.Digest || final && (last.Whole != now.Whole || p.ended.Load())
}

// send delivers findings and then remembers that it did. In between a crash makes
// it deliver them again: at least once. What is about to be said is remembered before,
// so that it is taken back if by then it no longer holds.
func (p *Processor) send(ctx context.Context, lines []line, final bool, done settled) ([]string, error) {
	var findings []*finding.Finding
	var facts []state.Fact
	var locks []string
	before := p.owes(lines)
	for _, l := range lines {
		id := findingID(l.verdict)
		if !l.silent {
			findings = append(findings, p.finding(l.verdict, l.now))
			before = append(before, p.lineFact(classSaying, id, l.now))
		}
		facts = append(facts, p.lineFact(classSent, id, l.now))
		done.said[id] = append(done.said[id], append(l.settles, l.now)...)
		locks = append(locks, l.verdict.Lock)
	}
	if _, err := p.cfg.Facts.Absorb(ctx, before); err != nil {
		return nil, fmt.Errorf("remember what is about to be said: %w", err)
	}
	if err := p.deliver(ctx, findings); err != nil {
		return nil, err
	}
	if !final {
		p.speak(lines)
	}
	if _, err := p.cfg.Facts.Absorb(ctx, append(facts, p.pays(lines)...)); err != nil {
		return nil, fmt.Errorf("remember what was reported: %w", err)
	}
	for _, l := range lines {
		if l.now.Status == held {
			p.counts.Suppressed.Add(1)
		}
	}
	return locks, nil
}

func (p *Processor) deliver(ctx context.Context, findings []*finding.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	if err := p.cfg.Findings.Send(ctx, findings); err != nil {
		return fmt.Errorf("deliver %d findings: %w", len(findings), err)
	}
	p.counts.sent(findings)
	return nil
}

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

func (p *Processor) lineFact(class, id string, s sent) state.Fact {
	value, err := json.Marshal(s)
	if err != nil { // a struct of strings and numbers always marshals
		panic(err)
	}
	at := p.cfg.Now().Unix()
	return state.Fact{
		Key: findingKey(id), Member: state.NewMember(class, strconv.Itoa(s.Sequence), s.Whole),
		Observation: state.Observation{Time: at, EventID: s.Whole, Value: string(value)},
		Retention:   state.Retention{Life: findingLife},
	}
}

// digest is what a finding tells, as far as a change of it is worth telling again:
// status and severity, who is what, and the first of every tenfold of events.
func digest(v *rules.Verdict) string {
	parts := []string{v.Severity.String(), string(v.Rule()), strconv.Itoa(milestone(intruderEvents(v)))}
	for i := range v.Places {
		pl := &v.Places[i]
		parts = append(parts, string(pl.Role)+" "+pl.Host+" "+pl.Endpoint)
	}
	slices.Sort(parts[3:])
	return finding.ID(strings.Join(parts, "\n"))
}

// whole is all that a finding tells of the intruder, and who else is what. What the
// owner goes on doing is no news.
func whole(v *rules.Verdict, phase finding.Phase) string {
	parts := []string{digest(v), string(phase), strconv.Itoa(v.Score)}
	for i := range v.Places {
		p := &v.Places[i]
		if p.Role == finding.Intruder { // the digest has everybody's role
			parts = append(parts, fmt.Sprintf("%s %s %d %d", p.Host, p.Endpoint, p.Last, len(p.Seen)))
		}
	}
	for _, e := range v.Evidence {
		parts = append(parts, e.Code)
	}
	return finding.ID(strings.Join(parts, "\n"))
}

func milestone(events int) int {
	for _, m := range []int{1000, 100, 10} {
		if events >= m {
			return m
		}
	}
	return 1
}

func intruderEvents(v *rules.Verdict) int {
	n := 0
	for i := range v.Places {
		if v.Places[i].Role == finding.Intruder {
			n += len(v.Places[i].Seen)
		}
	}
	return n
}

package processor

import (
	"cmp"
	"context"
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
	By     string `json:"by"` // the process whose line it is

	at int64 // when it was about to be said, of lines that are unheard
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
func (p *Processor) report(ctx context.Context, verdicts []rules.Verdict, final bool, done settlement) ([]string, error) {
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
	lines := p.news(speak, said, knownPlaces(verdicts), final, done)
	if err := p.confirm(ctx, speak, lines, done); err != nil {
		return nil, err
	}
	return p.send(ctx, lines, final, done)
}

// line is one finding to send and what to remember of it. A silent one is only
// remembered.
type line struct {
	verdict *rules.Verdict
	now     sent
	last    *sent // what was said before, or may have been; nil: nothing
	silent  bool
	doubts  []sent // lines that it contradicts
	behind  []sent // lines that cannot be heard after it
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
func (p *Processor) news(verdicts []*rules.Verdict, said map[state.Key]*state.Set, known map[string][]string, final bool, done settlement) []line {
	var lines []line
	for _, v := range verdicts {
		set := said[findingKey(findingID(v))]
		last, open := lastSent(set), unheard(set)
		l := line{verdict: v, last: latest(last, open)}
		l.now = p.says(v, l.last)
		p.number(&l.now, last, open)
		l.doubts, l.behind = p.doubts(v, open, &l.now, known[v.Lock], done), p.behind(open, &l.now)
		switch {
		case last != nil && last.forgotten(&l.now, known[v.Lock]):
			continue
		case last == nil && l.now.Status == finding.Closed && len(l.doubts) == 0:
		case last == nil || len(l.doubts) > 0 || p.differs(last, &l.now, final):
			l.now.keep(l.last, known[v.Lock])
			l.silent = l.now.Status != finding.Open && !last.open() && len(l.doubts) == 0
			if l.silent {
				l.now.Unsaid++
			}
			lines = append(lines, l)
		}
		if l.now.Status == finding.Open && (!final || l.now.provisional() && !p.ended.Load()) {
			p.later(v.Lock)
		}
	}
	return lines
}

// says is what there is to say of a verdict.
func (p *Processor) says(v *rules.Verdict, last *sent) sent {
	now := sent{Status: p.status(v), Severity: v.Severity, Phase: p.phase(v), Digest: digest(v), By: p.cfg.Name}
	if last != nil {
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
// it deliver them again: at least once.
func (p *Processor) send(ctx context.Context, lines []line, final bool, done settlement) ([]string, error) {
	var findings []*finding.Finding
	var locks []string
	before, after := p.owes(lines), p.pays(lines)
	for _, l := range lines {
		if !l.silent {
			findings = append(findings, p.finding(l.verdict, l.now))
			before = append(before, p.lineFact(classSaying, l.verdict, l.now))
			done.said[findingID(l.verdict)] = l.now
		}
		after = append(after, p.lineFact(classSent, l.verdict, l.now))
		for _, s := range l.behind {
			after = append(after, p.lineFact(classHeard, l.verdict, s))
		}
		locks = append(locks, l.verdict.Lock)
	}
	if _, err := p.cfg.Facts.Absorb(ctx, before); err != nil {
		return nil, fmt.Errorf("remember what is about to be said: %w", err)
	}
	if err := p.deliver(ctx, findings); err != nil {
		return nil, err
	}
	for _, l := range lines {
		for _, s := range l.doubts {
			done.answered[lineName(l.verdict, &s)] = true
		}
	}
	if _, err := p.cfg.Facts.Absorb(ctx, after); err != nil {
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

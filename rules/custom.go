package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/state"
)

// Custom are the operator's own rules. Like those of this package they are pure:
// the same event or verdict always meets the same rules. A rule that fails meets
// nothing, and is counted by whoever implements Custom.
type Custom interface {
	// Events names the rules that an event signed by a session meets. The event is
	// only valid during the call.
	Events(e *cloudtrail.Event) []string
	// Verdicts gives the effects of the rules that a verdict meets.
	Verdicts(v *Verdict) []*Effect
	// Effect is what a rule over events does; nil for a name that is no rule (any
	// more).
	Effect(rule string) *Effect
}

// Effect is what a custom rule does to the verdicts that it meets.
type Effect struct {
	Rule  string
	Owner string // who answers for the rule
	Kinds []Kind // the kinds of session that it is for; empty: all
	// Staged rules are shown and counted, and change nothing.
	Staged bool
	// Weight raises or, below zero, lowers the score; 0 is no evidence.
	Weight int
	Text   string // the evidence in words
	// Suppress is the reason why the verdict is not reported; "" reports it.
	Suppress string
	// Title and Severity are those of a finding of its own; "" makes none.
	Title    string
	Severity finding.Severity
}

// covers tells whether the effect is for a kind of session.
func (e *Effect) covers(k Kind) bool { return len(e.Kinds) == 0 || slices.Contains(e.Kinds, k) }

func (e *Effect) evidence() finding.Evidence {
	return finding.Evidence{Code: e.Rule, Weight: e.Weight, Text: cmp.Or(e.Text, "rule "+e.Rule)}
}

// Classes of members under a SessionKey that custom rules make.
const (
	classCustom = "custom" // rule, host, endpoint: where a rule over events was met
	classOwn    = "own"    // rule, case: a finding of the rule's own was made
	classStaged = "staged" // rule, case: a staged rule was met
)

// maxCustom bounds the places remembered at which rules over events were met.
const maxCustom = 256

// met notes the operator's rules that an event meets.
func (c *context) met() []state.Fact {
	var facts []state.Fact
	for _, rule := range c.custom {
		once := state.Retention{Keep: 1, Members: maxCustom}
		facts = append(facts, c.fact(SessionKey(c.session.Lock), once, c.session.lifetime(), classCustom, rule, c.host, c.seen.Endpoint))
	}
	return facts
}

// met is a custom rule that the session meets: anywhere, or at some places.
type met struct {
	*Effect
	places []*place // nil for a rule over verdicts
}

// metByEvents lists the rules over events that the session's events meet, by name.
func (t *trial) metByEvents() []met {
	if t.policy.Custom == nil {
		return nil
	}
	at := map[string]*met{}
	for _, m := range t.set.Class(classCustom) {
		parts := state.Parts(m.Name)
		if len(parts) != 3 {
			continue
		}
		effect, p := t.policy.Custom.Effect(parts[0]), t.place(parts[1], parts[2])
		if effect == nil || p == nil || !effect.covers(t.kind) {
			continue
		}
		if at[effect.Rule] == nil {
			at[effect.Rule] = &met{Effect: effect}
		}
		at[effect.Rule].places = append(at[effect.Rule].places, p)
	}
	out := make([]met, 0, len(at))
	for _, m := range at {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b met) int { return strings.Compare(a.Rule, b.Rule) })
	return out
}

// place finds a place of the session; nil when it is not among those kept.
func (t *trial) place(host, endpoint string) *place {
	for _, p := range t.places {
		if p.Host == host && p.Endpoint == endpoint {
			return p
		}
	}
	return nil
}

// weighEvents adds the evidence of rules over events to the places where they were
// met. What the owner himself does, or what happens where the session may be, is no
// evidence: that is for findings of their own.
func (t *trial) weighEvents() {
	t.met = t.metByEvents()
	for _, m := range t.met {
		for _, p := range m.places {
			if m.Weight != 0 && !m.Staged && t.suspect(p) {
				p.Evidence = append(p.Evidence, m.evidence())
			}
		}
	}
}

// weighVerdict adds the evidence of rules over verdicts: against every intruder,
// or, where there is none yet, against the owner.
func (t *trial) weighVerdict(v *Verdict) Verdict {
	if t.policy.Custom == nil || len(t.places) == 0 {
		return *v
	}
	changed := false
	for _, e := range t.policy.Custom.Verdicts(v) {
		t.met = append(t.met, met{Effect: e})
		if e.Weight != 0 && !e.Staged {
			t.weighPlaces(v, e)
			changed = true
		}
	}
	if !changed {
		return *v
	}
	return t.verdict()
}

func (t *trial) weighPlaces(v *Verdict, e *Effect) {
	role := finding.Intruder
	if v.Intruder() == nil {
		role = finding.Owner
	}
	for _, p := range t.places {
		if p.Role == role {
			p.Evidence = append(p.Evidence, e.evidence())
		}
	}
}

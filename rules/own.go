package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/state"
)

// ownMark separates, in Verdict.Case, a session from the rule whose finding it is.
const ownMark = "#rule:"

// conclude is the verdict with what the operator's rules and exceptions make of
// it, first the session's own, then the findings of rules.
func (t *trial) conclude() []Verdict {
	v := t.verdict()
	v = t.weighVerdict(&v)
	t.stage(&v)
	v.Suppressed = t.suppressed(&v)
	out := append([]Verdict{v}, t.own(&v)...)
	for i := range out {
		if out[i].Suppressed == nil {
			out[i].Suppressed = t.policy.except(&out[i])
		}
	}
	return out
}

// stage notes the staged rules that the session meets.
func (t *trial) stage(v *Verdict) {
	for _, m := range t.met {
		if m.Staged {
			v.Staged = append(v.Staged, m.Effect)
		}
	}
}

// suppressed finds the rule that suppresses a verdict: one that holds for the
// verdict, or for what was done at each of the intruder's places.
func (t *trial) suppressed(v *Verdict) *Suppression {
	if v.Intruder() == nil {
		return nil
	}
	for _, m := range t.met {
		if m.Suppress != "" && !m.Staged && (m.places == nil || t.everywhere(m.places)) {
			return &Suppression{By: "rule " + m.Rule, Reason: m.Suppress, Owner: m.Owner}
		}
	}
	return nil
}

// everywhere tells whether places are all of the intruder's.
func (t *trial) everywhere(places []*place) bool {
	return !slices.ContainsFunc(t.places, func(p *place) bool {
		return p.Role == finding.Intruder && !slices.Contains(places, p)
	})
}

// own makes the verdicts of rules with a finding of their own. One that was made
// before and is not met any more gets a verdict too, without an intruder, so that
// its finding can be closed.
func (t *trial) own(v *Verdict) []Verdict {
	var out []Verdict
	made := map[string]bool{}
	for _, m := range t.met {
		if m.Title != "" && !m.Staged && !made[m.Rule] {
			made[m.Rule] = true
			out = append(out, t.ownVerdict(v, m))
		}
	}
	if !v.Contested {
		return out // no finding was ever made
	}
	for _, m := range t.set.Class(classOwn) {
		rule := state.Parts(m.Name)[0]
		if m.Name == state.NewMember(classOwn, rule, t.id) && !made[rule] {
			out = append(out, t.ownGone(v, rule))
		}
	}
	return out
}

// ownVerdict is the verdict of a rule's own finding. Its intruders are the places
// where the rule was met; for a rule over verdicts those of the verdict, and all
// where there is none.
func (t *trial) ownVerdict(v *Verdict, m met) Verdict {
	out := t.ownBase(v, m.Rule)
	out.Title, out.Severity, out.Score = m.Title, m.Severity, threshold(m.Severity)
	out.Evidence = []finding.Evidence{{Code: m.Rule, Weight: out.Score, Text: cmp.Or(m.Text, m.Title)}}
	for _, p := range t.places {
		place := p.Place
		subject := slices.Contains(m.places, p) || m.places == nil && (p.Role == finding.Intruder || v.Intruder() == nil)
		switch {
		case subject:
			place.Role, place.Why, place.Score, place.Evidence = finding.Intruder, out.Evidence[0].Text, out.Score, out.Evidence
		case p != t.owner || p.Role != finding.Owner:
			continue
		}
		out.Places = append(out.Places, place)
	}
	if i := out.Intruder(); i != nil {
		out.Session, out.Expires = t.credential(i.Keys[0], out)
	}
	return out
}

// ownGone is the verdict of a rule that is not met any more.
func (t *trial) ownGone(v *Verdict, rule string) Verdict {
	out := t.ownBase(v, rule)
	for _, p := range t.places {
		place := p.Place
		place.Role, place.Why, place.Score, place.Evidence = finding.Explained, "rule "+rule+" does not hold any more", 0, nil
		out.Places = append(out.Places, place)
	}
	return out
}

func (t *trial) ownBase(v *Verdict, rule string) Verdict {
	return Verdict{Case: t.id + ownMark + rule, Lock: t.lock, Kind: t.kind, Session: v.Session, Expires: v.Expires,
		Custom: rule, Contested: t.set.Contested()}
}

// threshold is the least score of a severity.
func threshold(s finding.Severity) int {
	switch s {
	case finding.Critical:
		return criticalScore
	case finding.High:
		return highScore
	case finding.Medium:
		return mediumScore
	case finding.Low:
		return lowScore
	}
	return 0
}

// remembered are the facts that say which custom rules a verdict met: findings of
// their own, so that they can be closed, and staged rules, so that each is counted
// once a case.
func (v *Verdict) remembered() []state.Fact {
	if len(v.Places) == 0 {
		return nil
	}
	at, once := *v.Places[0].First(), state.Retention{Members: maxCustom}
	var facts []state.Fact
	if v.Custom != "" && v.Intruder() != nil {
		at = *v.Intruder().First()
		facts = append(facts, v.mark(at, SessionKey(v.Lock), state.NewMember(classOwn, v.Custom, strings.TrimSuffix(v.Case, ownMark+v.Custom)), once))
	}
	for _, e := range v.Staged {
		facts = append(facts, v.mark(at, SessionKey(v.Lock), state.NewMember(classStaged, e.Rule, v.Case), once))
	}
	return facts
}

// StagedRule names the rule that a fact says was met while staged.
func StagedRule(f *state.Fact) (string, bool) {
	if parts := state.Parts(f.Member); state.Class(f.Member) == classStaged && len(parts) == 2 {
		return parts[0], true
	}
	return "", false
}

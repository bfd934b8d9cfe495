package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// reasons lists the evidence, the heaviest first.
func (p *page) reasons(f *Finding) {
	evidence := weighed(f)
	if len(evidence) == 0 {
		return
	}
	p.heading("Why nothing explains it")
	for _, e := range evidence[:min(len(evidence), maxEvidence)] {
		p.paragraph(fmt.Sprintf("  %+5d  ", e.Weight), evidenceText(e))
	}
	p.more(len(evidence) - maxEvidence)
}

// weighed is the evidence by weight. What the score has beyond it is the weight
// of the relation between the addresses and joins it in words.
func weighed(f *Finding) []Evidence {
	evidence := slices.Clone(f.Evidence)
	relation := f.Score
	for _, e := range evidence {
		relation -= e.Weight
	}
	if relation > 0 {
		evidence = append(evidence, Evidence{Weight: relation, Text: "Credentials of this kind are used from one place, and this is another."})
	}
	slices.SortStableFunc(evidence, func(a, b Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	return evidence
}

func evidenceText(e Evidence) string {
	text, code := clean(e.Text, textLimit), word(e.Code)
	if text == "" {
		return or(code, "no text")
	}
	if code == "" {
		return text
	}
	return text + " [" + code + "]"
}

// more says how many entries of a list were left out.
func (p *page) more(n int) {
	if n > 0 {
		p.line(fmt.Sprintf("         and %d more", n))
	}
}

// deeds tells what the intruder did.
func (p *page) deeds(f *Finding) {
	if f.EventCount == 0 && len(f.Calls) == 0 && len(f.EventIDs) == 0 {
		return
	}
	p.heading("What the intruder did")
	p.paragraph("  ", calls(f))
	width := 0
	shown := f.Calls[:min(len(f.Calls), MaxCalls)]
	for _, o := range shown {
		width = max(width, utf8.RuneCountInString(outcome(o)))
	}
	for _, o := range shown {
		p.paragraph("    "+clock(o.Time)+"  ", joined("  ", pad(outcome(o), width), word(o.EventID)))
	}
	if len(shown) == 0 && len(f.EventIDs) > 0 {
		p.paragraph("  Events ", idList(f))
	}
}

// calls is how much the intruder did, and when.
func calls(f *Finding) string {
	text := fmt.Sprintf("%d calls", max(f.EventCount, len(f.EventIDs), len(f.Calls)))
	if text == "1 calls" {
		text = "1 call"
	}
	if f.LastTime.After(f.FirstTime) && !f.FirstTime.IsZero() {
		return fmt.Sprintf("%s from %s, over %s", text, period(f.FirstTime, f.LastTime), span(f.LastTime.Sub(f.FirstTime)))
	}
	if !f.FirstTime.IsZero() {
		text += " at " + stamp(f.FirstTime)
	}
	return text
}

// outcome is the call of an observation and how it failed, if it did.
func outcome(o Observation) string {
	text := callName(o)
	if code := word(o.ErrorCode); code != "" {
		text = joined(" ", text, "("+code+")")
	}
	return text
}

// callName is "iam:CreateUser" for the call of an observation.
func callName(o Observation) string {
	return word(joined(":", strings.TrimSuffix(o.EventSource, ".amazonaws.com"), o.EventName))
}

func idList(f *Finding) string {
	text := words(f.EventIDs, maxShownIDs)
	if left := max(f.EventCount, len(f.EventIDs)) - maxShownIDs; left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}

// otherAddresses lists the addresses that the comparison does not show.
func (p *page) otherAddresses(f *Finding) {
	others := slices.DeleteFunc(slices.Clone(f.Addresses), func(a Address) bool {
		return isPlaceOf(a, f.FirstSeen) || isPlaceOf(a, f.Observed)
	})
	if len(others) == 0 {
		return
	}
	slices.SortStableFunc(others, func(a, b Address) int { return cmp.Compare(roleOrder(a.Role), roleOrder(b.Role)) })
	p.heading("Other addresses of the session")
	for _, a := range others[:min(len(others), maxAddresses)] {
		p.paragraph("  "+pad(clean(string(a.Role), 10), 11), addressLine(a))
	}
	p.more(len(others) - maxAddresses)
}

func isPlaceOf(a Address, o *Observation) bool {
	return o != nil && a.Address == o.Address && a.VPCEndpointID == o.VPCEndpointID
}

func roleOrder(r Role) int {
	return slices.Index([]Role{Intruder, Owner, Explained}, r)
}

// addressLine is one address, why it has its role, and when it was used.
func addressLine(a Address) string {
	text := or(addressText(a.Address, a.VPCEndpointID), "unknown address")
	text += prefixed(": ", clean(a.Why, textLimit))
	if a.Events > 0 {
		text += fmt.Sprintf("; %d events", a.Events)
	}
	if !a.First.IsZero() {
		text += ", " + period(a.First, a.Last)
	}
	return text
}

// session identifies the session for a search in the trail.
func (p *page) session(t Token) {
	keys := word(t.AccessKeyID)
	if len(t.AccessKeyIDs) > 1 {
		keys = words(t.AccessKeyIDs, maxKeys)
	}
	valid := ""
	if t.IssuedAt != nil {
		valid = joined(" ", valid, "issued "+stamp(*t.IssuedAt))
	}
	if t.ExpiresAt != nil {
		valid = joined(", ", valid, "expires "+stamp(*t.ExpiresAt))
	}
	rows := [][2]string{
		{"Key", keys}, {"Principal", word(t.PrincipalID)}, {"Role", word(or(t.RoleARN, t.ARN))}, {"Resource", word(t.Resource)}, {"Validity", valid},
	}
	rows = slices.DeleteFunc(rows, func(row [2]string) bool { return row[1] == "" })
	if len(rows) == 0 {
		return
	}
	p.heading("The session")
	for _, row := range rows {
		p.paragraph("  "+pad(row[0], 11), row[1])
	}
}

// containment lists the steps and the policies to copy.
func (p *page) containment(c *Containment) {
	if c == nil || len(c.Steps) == 0 {
		return
	}
	p.heading("What to do")
	for i, step := range c.Steps[:min(len(c.Steps), maxSteps)] {
		p.paragraph(fmt.Sprintf("  %2d. ", i+1), clean(step, textLimit))
	}
	p.policy("Policy", c.Policy)
	p.policy("Session policy", c.SessionPolicy)
}

func (p *page) policy(label, document string) {
	document = clean(document, policyLimit)
	if document == "" {
		return
	}
	p.line("")
	p.line("  " + label + ":")
	p.line("  " + document)
}

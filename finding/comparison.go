package finding

import "strings"

const labelWidth = 10

// comparison puts the owner's first use and the intruder's side by side.
func (p *page) comparison(f *Finding) {
	if f.FirstSeen == nil && f.Observed == nil {
		return
	}
	left, right := facts(f.FirstSeen), facts(f.Observed)
	right[timeFact] = joined(" ", right[timeFact], lapse(f.FirstSeen, f.Observed))
	column := (p.width - 2 - labelWidth - 3) / 2
	p.line("")
	p.line("  " + pad("", labelWidth+1) + p.paint(bold, pad(sideTitle(f.FirstSeen, "FIRST SEEN"), column)) +
		"  " + p.paint(bold, sideTitle(f.Observed, "NOW")))
	for i, label := range factLabels() {
		p.compare(label, left[i], right[i], column)
	}
}

func sideTitle(o *Observation, title string) string {
	if o == nil {
		return title + " (never)"
	}
	return title
}

// lapse says how long after the first use the token was used elsewhere.
func lapse(first, now *Observation) string {
	if first == nil || now == nil || first.Time.IsZero() || !now.Time.After(first.Time) {
		return ""
	}
	return "(" + span(now.Time.Sub(first.Time)) + " later)"
}

// timeFact is the index of the time in factLabels and facts.
const timeFact = 2

func factLabels() []string {
	return []string{"Address", "Endpoint", "Time", "Event", "Agent", "Region", "Key", "Event id"}
}

// facts are the values of an observation in the order of factLabels, clean.
func facts(o *Observation) []string {
	if o == nil {
		o = &Observation{}
	}
	return []string{
		word(o.Address), word(o.VPCEndpointID), stamp(o.Time), outcome(*o),
		clean(o.UserAgent, agentLimit), word(o.Region), word(o.AccessKeyID), word(o.EventID),
	}
}

// compare writes one row, none where neither side knows the fact. What is
// different now stands out.
func (p *page) compare(label, left, right string, column int) {
	if left == "" && right == "" {
		return
	}
	how := noStyle
	if left != right && label != "Time" && label != "Event id" {
		how = standOut
	}
	lefts, rights := wrap(or(left, "-"), column), wrap(or(right, "-"), column)
	for i := range max(len(lefts), len(rights)) {
		p.line("  " + pad(label, labelWidth+1) + pad(at(lefts, i), column) + "  " + p.paint(how, at(rights, i)))
		label = strings.Repeat(" ", labelWidth)
	}
}

// at is the line of that index, empty behind the end.
func at(lines []string, i int) string {
	if i >= len(lines) {
		return ""
	}
	return lines[i]
}

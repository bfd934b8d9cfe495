package finding

import (
	"fmt"
	"slices"
)

// updated tells what changed since before or, where that is not known, how the
// finding stands now.
func (p *page) updated(f, before *Finding) {
	p.badge(badgeText(f.Severity)+" UPDATE", badgeStyle(f.Severity), f.Title)
	p.paragraph("  ", headline(f))
	if before == nil {
		p.paragraph("  ", joined(" · ", judgement(f), calls(f)))
		return
	}
	changes := changesBetween(before, f)
	if len(changes) == 0 {
		changes = []string{"nothing: seen again, as it was"}
	}
	p.heading("What changed")
	for _, change := range changes[:min(len(changes), maxChanges)] {
		p.paragraph("  - ", change)
	}
	p.more(len(changes) - maxChanges)
}

// changesBetween lists in words what differs between two lines of one finding,
// the gravest first.
func changesBetween(was, is *Finding) []string {
	var changes []string
	turned := func(what, from, to string) {
		if from != to {
			changes = append(changes, fmt.Sprintf("%s: %s → %s", what, clean(or(from, "none"), textLimit), clean(or(to, "none"), textLimit)))
		}
	}
	turned("severity", was.Severity.String(), is.Severity.String())
	turned("status", string(was.Status), string(is.Status))
	turned("phase", string(was.Phase), string(is.Phase))
	turned("rightful address", place(was.FirstSeen), place(is.FirstSeen))
	turned("foreign address", place(was.Observed), place(is.Observed))
	turned("confidence", string(was.Confidence), string(is.Confidence))
	turned("score", fmt.Sprint(was.Score), fmt.Sprint(is.Score))
	changes = append(changes, evidenceChanges(was.Evidence, is.Evidence)...)
	changes = append(changes, addressChanges(was.Addresses, is.Addresses)...)
	if was.EventCount != is.EventCount {
		changes = append(changes, fmt.Sprintf("calls by the intruder: %d → %d, the last at %s", was.EventCount, is.EventCount, or(stamp(is.LastTime), "an unknown time")))
	}
	return changes
}

// evidenceChanges compares by code: a text may count what grows.
func evidenceChanges(was, is []Evidence) []string {
	var changes []string
	for _, e := range is {
		if !hasCode(was, e.Code) {
			changes = append(changes, fmt.Sprintf("new evidence %+d: %s", e.Weight, evidenceText(e)))
		}
	}
	for _, e := range was {
		if !hasCode(is, e.Code) {
			changes = append(changes, fmt.Sprintf("no longer held %+d: %s", e.Weight, evidenceText(e)))
		}
	}
	return changes
}

func hasCode(evidence []Evidence, code string) bool {
	return slices.ContainsFunc(evidence, func(e Evidence) bool { return e.Code == code })
}

// addressChanges lists the addresses that are new or have another role now.
func addressChanges(was, is []Address) []string {
	type place struct{ address, endpoint string }
	roles := make(map[place]Role, len(was))
	for _, a := range was {
		roles[place{a.Address, a.VPCEndpointID}] = a.Role
	}
	var changes []string
	for _, a := range is {
		before, known := roles[place{a.Address, a.VPCEndpointID}]
		switch role := word(string(a.Role)); {
		case !known:
			changes = append(changes, "new "+role+" address "+addressLine(a))
		case before != a.Role:
			changes = append(changes, fmt.Sprintf("%s is no longer %s but %s: %s", addressText(a.Address, a.VPCEndpointID),
				word(string(before)), role, or(clean(a.Why, textLimit), "no reason given")))
		}
	}
	return changes
}

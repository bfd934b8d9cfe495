package evaluate

import (
	"cmp"
	"slices"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
)

// theftCase is one labelled theft and the alerts about it.
type theftCase struct {
	theft      *labels.Theft
	keys       []string
	principals []string
	mustFlag   map[string]bool
	hits       []*Alert
	swaps      []string
}

func newCase(t *labels.Theft) theftCase {
	c := theftCase{theft: t, keys: t.Keys(), principals: []string{t.PrincipalID}, mustFlag: map[string]bool{}}
	for _, id := range t.MustFlag {
		c.mustFlag[id] = true
	}
	return c
}

// caughtBy tells whether the alert names the thief.
func (c *theftCase) caughtBy(a *Alert) bool {
	if !a.about(c.keys, c.principals) || !overlap(a.intruders(), c.theft.AttackerAddresses) {
		return false
	}
	return len(a.EventIDs) == 0 || slices.ContainsFunc(a.EventIDs, func(id string) bool { return c.mustFlag[id] })
}

// swappedBy tells whether the alert is about the session and accuses its owner only.
func (c *theftCase) swappedBy(a *Alert) bool {
	intruders := a.intruders()
	if !a.about(c.keys, c.principals) || len(intruders) == 0 {
		return false
	}
	return !slices.ContainsFunc(intruders, func(i string) bool { return !slices.Contains(c.theft.LegitAddresses, i) })
}

// besideBy tells whether the alert is about nothing but the theft's context: what
// services did for the thief. Such an alert is neither right nor wrong.
func (c *theftCase) besideBy(a *Alert) bool {
	return len(a.EventIDs) > 0 &&
		!slices.ContainsFunc(a.EventIDs, func(id string) bool { return !slices.Contains(c.theft.ContextEvents, id) })
}

// mixed tells whether the alert accuses the owner beside the thief.
func (c *theftCase) mixed(a *Alert) bool {
	return slices.ContainsFunc(a.intruders(), func(i string) bool {
		return slices.Contains(c.theft.LegitAddresses, i) && !slices.Contains(c.theft.AttackerAddresses, i)
	})
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}

// result sums the case up.
func (c *theftCase) result(minimum finding.Severity) Result {
	r := Result{
		ID: c.theft.ID, Scenario: cmp.Or(c.theft.Scenario, c.theft.ID), Visible: c.theft.IsVisible(), Alerts: []string{}, Swapped: c.swaps,
		Events: len(c.theft.MustFlag), Derived: len(c.theft.DerivedEvents),
	}
	named := map[string]bool{}
	highest := finding.Informational
	for _, a := range c.hits {
		r.Alerts = append(r.Alerts, a.ID)
		if a.about(append([]string{c.theft.AccessKey}, c.theft.SiblingKeys...), c.principals) {
			r.OfSession++
		}
		highest = max(highest, a.Severity)
		if c.mixed(a) {
			r.Mixed++
		}
		for _, id := range a.EventIDs {
			named[id] = true
		}
	}
	if len(c.hits) > 0 {
		r.Severity = highest.String()
		r.Delay, r.Onset = c.delay(minimum)
	}
	r.Covered, r.DerivedCovered = countIn(c.theft.MustFlag, named), countIn(c.theft.DerivedEvents, named)
	return r
}

// delay returns how long the first alert took, and how long the thief had been at
// work before the first event that an alert names.
func (c *theftCase) delay(minimum finding.Severity) (delay, onset time.Duration) {
	var raised, seen time.Time
	for _, a := range c.hits {
		raised = earlier(raised, a.ReachedAt(minimum))
		if a.Observed != nil {
			seen = earlier(seen, a.Observed.Time)
		} else {
			seen = earlier(seen, a.FirstTime)
		}
	}
	first := c.theft.FirstUse
	if first.IsZero() {
		return raised.Sub(seen), 0
	}
	return raised.Sub(first), seen.Sub(first)
}

// earlier returns the earlier of two times; a zero time is no time.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func countIn(ids []string, in map[string]bool) int {
	n := 0
	for _, id := range ids {
		if in[id] {
			n++
		}
	}
	return n
}

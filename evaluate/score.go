package evaluate

import (
	"cmp"
	"slices"
	"time"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
)

// DefaultSeverity is the severity from which a finding counts as an alert.
const DefaultSeverity = finding.Medium

// Report is what findings are worth, measured by labels.
type Report struct {
	// Minimum is the severity from which findings counted.
	Minimum finding.Severity `json:"minimum_severity"`
	// Alerts are the distinct findings that stand at the end, those about hidden
	// thefts included.
	Alerts int `json:"alerts"`
	// Total sums the visible thefts; Scenarios has the same for each scenario, by name.
	Total     Tally   `json:"total"`
	Scenarios []Tally `json:"scenarios"`
	// Hidden are the thefts that the log does not show; they count nowhere else.
	Hidden Tally `json:"hidden"`
	// False are alerts about no theft, and Swapped alerts about a robbed session
	// that call only its owner an intruder.
	False   []Misjudged `json:"false_alerts"`
	Swapped []Misjudged `json:"swapped_verdicts"`
	// Beside counts alerts that list a theft's context events only; they are not scored.
	Beside int `json:"beside"`
	// Withdrawn counts findings that reached Minimum and were closed or lowered later.
	Withdrawn int `json:"withdrawn"`
	// Missed are the ids of the visible thefts without an alert.
	Missed []string `json:"missed"`
	Thefts []Result `json:"thefts"`
}

// Result is one theft and what was found of it.
type Result struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Visible  bool   `json:"visible"`
	// Alerts are the ids of the findings that caught the thief.
	Alerts []string `json:"alerts"`
	// OfSession counts the alerts about the stolen session itself; the others are about
	// credentials that the thief made with it.
	OfSession int `json:"alerts_of_session"`
	// Swapped are the ids of the findings that accuse the owner alone.
	Swapped []string `json:"swapped,omitempty"`
	// Mixed counts alerts that accuse the thief and the owner.
	Mixed    int    `json:"mixed,omitempty"`
	Severity string `json:"severity,omitempty"` // the highest of the alerts
	// Events and Covered are the thief's events and those named by the alerts;
	// Derived and DerivedCovered the part of them made with derived credentials.
	Events         int `json:"events"`
	Covered        int `json:"events_covered"`
	Derived        int `json:"derived_events"`
	DerivedCovered int `json:"derived_events_covered"`
	// Delay is the time from the thief's first event to the alert: as recorded in
	// the labels, otherwise as the finding saw it.
	Delay time.Duration `json:"delay_ns"`
	// Onset is how long the thief was at work before the first event that the
	// alert names. Zero when the labels do not tell.
	Onset time.Duration `json:"onset_ns"`
}

// Misjudged is an alert that should not be, or not be so.
type Misjudged struct {
	ID        string   `json:"id"`
	Severity  string   `json:"severity"`
	Rule      string   `json:"rule"`
	AccessKey string   `json:"access_key"`
	Principal string   `json:"principal_id"`
	Intruders []string `json:"intruders"`
	// About names the robbed session's theft, or the benign pattern that was taken
	// for one; "unlabelled" when the session has no label.
	About string `json:"about"`
}

// Score measures alerts by labels. Findings below minimum, and closed ones, do not count.
//
// An alert catches a theft when it is about one of its keys or its principal, names
// one of the thief's addresses as an intruder's and, if it lists events, lists one
// of the thief's. About a robbed session but with the owner's addresses only, it is
// a swapped verdict; false, if the log does not show the theft. An alert that lists context events only is not scored. Every
// other alert is false, also one about a robbed session.
func Score(set *labels.Set, alerts []Alert, minimum finding.Severity) Report {
	rep := Report{Minimum: minimum, False: []Misjudged{}, Swapped: []Misjudged{}, Missed: []string{}}
	cases := make([]theftCase, len(set.Thefts))
	for i := range set.Thefts {
		cases[i] = newCase(&set.Thefts[i])
	}
	for i := range alerts {
		a := &alerts[i]
		if a.stands(minimum) {
			rep.Alerts++
			rep.place(a, cases, set.Benign)
		} else if !a.ReachedAt(minimum).IsZero() {
			rep.Withdrawn++
		}
	}
	for i := range cases {
		rep.count(cases[i].result(minimum))
	}
	rep.finish()
	return rep
}

// place finds what the alert is about and notes it there.
func (rep *Report) place(a *Alert, cases []theftCase, benign []labels.Benign) {
	var robbed *theftCase
	for i := range cases {
		c := &cases[i]
		switch {
		case c.caughtBy(a):
			c.hits = append(c.hits, a)
			return
		case c.besideBy(a):
			rep.Beside++
			return
		case c.swappedBy(a):
			robbed = c
		}
	}
	if robbed != nil && !robbed.theft.IsVisible() {
		rep.False = append(rep.False, misjudged(a, robbed.theft.ID))
		return
	}
	if robbed != nil {
		robbed.swaps = append(robbed.swaps, a.ID)
		rep.Swapped = append(rep.Swapped, misjudged(a, robbed.theft.ID))
		return
	}
	rep.False = append(rep.False, misjudged(a, patternOf(a, benign)))
}

func patternOf(a *Alert, benign []labels.Benign) string {
	for _, b := range benign {
		if a.about(b.Keys, b.PrincipalIDs) {
			return b.Pattern
		}
	}
	return "unlabelled"
}

func misjudged(a *Alert, about string) Misjudged {
	return Misjudged{
		ID: a.ID, Severity: a.Severity.String(), Rule: a.Rule, AccessKey: a.Token.AccessKeyID,
		Principal: a.Token.PrincipalID, Intruders: a.intruders(), About: about,
	}
}

// count adds one theft's result to the report.
func (rep *Report) count(r Result) {
	rep.Thefts = append(rep.Thefts, r)
	if !r.Visible {
		rep.Hidden.add(r)
		return
	}
	rep.Total.add(r)
	i := slices.IndexFunc(rep.Scenarios, func(t Tally) bool { return t.Scenario == r.Scenario })
	if i < 0 {
		rep.Scenarios = append(rep.Scenarios, Tally{Scenario: r.Scenario})
		i = len(rep.Scenarios) - 1
	}
	rep.Scenarios[i].add(r)
	if len(r.Alerts) == 0 {
		rep.Missed = append(rep.Missed, r.ID)
	}
}

// finish computes what needs all results.
func (rep *Report) finish() {
	rep.Total.Scenario, rep.Hidden.Scenario = "total", "hidden"
	slices.SortFunc(rep.Scenarios, func(a, b Tally) int { return cmp.Compare(a.Scenario, b.Scenario) })
	for i := range rep.Scenarios {
		rep.Scenarios[i].finish()
	}
	rep.Total.False = len(rep.False)
	rep.Total.finish()
	rep.Hidden.finish()
}

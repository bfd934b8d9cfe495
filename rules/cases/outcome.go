package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/sink"
)

// outcome is what came of a case: the last state of each finding, what was
// suppressed, and what went wrong.
type outcome struct {
	last       map[string]*finding.Finding
	suppressed []*finding.Finding
	unread     []string
	failures   int64
}

// Send implements sink.Sink.
func (o *outcome) Send(_ context.Context, findings []*finding.Finding) error {
	for _, f := range findings {
		o.last[f.ID] = f
	}
	return nil
}

// letters collects the events that cannot be read.
type letters struct{ *outcome }

// Send implements sink.DeadLetterSink.
func (l letters) Send(_ context.Context, letters []sink.DeadLetter) error {
	for _, one := range letters {
		l.unread = append(l.unread, one.Error)
	}
	return nil
}

// against lists what is not as wanted.
func (o *outcome) against(want *custom.Want) []string {
	var why []string
	for _, text := range o.unread {
		why = append(why, "an event cannot be read: "+text)
	}
	if o.failures > 0 {
		why = append(why, fmt.Sprintf("the rule failed %d times at run time", o.failures))
	}
	open := o.open()
	if want.Flagged != (len(open) > 0) {
		why = append(why, fmt.Sprintf("want flagged %t, got %s", want.Flagged, describe(open)))
	}
	if want.Suppressed != nil && *want.Suppressed != (len(o.suppressed) > 0) {
		why = append(why, fmt.Sprintf("want suppressed %t, suppressed is %s", *want.Suppressed, describe(o.suppressed)))
	}
	if all := append(open, o.suppressed...); wanted(want) != "" && !slices.ContainsFunc(all, func(f *finding.Finding) bool { return meets(want, f) }) {
		why = append(why, fmt.Sprintf("want %s, got %s", wanted(want), describe(all)))
	}
	return why
}

// open lists the findings that are open in the end, by id.
func (o *outcome) open() []*finding.Finding {
	var out []*finding.Finding
	for _, id := range slices.Sorted(maps.Keys(o.last)) {
		if o.last[id].Status == finding.Open {
			out = append(out, o.last[id])
		}
	}
	return out
}

func meets(want *custom.Want, f *finding.Finding) bool {
	if want.Severity != "" && want.Severity != f.Severity.String() || want.Rule != "" && want.Rule != f.Rule {
		return false
	}
	return !slices.ContainsFunc(want.Evidence, func(code string) bool { return !slices.Contains(codes(f), code) })
}

func codes(f *finding.Finding) []string {
	out := make([]string, len(f.Evidence))
	for i, e := range f.Evidence {
		out[i] = e.Code
	}
	return out
}

func wanted(want *custom.Want) string {
	var parts []string
	if want.Severity != "" {
		parts = append(parts, "severity "+want.Severity)
	}
	if want.Rule != "" {
		parts = append(parts, "rule "+want.Rule)
	}
	if len(want.Evidence) > 0 {
		parts = append(parts, "evidence "+strings.Join(want.Evidence, " "))
	}
	return strings.Join(parts, ", ")
}

func describe(findings []*finding.Finding) string {
	if len(findings) == 0 {
		return "nothing"
	}
	var parts []string
	for _, f := range findings {
		parts = append(parts, fmt.Sprintf("%s %s, score %d (%s)", f.Severity, f.Rule, f.Score, strings.Join(codes(f), " ")))
	}
	return strings.Join(parts, "; ")
}

package evaluate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Tally sums thefts up: of one scenario, or of all.
type Tally struct {
	Scenario string `json:"scenario"`
	Thefts   int    `json:"thefts"`
	Found    int    `json:"found"`
	// Alerts are the distinct findings that caught one of the thieves.
	Alerts int `json:"alerts"`
	// OfSession is the most alerts that one stolen session had; one is right.
	OfSession int `json:"most_alerts_of_session"`
	Swapped   int `json:"swapped"`
	Mixed     int `json:"mixed"`
	False     int `json:"false_alerts"` // only in the total: a false alert has no scenario
	Events    int `json:"events"`
	Covered   int `json:"events_covered"`
	// Recall is Found of Thefts, Precision is Alerts of all alerts that concern the
	// scenario; 1 when there is nothing to divide by.
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	// AlertsPerTheft is the mean over the thefts found.
	AlertsPerTheft float64       `json:"alerts_per_theft"`
	MedianDelay    time.Duration `json:"median_delay_ns"`
	MaxDelay       time.Duration `json:"max_delay_ns"`
	// MaxOnset is the longest that a found thief was at work before the first event
	// that an alert names.
	MaxOnset time.Duration `json:"max_onset_ns"`

	delays []time.Duration
}

func (t *Tally) add(r Result) {
	t.Thefts++
	t.Events += r.Events
	t.Covered += r.Covered
	t.Swapped += len(r.Swapped)
	t.Mixed += r.Mixed
	if len(r.Alerts) == 0 {
		return
	}
	t.Found++
	t.Alerts += len(r.Alerts)
	t.OfSession = max(t.OfSession, r.OfSession)
	t.delays = append(t.delays, r.Delay)
	t.MaxOnset = max(t.MaxOnset, r.Onset)
}

func (t *Tally) finish() {
	t.Recall = ratio(t.Found, t.Thefts)
	t.Precision = ratio(t.Alerts, t.Alerts+t.Swapped+t.False)
	if t.Found > 0 {
		t.AlertsPerTheft = float64(t.Alerts) / float64(t.Found)
		slices.Sort(t.delays)
		t.MedianDelay, t.MaxDelay = t.delays[len(t.delays)/2], t.delays[len(t.delays)-1]
	}
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// WriteJSON writes the whole report as indented JSON.
func (rep *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rep); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// WriteText writes the report for people: a line a scenario, then what went wrong.
// Delays of a week and more are not shown: such findings were made of an old log.
func (rep *Report) WriteText(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: tw}
	p.line("alerts count from severity %s", rep.Minimum)
	p.line("scenario\tthefts\tfound\trecall\tprecision\talerts/theft\tevents\tswapped\tmixed\tonset\tmedian delay\tmax delay")
	for _, t := range rep.Scenarios {
		p.tally(t)
	}
	p.tally(rep.Total)
	if rep.Hidden.Thefts > 0 {
		p.line("hidden (not scored)\t%d\t%d", rep.Hidden.Thefts, rep.Hidden.Found)
	}
	p.line("alerts %d, false %d, swapped %d, withdrawn %d", rep.Alerts, len(rep.False), len(rep.Swapped), rep.Withdrawn)
	p.line("at most %d for one stolen session, besides those for credentials made with it", rep.Total.OfSession)
	for _, id := range rep.Missed {
		p.line("missed: %s", id)
	}
	for _, m := range rep.Swapped {
		p.line("swapped: %s about %s: %s is the owner's", m.ID, m.About, first(m.Intruders))
	}
	for _, n := range rep.falseByPattern() {
		p.line("false: %d about %s, for example %s (%s, %s from %s)",
			n.count, n.pattern, n.example.ID, n.example.Severity, n.example.Principal, first(n.example.Intruders))
	}
	if p.err == nil {
		p.err = tw.Flush()
	}
	if p.err != nil {
		return fmt.Errorf("write report: %w", p.err)
	}
	return nil
}

// patternCount is how many false alerts a benign pattern caused.
type patternCount struct {
	pattern string
	count   int
	example Misjudged
}

// falseByPattern groups the false alerts, the most frequent pattern first.
func (rep *Report) falseByPattern() []patternCount {
	var all []patternCount
	for _, m := range rep.False {
		i := slices.IndexFunc(all, func(n patternCount) bool { return n.pattern == m.About })
		if i < 0 {
			all = append(all, patternCount{pattern: m.About, example: m})
			i = len(all) - 1
		}
		all[i].count++
	}
	slices.SortStableFunc(all, func(a, b patternCount) int { return cmp.Compare(b.count, a.count) })
	return all
}

func first(all []string) string {
	if len(all) == 0 {
		return "nowhere"
	}
	return all[0]
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) tally(t Tally) {
	p.line("%s\t%d\t%d\t%.2f\t%.2f\t%.1f\t%d/%d\t%d\t%d\t%v\t%s\t%s", t.Scenario, t.Thefts, t.Found, t.Recall, t.Precision,
		t.AlertsPerTheft, t.Covered, t.Events, t.Swapped, t.Mixed, t.MaxOnset, delay(t.MedianDelay), delay(t.MaxDelay))
}

// afterwards is the delay from which findings must come of an old log, read
// afterwards, so that their delay says nothing.
const afterwards = 7 * 24 * time.Hour

func delay(d time.Duration) string {
	if d >= afterwards {
		return "-"
	}
	return d.Round(time.Second).String()
}

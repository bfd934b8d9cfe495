package finding

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// TextOptions say how WriteText renders. The zero value is 100 columns without
// colour.
type TextOptions struct {
	// Color allows SGR escape sequences. Whether the output is a terminal and
	// NO_COLOR is unset is for the caller to find out.
	Color bool
	// Width is the number of columns; 0 means 100, and less than 60 means 60.
	// Policies keep to one line each, however long, so that they can be copied.
	Width int
	// Previous is the line of the same ID that the reader saw last, so that an
	// update can say what changed; nil when there is none or it is not known.
	Previous *Finding
}

const (
	defaultWidth = 100
	minWidth     = 60
)

// Limits in columns of what one value from the log may take up in a text.
const (
	nameLimit   = 128  // ids, names, addresses: see word
	agentLimit  = 200  // user agents
	textLimit   = 500  // sentences
	policyLimit = 4096 // policy documents
)

// Limits of how many there are in a list.
const (
	maxEvidence  = 20
	maxAddresses = 12
	maxShownIDs  = 5
	maxKeys      = 8
	maxSteps     = 20
	maxChanges   = 30
)

// WriteText writes f to w for people, in one Write that ends in a blank line. A
// new finding is told in full, an update in what changed, a close in why. The
// first line alone begins in the first column. A value from the log can neither
// begin a line nor send anything to the terminal but printable characters of one
// column each. The number of lines is bounded whatever f contains.
func WriteText(w io.Writer, f *Finding, o TextOptions) error {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	p := &page{color: o.Color, width: max(o.Width, minWidth)}
	switch f.Activity {
	case Close:
		p.closed(f)
	case Update:
		p.updated(f, o.Previous)
	default:
		p.created(f)
	}
	p.footer(f)
	p.line("")
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write finding %q: %w", f.ID, err)
	}
	return nil
}

func (p *page) created(f *Finding) {
	p.badge(badgeText(f.Severity), badgeStyle(f.Severity), f.Title)
	p.paragraph("  ", headline(f))
	p.paragraph("  ", judgement(f))
	p.comparison(f)
	p.reasons(f)
	p.deeds(f)
	p.otherAddresses(f)
	p.session(f.Token)
	p.containment(f.Containment)
}

func (p *page) closed(f *Finding) {
	badge := "CLOSED"
	if f.Suppressed != nil {
		badge = "SUPPRESSED"
	}
	p.badge(badge, dim, f.Title)
	p.paragraph("  ", "Closed: "+or(clean(f.Reason, textLimit), "no reason given"))
	p.paragraph("  ", "It was: "+headline(f))
	p.paragraph("  ", calls(f))
}

// badge writes the first line: how bad, and what.
func (p *page) badge(badge string, how style, title string) {
	const untitled = "Session token used from where it does not belong"
	badge = "[" + badge + "]"
	lines := wrap(or(clean(title, textLimit), untitled), p.width-len(badge)-1)
	p.line(p.paint(how, badge) + " " + p.paint(bold, lines[0]))
	for _, rest := range lines[1:] {
		p.line(pad("", len(badge)+1) + p.paint(bold, rest))
	}
}

func badgeText(s Severity) string { return strings.ToUpper(s.String()) }

func badgeStyle(s Severity) style {
	switch s {
	case Critical:
		return "1;37;41"
	case High:
		return "1;31"
	case Medium:
		return "1;33"
	case Low:
		return "36"
	}
	return dim
}

// staleAfter is when the time to detection stops to say anything: the finding was
// made from an old log.
const staleAfter = 7 * 24 * time.Hour

// judgement is the line of figures below the headline.
func judgement(f *Finding) string {
	latency := ""
	if f.Observed != nil && f.DetectedAt.After(f.Observed.Time) && f.DetectedAt.Sub(f.Observed.Time) < staleAfter {
		latency = "detected " + span(f.DetectedAt.Sub(f.Observed.Time)) + " after the first foreign call"
	}
	return joined(" · ", fmt.Sprintf("Score %d", f.Score), prefixed("confidence ", word(string(f.Confidence))), latency)
}

// footer names the finding for later reference.
func (p *page) footer(f *Finding) {
	phase := word(string(f.Phase))
	if f.Phase == Provisional && f.Status != Closed {
		phase += " (an earlier event can still change it)"
	}
	rule, attack := prefixed("rule ", word(f.Rule)), prefixed("ATT&CK ", words(f.Attack, maxKeys))
	state := joined(", ", word(string(f.Status)), phase)
	p.line("")
	for _, text := range wrap(joined(" · ", word(f.ID), state, rule, attack), p.width-2) {
		p.line("  " + p.paint(dim, text))
	}
}

// joined joins the parts that are not empty.
func joined(separator string, parts ...string) string {
	var full []string
	for _, part := range parts {
		if part != "" {
			full = append(full, part)
		}
	}
	return strings.Join(full, separator)
}

// prefixed is s behind its prefix, empty where s is.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// stamp is a time as people compare it; empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// period is a stretch of time, which names a day once.
func period(first, last time.Time) string {
	switch {
	case !last.After(first):
		return stamp(first)
	case first.UTC().Format(time.DateOnly) == last.UTC().Format(time.DateOnly):
		return stamp(first) + " to " + clock(last)
	}
	return stamp(first) + " to " + stamp(last)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }

// span is a duration in its two largest units, "2h 34m".
func span(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	days, hours, minutes, seconds := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60, d/time.Second%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm %ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}

// or is s, or otherwise where s is empty.
func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

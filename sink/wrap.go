package sink

import (
	"context"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// Filter passes to next the findings that keep says yes to. The others count as
// accepted.
func Filter(next Sink, keep func(*finding.Finding) bool) Sink {
	return filter{next: next, keep: keep}
}

// MinSeverity passes to next what is at least as severe as least, and every
// close: who holds an alert must hear that it is over. An update that lowers a
// finding below least does not pass.
func MinSeverity(next Sink, least finding.Severity) Sink {
	return Filter(next, func(f *finding.Finding) bool {
		return f.Severity >= least || f.Activity == finding.Close
	})
}

// Settled passes to next what no late event is expected to change any more, and the
// closes of findings of which it passed a line: the phase of a close is that of the
// line before it. The first line that passes may therefore be an update.
func Settled(next Sink) Sink {
	return Filter(next, func(f *finding.Finding) bool { return f.Phase == finding.Settled })
}

type filter struct {
	next Sink
	keep func(*finding.Finding) bool
}

func (s filter) Send(ctx context.Context, findings []*finding.Finding) error {
	kept := make([]*finding.Finding, 0, len(findings))
	for _, f := range findings {
		if s.keep(f) {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return s.next.Send(ctx, kept)
}

// Observer is told of every Send: what was sent, how long it took, and how it
// ended. It may be called from several goroutines at once.
type Observer func(findings []*finding.Finding, took time.Duration, err error)

// Counting reports every Send of next to observe, for metrics.
func Counting(next Sink, observe Observer) Sink {
	return counting{next: next, observe: observe}
}

type counting struct {
	next    Sink
	observe Observer
}

func (s counting) Send(ctx context.Context, findings []*finding.Finding) error {
	start := time.Now()
	err := s.next.Send(ctx, findings)
	s.observe(findings, time.Since(start), err)
	return err
}

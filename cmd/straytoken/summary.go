package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/trail"
)

// summary says on standard error what was read, found and left out, and why.
func (s *scanner) summary(listing trail.Listing) {
	counts := s.proc.Counts()
	took := time.Since(s.started)
	events := counts.Events.Load()
	say("%d events in %d files, %s (%.0f events/s)", events, len(listing.Entries), took.Round(10*time.Millisecond), float64(events)/took.Seconds())
	say("%d sessions and access keys seen, %d judgements", s.memory.Count("session"), counts.Judged.Load())
	open := s.final.Open(finding.Informational)
	say("%d findings open%s", open, s.bySeverity())
	if n := s.final.Closed(); n > 0 {
		say("%d findings raised and closed again, as later events explained them", n)
	}
	s.customSummary()
	for _, reason := range slices.Sorted(maps.Keys(listing.Skipped)) {
		skip := listing.Skipped[reason]
		say("skipped %d files: %s (such as %s)", skip.Count, reason, skip.Example)
	}
	for i := range counts.Skipped {
		if n := counts.Skipped[i].Load(); n > 0 {
			say("skipped %d records: %s", n, cloudtrail.SkipReason(i))
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(counts.Bad)) {
		if n := counts.Bad[reason].Load(); n > 0 {
			say("could not use %d records: %s (%s)", n, reason, s.letters.example(string(reason)))
		}
	}
	if n := s.memory.Evicted(); n > 0 {
		say("forgot %d keys for want of room: thefts among their sessions may be missed; raise --state-keys", n)
	}
}

// customSummary says what exceptions and custom rules did.
func (s *scanner) customSummary() {
	if s.held > 0 {
		say("%d findings suppressed by exceptions and rules (--show-suppressed prints them)", s.held)
	}
	staged := s.proc.Counts().Staged()
	for _, rule := range slices.Sorted(maps.Keys(staged)) {
		say("staged rule %s held for %d sessions", rule, staged[rule])
	}
	failures := s.judge.failures()
	for _, rule := range slices.Sorted(maps.Keys(failures)) {
		if n := failures[rule]; n > 0 {
			say("rule %s failed %d times, and was taken not to hold", rule, n)
		}
	}
}

func (s *scanner) bySeverity() string {
	text := ""
	for level := finding.Critical; level > finding.Informational; level-- {
		if n := s.final.Open(level) - s.final.Open(level+1); n > 0 {
			text += fmt.Sprintf(", %d %s", n, level)
		}
	}
	return text
}

// letterBox counts dead letters and, where a file is named, keeps them.
type letterBox struct {
	file *sink.DeadLetterFile // nil: only counted

	mu       sync.Mutex
	first    string
	examples map[string]string
}

func newLetterBox(path string) (*letterBox, error) {
	b := &letterBox{examples: map[string]string{}}
	if path == "" {
		return b, nil
	}
	var err error
	b.file, err = sink.OpenDeadLetterFile(path)
	return b, err
}

// Send implements sink.DeadLetterSink.
func (b *letterBox) Send(ctx context.Context, letters []sink.DeadLetter) error {
	b.mu.Lock()
	for _, l := range letters {
		text := cmp.Or(l.Source, l.Shard, l.Session) + ": " + l.Error
		b.first = cmp.Or(b.first, text)
		b.examples[l.Reason] = cmp.Or(b.examples[l.Reason], text)
	}
	b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	return b.file.Send(ctx, letters)
}

func (b *letterBox) example(reason string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.examples[reason]
}

func (b *letterBox) close() {
	if b.file != nil {
		if err := b.file.Close(); err != nil {
			say("straytoken: close the dead letters: %v", err)
		}
	}
}

// bar is a progress bar on standard error, if that is a terminal.
type bar struct{ *progressbar.ProgressBar }

func newBar(quiet bool) bar {
	if quiet || !isTerminal(os.Stderr) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("scanning"), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))}
}

func (b bar) update(p trail.Progress) {
	if b.ProgressBar == nil {
		return
	}
	if p.TotalBytes > 0 {
		b.ChangeMax64(p.TotalBytes)
	}
	b.Describe(fmt.Sprintf("scanning %d/%d files", p.Files, p.TotalFiles))
	_ = b.Set64(p.Bytes) // a bar that cannot be drawn stops nobody
}

func (b bar) finish() {
	if b.ProgressBar != nil {
		_ = b.Finish()
	}
}

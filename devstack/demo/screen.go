package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/finding/jsonl"
)

// inFull is how many findings are told in full. Of the others, which nobody could follow, there is a line each.
const inFull = 2

// screen is what a person watches. It is safe for concurrent use.
type screen struct {
	out     io.Writer
	started time.Time
	text    finding.TextOptions

	mu    sync.Mutex
	shown map[string]*finding.Finding // by id, as it was shown last
}

func newScreen(out *os.File) *screen {
	s := &screen{out: out, started: time.Now(), shown: map[string]*finding.Finding{}}
	if term.IsTerminal(int(out.Fd())) {
		_, plain := os.LookupEnv("NO_COLOR")
		s.text.Color = !plain
		s.text.Width, _, _ = term.GetSize(int(out.Fd())) // 0, the default, where there is none
	}
	return s
}

// say tells what happens, behind the time since the start.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line(fmt.Sprintf(format, args...))
}

// line writes a line. A screen that takes nothing stops nobody.
func (s *screen) line(text string) {
	fmt.Fprintf(s.out, "%6.1fs  %s\n", time.Since(s.started).Seconds(), text)
}

// show tells of a line of findings: of the first new ones in full, of the others in one line.
func (s *screen) show(f *finding.Finding, by int, wait string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	previous := s.shown[f.ID]
	s.shown[f.ID] = f
	if f.Activity == finding.Update && same(f, previous) {
		return
	}
	if f.Activity != finding.Create || len(s.shown) > inFull {
		s.line(fmt.Sprintf("w%d %s %s", by, wait, brief(f, previous)))
		return
	}
	s.line(fmt.Sprintf("worker %d, %s after the event was put:\n", by, strings.TrimSpace(wait)))
	_ = finding.WriteText(s.out, f, s.text)
	if len(s.shown) == inFull {
		s.line("from here on one line each: who found it, how long after the put of the newest event it names, what")
	}
}

// same tells whether a finding says again what was said: two workers that see a session at once both speak.
func same(f, previous *finding.Finding) bool {
	if previous == nil {
		return false
	}
	a, b := *f, *previous
	b.Activity, b.DetectedAt, b.Containment = a.Activity, a.DetectedAt, a.Containment
	return reflect.DeepEqual(a, b)
}

// brief is a finding in one line: the first one of its text and, of an update, the first change. Both are safe to
// print whatever the log says.
func brief(f, previous *finding.Finding) string {
	const wide = 10_000 // so that nothing is broken into several lines
	var b bytes.Buffer
	_ = finding.WriteText(&b, f, finding.TextOptions{Width: wide, Previous: previous}) // a buffer takes everything
	text := b.String()
	first, _, _ := strings.Cut(text, "\n")
	first = strings.Replace(first, "Session credentials of ", "", 1)
	_, change, changed := strings.Cut(text, "\n  - ")
	if f.Activity != finding.Update || !changed {
		return first
	}
	change, _, _ = strings.Cut(change, "\n")
	who, _, _ := strings.Cut(first, ", first used")
	return who + ": " + change
}

// found takes the findings of one worker: to the file, the screen and the clock.
func (d *demo) found(by int) func(*finding.Finding, time.Time) {
	return func(f *finding.Finding, at time.Time) {
		wait := "    ?"
		if took, ok := d.clock.wait(f, at); ok {
			wait = fmt.Sprintf("%4.2fs", took.Seconds())
		}
		if err := d.findings.add(f); err != nil {
			d.fail(err)
		}
		d.screen.show(f, by, wait)
	}
}

// record is the file of all findings, in the order of their arrival.
type record struct {
	mu   sync.Mutex
	file io.Writer
}

func (r *record) add(f *finding.Finding) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	line, err := jsonl.Append(nil, f)
	if err == nil {
		_, err = r.file.Write(line)
	}
	if err != nil {
		return fmt.Errorf("keep a finding: %w", err)
	}
	return nil
}

// progressEvery is the time between two lines that say how far it is.
const progressEvery = 5 * time.Second

// showProgress says how far it is, now and then, until it is told to stop.
func (d *demo) showProgress(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for sleep(ctx, progressEvery) == nil {
			d.sayProgress(ctx)
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

func (d *demo) sayProgress(ctx context.Context) {
	of := ""
	if d.traffic.events > 0 {
		of = fmt.Sprintf(" of %d", d.traffic.events)
	}
	put, done := d.clock.events.Load(), sum(d.scrape(ctx), worker.Events)
	if ctx.Err() == nil {
		d.screen.say("-- %d%s events put, %d processed", put, of, done)
	}
}

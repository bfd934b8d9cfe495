package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
)

func TestClockMeasuresFromTheNewestEventNamed(t *testing.T) {
	start := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	c := newClock()
	c.put([]string{"owner"}, at(0))
	c.put([]string{"thief"}, at(10))
	c.put([]string{"thief"}, at(11)) // delivered twice
	c.put([]string{"later"}, at(20)) // after the finding: it cannot have caused it
	f := &finding.Finding{Activity: finding.Create, FirstSeen: &finding.Observation{EventID: "owner"}, EventIDs: []string{"thief", "later"}}
	if wait, ok := c.wait(f, at(12)); !ok || wait != 2*time.Second {
		t.Errorf("waited %s, %v; want 2s", wait, ok)
	}
	if q := c.quantiles(0.5, 1); len(q) != 2 || q[0] != 2*time.Second || q[1] != 2*time.Second {
		t.Errorf("quantiles %v", q)
	}
	if _, ok := c.wait(&finding.Finding{EventIDs: []string{"unheard of"}}, at(12)); ok {
		t.Error("a finding of events that were not put has a wait")
	}
}

func TestLabelsLieInOrBesideTheFolder(t *testing.T) {
	const set = `{"schema":1,"set":"x","thefts":[{"id":"t1"}]}`
	tests := map[string]struct {
		labels, text string
		found, bad   bool
	}{
		"in it":     {"trail/labels.json", set, true, false},
		"beside it": {"trail.labels.json", set, true, false},
		"broken":    {"trail/labels.json", "{", false, true},
		"none":      {"other.json", set, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "trail"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, tt.labels), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			d := demo{options: options{data: filepath.Join(dir, "trail") + "/"}, screen: &screen{out: &bytes.Buffer{}}}
			got, err := d.ownTraffic()
			if (err != nil) != tt.bad || (got.labels != nil) != tt.found {
				t.Errorf("labels %v, error %v", got.labels, err)
			}
		})
	}
}

func TestScreenTellsTheFirstInFullAndTheOthersInALine(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, started: time.Now(), shown: map[string]*finding.Finding{}}
	lines := func(f finding.Finding) int {
		out.Reset()
		s.show(&f, 1, " 0.1s")
		return strings.Count(out.String(), "\n")
	}
	make := func(id string, activity finding.Activity, events int) finding.Finding {
		return finding.Finding{ID: id, Activity: activity, Status: finding.Open, Severity: finding.High, EventCount: events,
			Title: "Session credentials of ec2 i-1\n\x1b[2J are used", DetectedAt: time.Now()}
	}
	for _, id := range []string{"a", "b"} {
		if n := lines(make(id, finding.Create, 1)); n < 5 {
			t.Errorf("the finding %s has %d lines, want it in full", id, n)
		}
	}
	if n := lines(make("c", finding.Create, 1)); n != 1 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("the third finding: %q, want one safe line", out.String())
	}
	if n := lines(make("c", finding.Update, 2)); n != 1 || !strings.Contains(out.String(), "calls by the intruder: 1 → 2") {
		t.Errorf("the update: %q, want one line with the change", out.String())
	}
	if n := lines(make("c", finding.Update, 2)); n != 0 {
		t.Errorf("the same again: %q, want nothing", out.String())
	}
}

package processor_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/evaluate"
	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/state"
)

// TestQuality: of simulated traffic with every scenario in it, every visible theft
// is found, the owner is never taken for the thief, and nothing harmless is
// reported, with as few events of a quiet session remembered as run does by default.
func TestQuality(t *testing.T) {
	seeds := []uint64{1, 4}
	if raceDetector {
		seeds = seeds[:1] // takes long
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			set, events := labelled(t, simulate.Config{Seed: seed, Duplicates: 0.02})
			c := &collector{}
			p := processor.New(processor.Config{
				Facts:     state.NewFacts(remote{state.NewMemory(1 << 20)}, 1<<20),
				Extractor: rules.Extractor{Keep: 10, Contested: 1000}, Findings: c, DeadLetters: noLetters{t},
			})
			for part := range slices.Chunk(events, 120) {
				run(t, p, part)
			}
			if err := p.Finish(context.Background()); err != nil {
				t.Fatal(err)
			}
			check(t, set, c)
		})
	}
}

// labelled is simulated traffic as delivered, and the truth about it.
func labelled(t *testing.T, cfg simulate.Config) (*labels.Set, []json.RawMessage) {
	t.Helper()
	var events []json.RawMessage
	set, _, err := simulate.Generate(context.Background(), cfg, func(path string, content []byte) error {
		if strings.Contains(path, "Digest") || strings.Contains(path, "Insight") {
			return nil
		}
		z, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(z)
		if err != nil {
			return err
		}
		var file struct{ Records []json.RawMessage }
		if err := json.Unmarshal(text, &file); err != nil {
			return err
		}
		events = append(events, file.Records...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return set, events
}

func check(t *testing.T, set *labels.Set, c *collector) {
	t.Helper()
	var lines []byte
	for _, f := range c.lines {
		var err error
		if lines, err = finding.AppendJSON(lines, f); err != nil {
			t.Fatal(err)
		}
	}
	alerts, err := evaluate.ReadFindings(bytes.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	report := evaluate.Score(set, alerts, finding.Medium)
	if len(report.Missed) > 0 || len(report.False) > 0 || len(report.Swapped) > 0 || report.Total.Found != report.Total.Thefts {
		t.Errorf("found %d of %d; missed %v; false %+v; swapped %+v", report.Total.Found, report.Total.Thefts, report.Missed, report.False, report.Swapped)
	}
}

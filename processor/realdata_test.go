package processor_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// realData reads a set of real CloudTrail, its events as they stand in the files.
func realData(t *testing.T, set string) ([]json.RawMessage, *labels.Set) {
	t.Helper()
	root := filepath.Join("..", "..", "shared", "data")
	files, _ := filepath.Glob(filepath.Join(root, set, "*.json.gz"))
	if len(files) == 0 {
		t.Skipf("the real CloudTrail of %s is not beside the project (%s)", set, root)
	}
	var events []json.RawMessage
	for _, name := range files {
		events = append(events, recordsOf(t, name)...)
	}
	truth, err := os.Open(filepath.Join(root, set+".labels.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer truth.Close()
	l, err := labels.Read(truth)
	if err != nil {
		t.Fatal(err)
	}
	return events, l
}

func recordsOf(t *testing.T, name string) []json.RawMessage {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Records []json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Records
}

// collector is a sink that keeps the last state of each finding.
type collector struct {
	last  map[string]*finding.Finding
	lines []*finding.Finding
}

func (c *collector) Send(_ context.Context, findings []*finding.Finding) error {
	if c.last == nil {
		c.last = map[string]*finding.Finding{}
	}
	for _, f := range findings {
		c.last[f.ID] = f
		c.lines = append(c.lines, f)
	}
	return nil
}

// open lists the findings that are open at the end, by id.
func (c *collector) open() []*finding.Finding {
	var out []*finding.Finding
	for _, f := range c.last {
		if f.Status == finding.Open {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *finding.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// noLetters fails the test on any dead letter.
type noLetters struct{ t *testing.T }

func (n noLetters) Send(_ context.Context, letters []sink.DeadLetter) error {
	for _, l := range letters {
		n.t.Errorf("dead letter: %s: %s", l.Reason, l.Error)
	}
	return nil
}

// process runs events through a processor over memory, batch events at a time.
func process(t *testing.T, events []json.RawMessage, batch int) *collector {
	t.Helper()
	c := &collector{}
	p := processor.New(processor.Config{
		Facts: state.NewFacts(state.NewMemory(1<<20), 0), Extractor: rules.Extractor{Keep: 1000, Contested: 1000},
		Findings: c, DeadLetters: noLetters{t},
	})
	for part := range slices.Chunk(events, batch) {
		data := append(append([]byte(`{"Records":[`), bytes.Join(rawBytes(part), []byte(","))...), `]}`...)
		if err := p.Process(context.Background(), []processor.Record{{Data: data, Source: "test"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

func rawBytes(events []json.RawMessage) [][]byte {
	out := make([][]byte, len(events))
	for i, e := range events {
		out[i] = e
	}
	return out
}

// orders are the orders in which the same events must give the same findings.
func orders(events []json.RawMessage) map[string][]json.RawMessage {
	timed := slices.Clone(events)
	slices.SortStableFunc(timed, func(a, b json.RawMessage) int { return cmp.Compare(timeOf(a), timeOf(b)) })
	backwards := slices.Clone(timed)
	slices.Reverse(backwards)
	twice := append(slices.Clone(events), events...)
	out := map[string][]json.RawMessage{"as delivered": events, "in time": timed, "backwards": backwards, "twice": twice}
	for seed := range uint64(3) {
		shuffled := slices.Clone(twice)
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		out["shuffled "+string(rune('0'+seed))] = shuffled
	}
	return out
}

func timeOf(event json.RawMessage) string {
	var e struct{ EventTime string }
	if json.Unmarshal(event, &e) != nil {
		return ""
	}
	return e.EventTime
}

func TestRealData(t *testing.T) {
	for _, set := range []string{"invictus", "stratus"} {
		events, want := realData(t, set)
		for name, order := range orders(events) {
			t.Run(set+" "+name, func(t *testing.T) {
				checkThefts(t, process(t, order, 97).open(), want)
			})
		}
	}
}

// checkThefts wants exactly one finding a theft, with the right key, address and
// events, and no other.
func checkThefts(t *testing.T, open []*finding.Finding, want *labels.Set) {
	t.Helper()
	if len(open) != len(want.Thefts) {
		t.Errorf("%d findings are open, want %d", len(open), len(want.Thefts))
	}
	for _, f := range open {
		i := slices.IndexFunc(want.Thefts, func(l labels.Theft) bool { return l.AccessKey == f.Token.AccessKeyID })
		if i < 0 {
			t.Errorf("false finding %s: %s (%s %d) %v", f.ID, f.Title, f.Severity, f.Score, f.Evidence)
			continue
		}
		theft := want.Thefts[i]
		events := slices.Sorted(slices.Values(f.EventIDs))
		if slices.Sort(theft.MustFlag); !slices.Equal(events, theft.MustFlag) {
			t.Errorf("%s: events %v, want %v", theft.ID, events, theft.MustFlag)
		}
		if f.Severity < finding.Medium || !slices.Contains(theft.AttackerAddresses, f.Observed.Address) {
			t.Errorf("%s: severity %s, intruder %s, want medium or more and one of %v", theft.ID, f.Severity, f.Observed.Address, theft.AttackerAddresses)
		}
	}
}

package simulate_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/simulate"
)

func TestWriteIsDeterministic(t *testing.T) {
	cfg := simulate.Config{Duration: 2 * time.Hour, Duplicates: 0.05}
	one, two, other := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{one, two} {
		if _, err := simulate.Write(context.Background(), dir, cfg); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Seed = 7
	if _, err := simulate.Write(context.Background(), other, cfg); err != nil {
		t.Fatal(err)
	}
	if diff := firstDifference(t, one, two); diff != "" {
		t.Errorf("two runs of one configuration differ in %s", diff)
	}
	if firstDifference(t, one, other) == "" {
		t.Error("another seed made the same output")
	}
}

// firstDifference names the first file that is not the same under both directories.
func firstDifference(t *testing.T, a, b string) string {
	t.Helper()
	left, right := paths(t, a), paths(t, b)
	if len(left) != len(right) {
		return "the number of files"
	}
	for i, path := range left {
		name, _ := filepath.Rel(a, path)
		if counterpart, _ := filepath.Rel(b, right[i]); counterpart != name {
			return name
		}
		x, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		y, err := os.ReadFile(right[i])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			return name
		}
	}
	return ""
}

func TestWriteRefusesNonsense(t *testing.T) {
	tests := map[string]simulate.Config{
		"too short":        {Duration: time.Hour},
		"too many":         {Accounts: 100},
		"negative scale":   {Scale: -1},
		"duplicates":       {Duplicates: 1.5},
		"unknown scenario": {Scenarios: []string{"ec2-nonsense"}},
	}
	for name, cfg := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := simulate.Write(context.Background(), t.TempDir(), cfg); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestWriteStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := simulate.Write(ctx, t.TempDir(), simulate.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestWriteReportsAFullDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "occupied")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := simulate.Write(context.Background(), file, simulate.Config{}); err == nil {
		t.Error("no error although nothing can be stored")
	}
}

var trailName = regexp.MustCompile(`/AWSLogs/(\d{12})/CloudTrail/([a-z0-9-]+)/(\d{4}/\d\d/\d\d)/(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{8}T\d{4}Z)_[A-Za-z0-9]{16}\.json\.gz$`)

func TestTrailFiles(t *testing.T) {
	cfg := simulate.Config{Start: time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC), Duration: 2 * time.Hour}
	out := run(t, cfg)
	for _, e := range out.events {
		name := trailName.FindStringSubmatch(filepath.ToSlash(e.file))
		if name == nil {
			t.Fatalf("file name %s", e.file)
		}
		if name[1] != e.Recipient || name[4] != e.Recipient || name[2] != e.Region || name[5] != e.Region {
			t.Errorf("event of %s in %s lies in %s", e.Recipient, e.Region, e.file)
		}
		due, err := time.Parse("20060102T1504Z", name[6])
		if err != nil || due.Minute()%5 != 0 || due.Format("2006/01/02") != name[3] {
			t.Fatalf("stamp of %s", e.file)
		}
		if e.EventTime.Before(cfg.Start) || !e.EventTime.Before(cfg.Start.Add(cfg.Duration)) {
			t.Errorf("event at %v, outside the log", e.EventTime)
		}
	}
}

// The default run is read once for all that is checked on it.
func TestDefaultRun(t *testing.T) {
	out := run(t, simulate.Config{})
	if n := len(out.events); n < 20_000 || n > 35_000 {
		t.Errorf("%d events, want 20,000 to 35,000", n)
	}
	t.Run("delivery lag", func(t *testing.T) { checkDeliveryLag(t, out) })
	t.Run("event ids", func(t *testing.T) { checkEventIDs(t, out) })
	t.Run("expiration", func(t *testing.T) { checkExpiration(t, out) })
	t.Run("record sizes", func(t *testing.T) { checkRecordSizes(t, out) })
	t.Run("scenarios", func(t *testing.T) { checkScenarios(t, out, 1) })
	t.Run("events", func(t *testing.T) { checkEvents(t, out) })
	t.Run("benign", func(t *testing.T) { checkBenign(t, out) })
}

// The band is the one measured on real trail files (spec, section 1.5): 5th
// percentile 86 s, median 201 s, 95th 425 s, most 594 s.
func checkDeliveryLag(t *testing.T, out *output) {
	var lags []time.Duration
	unsorted := 0
	var last event
	for _, e := range out.events {
		if e.file == last.file && e.EventTime.Before(last.EventTime) {
			unsorted++
		}
		last = e
		if e.Addendum != nil {
			continue
		}
		name := trailName.FindStringSubmatch(filepath.ToSlash(e.file))
		due, _ := time.Parse("20060102T1504Z", name[6])
		lags = append(lags, due.Sub(e.EventTime))
	}
	slices.Sort(lags)
	at := func(percent int) time.Duration { return lags[len(lags)*percent/100] }
	if lags[0] < 0 || lags[len(lags)-1] > 600*time.Second {
		t.Errorf("lags from %v to %v", lags[0], lags[len(lags)-1])
	}
	if m := at(50); m < 170*time.Second || m > 260*time.Second {
		t.Errorf("median lag %v", m)
	}
	if p := at(95); p < 330*time.Second || p > 480*time.Second {
		t.Errorf("95th percentile %v", p)
	}
	if unsorted == 0 {
		t.Error("every file is in order of time; CloudTrail's are not")
	}
}

func TestDuplicates(t *testing.T) {
	out := run(t, simulate.Config{Duplicates: 0.2, Duration: 2 * time.Hour})
	unique := len(out.byID())
	if unique+out.summary.Duplicates != len(out.events) || out.summary.Events != len(out.events) {
		t.Errorf("%d events, %d unique, summary %+v", len(out.events), unique, out.summary)
	}
	if share := out.summary.Duplicates * 100 / unique; share < 17 || share > 23 {
		t.Errorf("%d%% duplicates, want about 20", share)
	}
	if s := out.labels.Stats; s.Events != len(out.events) || s.UniqueEventIDs != unique || s.Files != len(out.files) {
		t.Errorf("labels' stats %+v", s)
	}
}

func checkEventIDs(t *testing.T, out *output) {
	if unique := len(out.byID()); unique != len(out.events) {
		t.Errorf("%d events share %d ids", len(out.events), unique)
	}
}

// checkExpiration wants no key to be used before its issue or after its expiry.
func checkExpiration(t *testing.T, out *output) {
	issue, expiry := map[string]time.Time{}, map[string]time.Time{}
	for _, e := range out.events {
		if c := e.Response.Credentials; c.AccessKeyID != "" {
			at, err := time.Parse("Jan 2, 2006, 3:04:05 PM", c.Expiration)
			if err != nil {
				t.Fatal(err)
			}
			issue[c.AccessKeyID], expiry[c.AccessKeyID] = e.EventTime, at
		}
	}
	if len(expiry) < 1000 {
		t.Errorf("only %d keys are issued in the log", len(expiry))
	}
	for _, e := range out.events {
		key := e.Identity.AccessKeyID
		if end, issued := expiry[key]; issued && (e.EventTime.After(end) || e.EventTime.Before(issue[key])) {
			t.Errorf("%s of %s at %v, valid from %v to %v", e.EventName, e.Identity.PrincipalID, e.EventTime, issue[key], end)
		}
	}
}

func checkRecordSizes(t *testing.T, out *output) {
	if mean := out.size / int64(len(out.events)); mean < 1000 || mean > 2500 {
		t.Errorf("mean record has %d bytes, want 1,000 to 2,500", mean)
	}
}

func TestScaleAddsWorkloads(t *testing.T) {
	t.Parallel()
	small := run(t, simulate.Config{Duration: 2 * time.Hour, ThievesPerScenario: -1})
	large := run(t, simulate.Config{Duration: 2 * time.Hour, ThievesPerScenario: -1, Scale: 2})
	if len(small.labels.Thefts) != 0 {
		t.Errorf("%d thefts, want none", len(small.labels.Thefts))
	}
	if len(large.labels.Benign) != 2*len(small.labels.Benign) || len(large.events) < len(small.events)*3/2 {
		t.Errorf("scale 2 made %d events and %d patterns of %d and %d",
			len(large.events), len(large.labels.Benign), len(small.events), len(small.labels.Benign))
	}
}

func TestCompanionFilesLieBesideTheTrail(t *testing.T) {
	kinds := map[string]int{}
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Duration: 4 * time.Hour, ThievesPerScenario: -1}, func(path string, content []byte) error {
		kinds[strings.Split(path, "/")[2]]++
		if _, err := gzip.NewReader(bytes.NewReader(content)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if kinds["CloudTrail"] == 0 || kinds["CloudTrail-Digest"] == 0 || kinds["CloudTrail-Insight"] == 0 {
		t.Errorf("files of each kind: %v", kinds)
	}
}

func TestGenerateStoresInOrderOfDelivery(t *testing.T) {
	var last string
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Duration: 2 * time.Hour}, func(path string, _ []byte) error {
		name := trailName.FindStringSubmatch("/" + path)
		if name == nil {
			return nil
		}
		if name[6] < last {
			t.Errorf("%s after a file of %s", path, last)
		}
		last = name[6]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		_, summary, err := simulate.Generate(context.Background(), simulate.Config{Duration: 2 * time.Hour}, func(string, []byte) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		events += summary.Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

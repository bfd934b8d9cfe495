package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/trail"
)

// A stream read by two workers, in every envelope, must lead to the findings that a scan of the same files makes.
func TestStreamFindsWhatScanFinds(t *testing.T) {
	w := newWorld(t, 4)
	dir := t.TempDir()
	sum, err := simulate.Write(t.Context(), dir, simulate.Config{Seed: 7, Duration: 2 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	scanned := straytoken(t, "scan", "--format", "json", dir)
	if scanned.code != exitDone {
		t.Fatal(scanned.stderr)
	}
	// A scan keeps every event of a session; a worker, to save writes, by default only the first few until the session
	// is disputed. With the same memory both must judge the same.
	memory := filepath.Join(t.TempDir(), "memory.yaml")
	write(t, memory, []byte("state:\n  keep_quiet: 1000\n"))
	w.start("--config", memory)
	w.start("--config", memory)
	w.awaitShares(4)
	listing, err := trail.List(t.Context(), []string{dir}, trail.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put, err := replay.Run(t.Context(), w.stack.Kinesis(), listing.Files(t.Context(), nil), replay.Options{Stream: w.stream, Format: replay.Mixed})
	if err != nil || put.Problems > 0 || put.Events != int64(sum.Events) {
		t.Fatalf("replayed %+v, %v; want %d events", put, err, sum.Events)
	}
	w.awaitRecords(put.Records)
	if n := w.nodes[0].count(t, worker.Events) + w.nodes[1].count(t, worker.Events); n < put.Events {
		t.Errorf("%d events were processed of %d put", n, put.Events)
	}
	w.stop()
	w.compare(readFindings(t, scanned.stdout))
}

// compare holds the findings of the stream against those of a scan.
func (w *world) compare(scan []finding.Finding) {
	w.t.Helper()
	said := func(f *finding.Finding) string { return fmt.Sprintf("%s %s: %s", f.Severity, f.Rule, f.Title) }
	want, why := map[string]string{}, map[string]string{}
	for _, f := range scan {
		want[f.ID], why[f.ID] = said(&f), weighed(&f)
	}
	got := map[string]string{}
	for id, f := range w.open() {
		got[id] = said(f)
	}
	if len(want) < 10 {
		w.t.Errorf("the scan found %d thefts: too few to compare by", len(want))
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if got[id] != want[id] {
			w.t.Errorf("%s: scan says %q (%s), the stream %q, in these lines:%s", id, want[id], why[id], got[id], w.history(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if want[id] == "" {
			w.t.Errorf("%s: only the stream says %q, in these lines:%s", id, got[id], w.history(id))
		}
	}
}

// Two workers that see one session at two addresses at the same moment, each one address: none of them sees a dispute
// in its own batch, and still it must be found.
func TestTwoWorkersSeeATokenAtOnce(t *testing.T) {
	const tokens = 12
	w := newWorld(t, 2)
	w.start()
	w.start()
	w.awaitShares(2)
	shards := w.hashKeys()
	for n := range tokens {
		var at sync.WaitGroup
		ready := make(chan struct{})
		for i, address := range []string{home(n), abroad(n)} {
			at.Go(func() {
				<-ready
				w.putTo(shards[i], encode(call(n, address, n)))
			})
		}
		close(ready)
		at.Wait()
	}
	w.awaitAccused(0, tokens)
	w.stop()
}

// A worker that is asked to end hands over, and nothing is lost meanwhile.
func TestSigtermHandsOver(t *testing.T) {
	const shards, tokens = 4, 60
	w := newWorld(t, shards)
	leaving, staying := w.start(), w.start()
	w.awaitShares(shards)
	var puts sync.WaitGroup
	half := make(chan struct{})
	puts.Go(func() {
		for n := range tokens {
			if n == tokens/2 {
				close(half)
			}
			w.put(key(n), encode(call(n, home(n), 0)))
			w.put(key(n), encode(call(n, abroad(n), 60)))
			time.Sleep(20 * time.Millisecond)
		}
	})
	<-half
	leaving.Terminate()
	if err := leaving.awaitEnd(30 * time.Second); err != nil {
		t.Errorf("the worker that was asked to end: %v\n%s", err, leaving.log)
	}
	await(t, "the other worker takes over", func() (bool, string) {
		held := staying.count(t, worker.ShardsHeld)
		return held == shards, fmt.Sprintf("it holds %d of %d shards\n%s", held, shards, w.logs())
	})
	puts.Wait()
	w.awaitAccused(0, tokens)
	w.stop()
}

// What was processed before a restart is neither processed nor reported again.
func TestRestartGoesOn(t *testing.T) {
	w := newWorld(t, 1)
	first := w.start()
	w.put(key(1), encode(call(1, home(1), 0)))
	w.put(key(1), encode(call(1, abroad(1), 60)))
	w.awaitAccused(1, 2)
	w.awaitRecords(2)
	w.stop()
	before := len(w.findings)
	second := w.start()
	w.put(key(2), encode(call(2, home(2), 0)))
	w.put(key(2), encode(call(2, abroad(2), 60)))
	w.awaitAccused(2, 3)
	await(t, "the second worker processes the rest", func() (bool, string) {
		n := second.count(t, worker.Records)
		return n == 2, fmt.Sprintf("%d records, want 2", n)
	})
	w.stop()
	for _, f := range w.findings[before:] {
		if f.Token.AccessKeyID != key(2) {
			t.Errorf("%s was reported again: %s", f.Token.AccessKeyID, f.Title)
		}
	}
	if code := first.ExitCode(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestProbesAndMetrics(t *testing.T) {
	w := newWorld(t, 1)
	n := w.start()
	address, err := n.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("it listens on %s, want loopback", address)
	}
	await(t, "the worker is ready", func() (bool, string) {
		status, body, err := n.Get(t.Context(), "/readyz")
		return status == 200 && body == "ok\n", fmt.Sprintf("%d %q %v", status, body, err)
	})
	if status, body, err := n.Get(t.Context(), "/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q %v", status, body, err)
	}
	if status, _, _ := n.Get(t.Context(), "/elsewhere"); status != 404 {
		t.Errorf("/elsewhere: %d, want 404", status)
	}
	for _, args := range [][]string{{"health", "--address", address}, {"health", "--ready", "--address", address}} {
		if got := straytoken(t, args...); got.code != exitDone || got.stdout+got.stderr != "" {
			t.Errorf("%v: exit code %d, said %q", args, got.code, got.stdout+got.stderr)
		}
	}
	m, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range []string{worker.Events, worker.Records, worker.ShardsHeld, worker.Defects,
		`straytoken_findings_total{activity="create"}`, `straytoken_dead_letters_total{reason="not_json"}`} {
		if v, ok := m[series]; !ok || series != worker.ShardsHeld && v != 0 {
			t.Errorf("%s is %v, %v; want it to start at zero", series, v, ok)
		}
	}
	w.stop()
	if got := straytoken(t, "health", "--address", address); got.code != exitFailure {
		t.Errorf("health of a worker that has ended: exit code %d, want %d", got.code, exitFailure)
	}
}

// The replay command is what people put files into a stream with.
func TestReplayCommand(t *testing.T) {
	w := newWorld(t, 2)
	w.start()
	file := filepath.Join(t.TempDir(), "trail.json")
	write(t, file, theft())
	for _, format := range replay.Formats() {
		got := command{args: []string{"replay", "--stream", w.stream, "--format", string(format), file}, env: w.env()}.run(t)
		if got.code != exitDone || got.stdout != "" || !strings.Contains(got.stderr, "3 events") {
			t.Errorf("replay in %s: exit code %d, output %q, said %q", format, got.code, got.stdout, got.stderr)
		}
	}
	w.awaitAccused(1, 2)
	await(t, "all formats are read", func() (bool, string) {
		n := w.nodes[0].count(t, worker.Events)
		return n == int64(3*len(replay.Formats())), fmt.Sprintf("%d events", n)
	})
	if n := w.nodes[0].count(t, "straytoken_dead_letters_total"); n != 0 {
		t.Errorf("%d dead letters, want none", n)
	}
	w.stop()
}

// putTo puts a record into the shard of a hash key.
func (w *world) putTo(hashKey string, data []byte) {
	same := "the partition key does not count"
	_, err := w.stack.Kinesis().PutRecord(w.t.Context(), &kinesis.PutRecordInput{StreamName: &w.stream, PartitionKey: &same, ExplicitHashKey: &hashKey, Data: data})
	if err != nil {
		w.t.Error(err)
	}
}

// awaitAccused waits until there was a finding about each of the sessions first to end-1.
func (w *world) awaitAccused(first, end int) {
	w.t.Helper()
	await(w.t, "every stolen session is found", func() (bool, string) {
		var missing []string
		accused := w.accused()
		for n := first; n < end; n++ {
			if !accused[key(n)] {
				missing = append(missing, key(n))
			}
		}
		return len(missing) == 0, fmt.Sprintf("missing %v\n%s", missing, w.logs())
	})
}

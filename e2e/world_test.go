package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
)

// world is a stream, its tables, and the workers that one test runs on it.
type world struct {
	t      *testing.T
	stack  *devstack.Stack
	stream string
	nodes  []*node

	mu       sync.Mutex
	findings []*finding.Finding // of all workers, in the order of their arrival
	by       []string           // the worker of each
	broken   []error            // lines of standard output that are no findings
}

// node is one worker.
type node struct {
	*worker.Process
	letters string // path of its dead letters
	log     *safeBuffer
}

func newWorld(t *testing.T, shards int) *world {
	t.Helper()
	w := &world{t: t, stack: servers(t), stream: "e2e-" + rand.Text()[:8]}
	if err := w.stack.CreateStream(t.Context(), w.stream, shards); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.end)
	return w
}

// env points the binary at the local servers.
func (w *world) env() []string { return w.stack.Environment() }

// start starts a worker, which reads the stream from its beginning.
func (w *world) start(args ...string) *node {
	w.t.Helper()
	name := fmt.Sprintf("worker-%d", len(w.nodes)+1)
	n := &node{letters: filepath.Join(w.t.TempDir(), name+".jsonl"), log: &safeBuffer{}}
	args = append([]string{"--stream", w.stream, "--application", w.stream + "-leases", "--state-table", w.stream + "-state",
		"--start", "trim-horizon", "--worker-id", name, "--dead-letters", n.letters, "--failover", "5s"}, args...)
	p, err := worker.Start(worker.Config{
		Binary: binary, Args: args, Dir: w.t.TempDir(), Env: worker.Environment(w.env()...), Log: n.log,
		OnFinding: func(f *finding.Finding, _ time.Time) { w.found(name, f) }, OnBroken: w.unreadable,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	n.Process = p
	w.nodes = append(w.nodes, n)
	return n
}

func (w *world) found(by string, f *finding.Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by = append(w.by, by)
	w.findings = append(w.findings, f)
}

func (w *world) unreadable(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, err)
}

// open are the findings that stand, by id, in their last state.
func (w *world) open() map[string]*finding.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[string]*finding.Finding{}
	for _, f := range w.findings {
		last[f.ID] = f
	}
	maps.DeleteFunc(last, func(_ string, f *finding.Finding) bool { return f.Status == finding.Closed })
	return last
}

// history is every line of a finding, in the order of arrival.
func (w *world) history(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for i, f := range w.findings {
		if f.ID == id {
			fmt.Fprintf(&b, "\n  %s %s %s at %s: %s", w.by[i], f.Activity, f.Status, f.DetectedAt.Format(time.StampMilli), weighed(f))
		}
	}
	return b.String()
}

// weighed is how a finding came to its severity.
func weighed(f *finding.Finding) string {
	text := fmt.Sprintf("%s by %s, score %d, %d events", f.Severity, f.Rule, f.Score, f.EventCount)
	for _, e := range f.Evidence {
		text += fmt.Sprintf(", %s %+d", e.Code, e.Weight)
	}
	return text
}

// accused are the access keys that a finding was ever made about.
func (w *world) accused() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys := map[string]bool{}
	for _, f := range w.findings {
		keys[f.Token.AccessKeyID] = true
	}
	return keys
}

// awaitShares waits until all workers hold their share of the shards.
func (w *world) awaitShares(shards int) {
	w.t.Helper()
	await(w.t, "the workers share the shards", func() (bool, string) {
		sum, fair := int64(0), true
		for _, n := range w.nodes {
			held := n.count(w.t, worker.ShardsHeld)
			sum += held
			fair = fair && held >= int64(shards/len(w.nodes))
		}
		return fair && sum == int64(shards), fmt.Sprintf("%d of %d shards are held, fairly: %v\n%s", sum, shards, fair, w.logs())
	})
}

// awaitRecords waits until the workers have processed records.
func (w *world) awaitRecords(records int64) {
	w.t.Helper()
	await(w.t, "the workers process all records", func() (bool, string) {
		sum := int64(0)
		for _, n := range w.nodes {
			sum += n.count(w.t, worker.Records)
		}
		return sum >= records, fmt.Sprintf("%d of %d records\n%s", sum, records, w.logs())
	})
}

// stop asks all workers to end; each must do so in order.
func (w *world) stop() {
	w.t.Helper()
	for _, n := range w.nodes {
		n.Terminate()
	}
	for i, n := range w.nodes {
		if err := n.awaitEnd(patience); err != nil {
			w.t.Errorf("worker %d: %v\n%s", i+1, err, n.log)
		}
	}
	if len(w.broken) > 0 {
		w.t.Errorf("standard output holds what is no finding: %v", w.broken)
	}
}

// end leaves nothing running, whatever became of the test.
func (w *world) end() {
	for _, n := range w.nodes {
		n.Kill()
	}
}

// logs are the last lines of all workers.
func (w *world) logs() string {
	var b strings.Builder
	for i, n := range w.nodes {
		lines := strings.Split(strings.TrimSpace(n.log.String()), "\n")
		fmt.Fprintf(&b, "worker %d:\n  %s\n", i+1, strings.Join(lines[max(0, len(lines)-8):], "\n  "))
	}
	return b.String()
}

// count is a counter of a worker; 0 where it does not answer.
func (n *node) count(t *testing.T, series string) int64 {
	m, err := n.Metrics(t.Context())
	if err != nil {
		return 0
	}
	return m.Sum(series)
}

// awaitEnd waits for the end; the error is an exit code other than 0 or a worker that does not end.
func (n *node) awaitEnd(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-n.Done():
		return n.Err()
	case <-ctx.Done():
		return fmt.Errorf("it did not end within %s", limit)
	}
}

// put puts a record and gives its shard and sequence number.
func (w *world) put(key string, data []byte) (shard, sequence string) {
	w.t.Helper()
	out, err := w.stack.Kinesis().PutRecord(w.t.Context(), &kinesis.PutRecordInput{StreamName: &w.stream, PartitionKey: &key, Data: data})
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(out.ShardId), aws.ToString(out.SequenceNumber)
}

// hashKeys are explicit hash keys, the first of each shard.
func (w *world) hashKeys() []string {
	w.t.Helper()
	out, err := w.stack.Kinesis().ListShards(w.t.Context(), &kinesis.ListShardsInput{StreamName: &w.stream})
	if err != nil {
		w.t.Fatal(err)
	}
	var keys []string
	for _, s := range out.Shards {
		keys = append(keys, aws.ToString(s.HashKeyRange.StartingHashKey))
	}
	slices.Sort(keys)
	return keys
}

// safeBuffer is a log that is written and read at once.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

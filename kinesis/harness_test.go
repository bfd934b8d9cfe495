package kinesis_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/kinesis"
)

// patience bounds every wait for a condition: generous, because the machine may be busy.
const patience = 60 * time.Second

// world is one test's stream and lease table.
type world struct {
	t      *testing.T
	stack  *devstack.Stack
	stream string
	table  string
	put    int // records put so far
}

func newWorld(t *testing.T, shards int) *world {
	t.Helper()
	t.Parallel()
	name := strings.ReplaceAll(t.Name(), "/", ".") + "-" + rand.Text()[:6] // another one with every -count
	w := &world{t: t, stack: stack(t), stream: name, table: name + "-leases"}
	if err := w.stack.CreateStream(t.Context(), name, shards); err != nil {
		t.Fatal(err)
	}
	return w
}

// config is quick enough for tests and slow enough for a busy machine.
func (w *world) config() kinesis.Config {
	return kinesis.Config{
		Stream: w.stream, Application: w.table, WorkerID: "test", Start: kinesis.TrimHorizon(),
		Failover: 5 * time.Second, Grace: 20 * time.Second, Logger: logger(w.t),
	}
}

func (w *world) clients() kinesis.Clients {
	return kinesis.Clients{Kinesis: w.stack.Kinesis(), DynamoDB: w.stack.DynamoDB()}
}

// putRecords puts records "key:0", "key:1" and so on, going on where the last call for the test stopped.
func (w *world) putRecords(n int, keys ...string) {
	w.t.Helper()
	var entries []types.PutRecordsRequestEntry
	for range n {
		for _, key := range keys {
			entries = append(entries, types.PutRecordsRequestEntry{PartitionKey: aws.String(key), Data: fmt.Appendf(nil, "%s:%d", key, w.put)})
		}
		w.put++
	}
	for part := range slices.Chunk(entries, 500) {
		out, err := w.stack.Kinesis().PutRecords(w.t.Context(), &sdk.PutRecordsInput{StreamName: &w.stream, Records: part})
		if err != nil || aws.ToInt32(out.FailedRecordCount) > 0 {
			w.t.Fatalf("put records: %v, %v", out, err)
		}
	}
}

// openShards returns the shards that take records, sorted.
func (w *world) openShards() (open []types.Shard) {
	w.t.Helper()
	out, err := w.stack.Kinesis().ListShards(w.t.Context(), &sdk.ListShardsInput{StreamName: &w.stream})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, s)
		}
	}
	return open
}

// split cuts an open shard in the middle.
func (w *world) split(s types.Shard) {
	w.t.Helper()
	_, err := w.stack.Kinesis().SplitShard(w.t.Context(), &sdk.SplitShardInput{StreamName: &w.stream, ShardToSplit: s.ShardId,
		NewStartingHashKey: aws.String(middle(*s.HashKeyRange.StartingHashKey, *s.HashKeyRange.EndingHashKey))})
	w.settle(err)
}

// merge joins two neighbours.
func (w *world) merge(a, b types.Shard) {
	w.t.Helper()
	_, err := w.stack.Kinesis().MergeShards(w.t.Context(), &sdk.MergeShardsInput{StreamName: &w.stream, ShardToMerge: a.ShardId,
		AdjacentShardToMerge: b.ShardId})
	w.settle(err)
}

// settle waits until the stream is active again.
func (w *world) settle(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, "the stream is active", func() bool {
		out, err := w.stack.Kinesis().DescribeStreamSummary(w.t.Context(), &sdk.DescribeStreamSummaryInput{StreamName: &w.stream})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
	})
}

// lease returns a shard's row in the lease table, as text.
func (w *world) lease(shard string) map[string]string {
	w.t.Helper()
	out, err := w.stack.DynamoDB().Scan(w.t.Context(), &dynamodb.ScanInput{TableName: &w.table, ConsistentRead: aws.Bool(true)})
	var creating *ddbtypes.ResourceNotFoundException // also while the table is being made
	if errors.As(err, &creating) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for _, it := range out.Items {
		row := map[string]string{}
		for name, v := range it {
			if s, ok := v.(*ddbtypes.AttributeValueMemberS); ok {
				row[name] = s.Value
			}
		}
		if strings.HasSuffix(row["LeaseKey"], "/"+shard) {
			return row
		}
	}
	return nil
}

// running is a worker in the background.
type running struct {
	*kinesis.Worker
	t      *testing.T
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid after done
}

// start runs a worker until the end of the test at the latest.
func (w *world) start(cfg kinesis.Config, clients kinesis.Clients, h kinesis.Handler) *running {
	w.t.Helper()
	worker, err := kinesis.New(cfg, clients, h)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Worker: worker, t: w.t, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = worker.Run(ctx)
	}()
	w.t.Cleanup(func() { r.cancel(); r.wait() })
	return r
}

// stop ends the worker and returns the error of Run.
func (r *running) stop() error {
	r.cancel()
	return r.wait()
}

// wait returns the error of Run.
func (r *running) wait() error {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Error("the worker does not end")
	}
	return r.err
}

func (r *running) shards() int { return len(r.Status().Shards) }

// recorder is a Handler that remembers what it was given and accepted.
type recorder struct {
	before func(ctx context.Context, b kinesis.Batch) error // may be nil; may refuse the batch

	mu     sync.Mutex
	order  []string // data in order of acceptance
	counts map[string]int
}

func (r *recorder) HandleBatch(ctx context.Context, b kinesis.Batch) error {
	if r.before != nil {
		if err := r.before(ctx, b); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int{}
	}
	for _, rec := range b.Records {
		r.order = append(r.order, string(rec.Data))
		r.counts[string(rec.Data)]++
	}
	return nil
}

func (r *recorder) distinct() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.counts)
}

func (r *recorder) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.order)
}

// inOrder fails the test unless the records of each key came in the order in which they were put.
func (r *recorder) inOrder(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	last := map[string]int{}
	for _, data := range r.order {
		key, digits, _ := strings.Cut(data, ":")
		var n int
		fmt.Sscan(digits, &n)
		if before, ok := last[key]; ok && n <= before {
			t.Errorf("key %s: record %d came after %d", key, n, before)
		}
		last[key] = n
	}
}

// eventually polls until ok, for patience.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// delivered waits until n different records were accepted.
func (r *recorder) delivered(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d records delivered", n), func() bool { return r.distinct() >= n })
}

// exactlyOnce fails the test unless n different records were accepted, each once.
func (r *recorder) exactlyOnce(t *testing.T, n int) {
	t.Helper()
	if r.distinct() != n || r.total() != n {
		t.Errorf("%d records, %d of them different; want %d once each", r.total(), r.distinct(), n)
	}
}

// logger writes to the test's log when it fails, and at once when DEBUG is set.
func logger(t *testing.T) *slog.Logger {
	if os.Getenv("DEBUG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var buf lockedBuffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(buf.String())
		}
	})
	return slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

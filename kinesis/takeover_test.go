package kinesis_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

func TestShardsAreSharedFairlyAsWorkersComeAndGo(t *testing.T) {
	w := newWorld(t, 4)
	keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	var rec recorder
	first := w.start(w.config(), w.clients(), &rec)
	eventually(t, "the first worker holds all", func() bool { return first.shards() == 4 })
	w.putRecords(50, keys...)
	second := w.start(w.config(), w.clients(), &rec)
	eventually(t, "both hold two", func() bool { return first.shards() == 2 && second.shards() == 2 })
	w.putRecords(50, keys...)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second worker holds all", func() bool { return second.shards() == 4 })
	w.putRecords(50, keys...)
	rec.delivered(t, 1200)
	rec.exactlyOnce(t, 1200)
	rec.inOrder(t)
}

func TestMaxShardsLeavesTheRestToOthers(t *testing.T) {
	w := newWorld(t, 3)
	cfg := w.config()
	cfg.MaxShards = 1
	var rec recorder
	small := w.start(cfg, w.clients(), &rec)
	big := w.start(w.config(), w.clients(), &rec)
	eventually(t, "one and two", func() bool { return small.shards() == 1 && big.shards() == 2 })
}

func TestStopFinishesTheBatchAndTheSuccessorGoesOn(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.MaxRecords = 10
	entered, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	rec := recorder{before: func(context.Context, kinesis.Batch) error {
		if once.CompareAndSwap(false, true) {
			close(entered)
			<-release
		}
		return nil
	}}
	w.putRecords(100, "a")
	first := w.start(cfg, w.clients(), &rec)
	<-entered
	first.cancel()
	close(release)
	if err := first.wait(); err != nil {
		t.Fatal(err)
	}
	if got := rec.total(); got < 10 || got > 20 {
		t.Errorf("%d records were handled by the stop; want the running batch of 10, or one more", got)
	}
	if row := w.lease("shardId-000000000000"); row["LeaseOwner"] != "" || row["LeaseCheckpoint"] == "" {
		t.Errorf("lease after the stop: %v; want no owner and a checkpoint", row)
	}
	w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 100)
	rec.exactlyOnce(t, 100)
	rec.inOrder(t)
}

func TestDeadWorkerIsReplacedAfterFailover(t *testing.T) {
	w := newWorld(t, 2)
	var net network
	var rec recorder
	dead := w.start(w.config(), net.clients(w), &rec)
	w.putRecords(50, "a", "b", "c", "d")
	rec.delivered(t, 200)
	eventually(t, "everything is checkpointed", func() bool {
		for _, s := range dead.Status().Shards {
			if s.Checkpoint == "" {
				return false
			}
		}
		return dead.shards() == 2
	})
	net.set(cut) // it can neither renew, nor release, nor read
	w.putRecords(50, "a", "b", "c", "d")
	w.start(w.config(), w.clients(), &rec)
	rec.delivered(t, 400)
	rec.exactlyOnce(t, 400)
	eventually(t, "the dead worker knows that it holds nothing", func() bool { return dead.shards() == 0 })
}

func TestStaleOwnerCannotOverwriteTheCheckpoint(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Failover, cfg.MaxRecords = 2*time.Second, 10
	var net network
	entered, release := make(chan struct{}), make(chan struct{})
	stale := recorder{before: func(ctx context.Context, b kinesis.Batch) error {
		close(entered)
		net.set(hang(release)) // from here on this worker is cut off, as by a SIGSTOP
		<-release
		return nil
	}}
	w.putRecords(100, "a")
	first := w.start(cfg, net.clients(w), &stale)
	<-entered
	var rec recorder
	second := w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 100)
	var saved string
	eventually(t, "the new owner has checkpointed", func() bool {
		saved = w.lease("shardId-000000000000")["LeaseCheckpoint"]
		s := second.Status().Shards
		return len(s) == 1 && s[0].Records == 100 && s[0].Checkpoint == saved
	})
	net.set(nil)
	close(release)
	eventually(t, "the stale owner has let go", func() bool { return first.shards() == 0 })
	if row := w.lease("shardId-000000000000"); row["LeaseCheckpoint"] != saved || row["LeaseOwner"] != second.ID() {
		t.Errorf("lease %v; want checkpoint %s of %s", row, saved, second.ID())
	}
	if stale.total() > 10 {
		t.Errorf("the stale owner handled %d records; want its running batch at most", stale.total())
	}
}

func TestCheckpointThatFailedButHappened(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.MaxRecords = 10
	var net network
	var lies atomic.Int32
	net.set(func(c call) (*http.Response, error) {
		resp, err := c.send()
		if strings.Contains(c.body, "SET LeaseCheckpoint") && lies.Add(1)%2 == 1 {
			if err == nil {
				resp.Body.Close()
			}
			return nil, errCut // it took effect, and nobody was told
		}
		return resp, err
	})
	w.putRecords(50, "a")
	var rec recorder
	first := w.start(cfg, net.clients(w), &rec)
	rec.delivered(t, 50)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	w.start(cfg, w.clients(), &rec)
	w.putRecords(50, "a")
	rec.delivered(t, 100)
	rec.exactlyOnce(t, 100)
}

func TestShortOutageOfTheLeaseTableCostsNothing(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Failover = 20 * time.Second
	var net network
	var failed atomic.Int32
	var rec recorder
	worker := w.start(cfg, net.clients(w), &rec)
	w.putRecords(20, "a")
	rec.delivered(t, 20)
	net.set(func(c call) (*http.Response, error) {
		if (c.operation == "UpdateItem" || c.operation == "Scan") && failed.Load() < 5 {
			failed.Add(1)
			return failure(500, "InternalServerError")
		}
		return c.send()
	})
	w.putRecords(20, "a")
	rec.delivered(t, 40)
	eventually(t, "the outage is over", func() bool { return failed.Load() == 5 })
	w.putRecords(20, "a")
	rec.delivered(t, 60)
	rec.exactlyOnce(t, 60)
	if worker.shards() != 1 {
		t.Error("the lease was lost")
	}
}

func TestHangingHandlerEndsTheRun(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.HandlerTimeout, cfg.Grace = 500*time.Millisecond, time.Second
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	rec := recorder{before: func(context.Context, kinesis.Batch) error {
		<-release
		return errors.New("never handled")
	}}
	w.putRecords(1, "a")
	worker := w.start(cfg, w.clients(), &rec)
	wantProblem(t, worker.wait(), kinesis.HandlerHung)
}

func TestStopIsBoundedByTheGraceTime(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Grace = 2 * time.Second
	entered := make(chan struct{})
	rec := recorder{before: func(ctx context.Context, _ kinesis.Batch) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}}
	w.putRecords(1, "a")
	worker := w.start(cfg, w.clients(), &rec)
	<-entered
	wantProblem(t, worker.stop(), kinesis.GraceOver)
	if row := w.lease("shardId-000000000000"); row["LeaseOwner"] != "" || row["LeaseCheckpoint"] != "" {
		t.Errorf("lease after the stop: %v; want neither owner nor checkpoint", row)
	}
}

// hang holds every call back until release is closed, and fails it then.
func hang(release <-chan struct{}) func(call) (*http.Response, error) {
	return func(call) (*http.Response, error) {
		<-release
		return nil, errCut
	}
}

func wantProblem(t *testing.T, err error, want ...kinesis.Problem) *kinesis.Error {
	t.Helper()
	var got *kinesis.Error
	if !errors.As(err, &got) || !slices.Contains(want, got.Problem) {
		t.Fatalf("error %v; want the problem %v", err, want)
	}
	t.Log(got)
	return got
}

package kinesis_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

func TestLateWriteCannotMoveTheCheckpointBack(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.MaxRecords = 10
	var net network
	var mu sync.Mutex
	var late []call
	net.set(func(c call) (*http.Response, error) {
		if strings.Contains(c.body, "SET LeaseCheckpoint") {
			mu.Lock()
			defer mu.Unlock()
			late = append(late, c)
		}
		return c.send()
	})
	w.putRecords(50, "a")
	var rec recorder
	worker := w.start(cfg, net.clients(w), &rec)
	eventually(t, "everything is checkpointed", func() bool {
		s := worker.Status().Shards
		return len(s) == 1 && s[0].Records == 50 && s[0].Checkpoint == w.lease("shardId-000000000000")["LeaseCheckpoint"]
	})
	saved := w.lease("shardId-000000000000")["LeaseCheckpoint"]
	mu.Lock()
	defer mu.Unlock()
	for _, c := range late[:len(late)-1] { // each arrives once more, after all others
		resp, err := c.send()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a late checkpoint was answered with %s", resp.Status)
		}
	}
	if now := w.lease("shardId-000000000000")["LeaseCheckpoint"]; now != saved {
		t.Errorf("checkpoint %s; want %s", now, saved)
	}
}

func TestAcquisitionWhoseAnswerIsLostIsRepeated(t *testing.T) {
	w := newWorld(t, 2)
	cfg := w.config()
	cfg.Failover = 10 * time.Minute // it must not take a failover
	var net network
	var lies atomic.Int32
	net.set(func(c call) (*http.Response, error) {
		resp, err := c.send()
		if strings.Contains(c.body, "SET LeaseOwner") && lies.Add(1) <= 2 {
			if err == nil {
				resp.Body.Close()
			}
			return nil, errCut
		}
		return resp, err
	})
	w.putRecords(10, "a", "b", "c", "d")
	var rec recorder
	worker := w.start(cfg, net.clients(w), &rec)
	rec.delivered(t, 40)
	if worker.shards() != 2 {
		t.Errorf("%d shards held; want 2", worker.shards())
	}
}

func TestLostLeaseEndsTheContextOfTheHandler(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Failover = 2 * time.Second
	var lost atomic.Int32
	cfg.Observer = kinesis.ObserverFunc(func(e kinesis.Event) {
		if e.Kind == kinesis.LeaseLost {
			lost.Add(1)
		}
	})
	var net network
	ended := make(chan struct{})
	var once sync.Once
	rec := recorder{before: func(ctx context.Context, _ kinesis.Batch) error {
		net.set(cut)
		<-ctx.Done()
		once.Do(func() { close(ended) })
		return ctx.Err()
	}}
	w.putRecords(1, "a")
	w.start(cfg, net.clients(w), &rec)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the context goes on")
	}
	eventually(t, "the loss is reported once", func() bool { return lost.Load() == 1 })
}

func TestHungReadHoldsUpNoStop(t *testing.T) {
	w := newWorld(t, 1)
	var net network
	entered := make(chan struct{}, 100)
	var rec recorder
	worker := w.start(w.config(), net.clients(w), &rec)
	eventually(t, "the worker runs", func() bool { return worker.shards() == 1 })
	net.set(func(c call) (*http.Response, error) {
		if c.operation != "GetRecords" {
			return c.send()
		}
		entered <- struct{}{}
		<-c.ctx.Done() // the peer is silent
		return nil, c.ctx.Err()
	})
	<-entered
	if err := worker.stop(); err != nil {
		t.Error(err)
	}
}

func TestLeaseTableIsReadPageByPage(t *testing.T) {
	w := newWorld(t, 3)
	var net network
	var pages atomic.Int32
	net.set(func(c call) (*http.Response, error) {
		if c.operation == "Scan" {
			pages.Add(1)
			return c.with(`"TableName"`, `"Limit":1,"TableName"`)
		}
		return c.send()
	})
	first := w.start(w.config(), net.clients(w), &recorder{})
	eventually(t, "the first worker holds all", func() bool { return first.shards() == 3 })
	second := w.start(w.config(), net.clients(w), &recorder{})
	eventually(t, "both hold some", func() bool { return first.shards() > 0 && second.shards() > 0 && first.shards()+second.shards() == 3 })
	if pages.Load() < 10 {
		t.Errorf("%d pages read; the test shows nothing", pages.Load())
	}
}

func TestObserverAndStatusTellTheSameStory(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	var mu sync.Mutex
	counts, records := map[kinesis.EventKind]int{}, 0
	cfg.Observer = kinesis.ObserverFunc(func(e kinesis.Event) {
		mu.Lock()
		defer mu.Unlock()
		counts[e.Kind]++
		if e.Kind == kinesis.BatchDone {
			records += e.Records
		}
	})
	w.putRecords(30, "a")
	w.split(w.openShards()[0])
	w.putRecords(30, "a")
	var rec recorder
	worker := w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 60)
	eventually(t, "both children are held", func() bool { return worker.shards() == 2 })
	if s := worker.Status(); !s.Ready() || s.Workers != 1 || s.OpenShards != 2 || s.Target != 2 {
		t.Errorf("status %+v", s)
	}
	if err := worker.stop(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if counts[kinesis.LeaseAcquired] != 3 || counts[kinesis.LeaseReleased] != 3 || counts[kinesis.ShardEnded] != 1 || records != 60 {
		t.Errorf("events %v, %d records", counts, records)
	}
	if s := worker.Status(); s.Ready() || len(s.Shards) != 0 {
		t.Errorf("status after the stop %+v", s)
	}
}

package kinesis_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

// TestChaosLosesNothing stops, cuts off and replaces workers at random while records come and shards split and merge.
// Records may be repeated, because a worker that is cut off cannot checkpoint what it has handled; none may be lost,
// and the first delivery of each key's records is in order.
func TestChaosLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a test of half a minute, and -short is set")
	}
	w := newWorld(t, 4)
	cfg := w.config()
	cfg.Failover = 2 * time.Second
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	keys := strings.Split("abcdefghijklmnop", "")
	rec := recorder{before: func(ctx context.Context, _ kinesis.Batch) error {
		return pause(ctx, rand.N(20*time.Millisecond)) // time for a stop to meet a running batch
	}}
	var nets [3]network
	var workers [3]*running
	for i := range workers {
		workers[i] = w.start(cfg, nets[i].clients(w), &rec)
	}
	for range 25 {
		w.putRecords(10, keys...)
		i := random.IntN(len(workers))
		eventually(t, "the worker is past its start", func() bool { return workers[i].Status().Running })
		switch random.IntN(6) {
		case 0, 1: // SIGTERM and a new process
			if err := workers[i].stop(); err != nil {
				t.Fatal(err)
			}
			workers[i] = w.start(cfg, nets[i].clients(w), &rec)
		case 2: // kill -9, near enough, and a new process
			nets[i].set(cut)
			workers[i].cancel()
			<-workers[i].done
			nets[i].set(nil)
			workers[i] = w.start(cfg, nets[i].clients(w), &rec)
		case 3: // the network fails for longer than the lease lasts
			nets[i].set(cut)
			wait(t, cfg.Failover)
			nets[i].set(nil)
		case 4:
			w.split(w.openShards()[0])
		case 5:
			if open := w.openShards(); len(open) > 2 {
				w.merge(neighbours(open))
			}
		}
	}
	rec.delivered(t, 25*10*len(keys))
	t.Logf("%d records, %d deliveries", rec.distinct(), rec.total())
	rec.firstInOrder(t)
}

// firstInOrder fails the test unless the first deliveries of each key's records are in the order of their putting.
func (r *recorder) firstInOrder(t *testing.T) {
	t.Helper()
	first := recorder{}
	seen := map[string]bool{}
	for _, data := range r.snapshot() {
		if !seen[data] {
			seen[data] = true
			first.order = append(first.order, data)
		}
	}
	first.inOrder(t)
}

func (r *recorder) snapshot() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.order...)
}

// pause waits for d, or for the end of ctx and returns its error.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

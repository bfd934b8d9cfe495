package kinesis_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

// A shard that does not get on must show a lag that grows, though nothing is read meanwhile, and not fill the log.
func TestLagGrowsWhileABatchFails(t *testing.T) {
	w := newWorld(t, 1)
	var well atomic.Bool
	var calls atomic.Int32
	rec := recorder{before: func(context.Context, kinesis.Batch) error {
		calls.Add(1)
		if well.Load() {
			return nil
		}
		return errors.New("sink is down")
	}}
	w.putRecords(5, "a")
	var log lockedBuffer
	cfg := w.config()
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	worker := w.start(cfg, w.clients(), &rec)
	var first kinesis.ShardStatus
	eventually(t, "the lag shows", func() bool {
		s := worker.Status()
		if len(s.Shards) == 1 && s.Shards[0].InHand == 5 && s.Behind() > time.Second {
			first = s.Shards[0]
		}
		return first.Shard != ""
	})
	eventually(t, "the lag grows", func() bool { return worker.Status().Behind() > first.Behind+time.Second })
	eventually(t, "five attempts", func() bool { return calls.Load() >= 5 })
	s := worker.Status()
	if still := s.Shards[0].Still(time.Now()); still < 2*time.Second || s.Shards[0].LastSign.Before(first.LastRead) {
		t.Errorf("still for %v, status %+v", still, s.Shards[0])
	}
	well.Store(true)
	rec.delivered(t, 5)
	eventually(t, "the lag is gone", func() bool {
		s := worker.Status()
		return s.Behind() < time.Second && s.Shards[0].InHand == 0 && s.Shards[0].Failing == ""
	})
	if text := log.String(); strings.Contains(text, "attempt=3") || !strings.Contains(text, "attempt=4") {
		t.Errorf("attempts 1, 2, 4 and so on are to be logged:\n%s", text)
	}
}

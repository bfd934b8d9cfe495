package kinesis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

func TestParsePosition(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for _, p := range []kinesis.Position{kinesis.Latest(), kinesis.TrimHorizon(), kinesis.At(at)} {
		if got, err := kinesis.ParsePosition(p.String()); err != nil || got != p {
			t.Errorf("ParsePosition(%q) = %v, %v", p.String(), got, err)
		}
	}
	if _, err := kinesis.ParsePosition("yesterday"); err == nil {
		t.Error("no error for an unknown position")
	}
}

var errRefused = errors.New("refused")

// refuse fails every batch.
func refuse(context.Context, kinesis.Batch) error { return errRefused }

func TestLatestLosesNothingOverARestartBeforeTheFirstCheckpoint(t *testing.T) {
	w := newWorld(t, 2)
	cfg := w.config()
	cfg.Start = kinesis.Latest()
	w.putRecords(20, "old")
	wait(t, 4*time.Second) // what arrived shortly before the start may be delivered
	first := w.start(cfg, w.clients(), &recorder{before: refuse})
	eventually(t, "the worker runs", func() bool { return first.shards() == 2 })
	w.putRecords(20, "a", "b", "c")
	eventually(t, "a batch was refused", func() bool { return first.failing() })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	w.putRecords(20, "a", "b", "c")
	var rec recorder
	w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 120)
	rec.exactlyOnce(t, 120)
	rec.inOrder(t)
}

func TestLatestLosesNothingOverASplitBeforeTheFirstCheckpoint(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Start = kinesis.Latest()
	first := w.start(cfg, w.clients(), &recorder{before: refuse})
	eventually(t, "the worker runs", func() bool { return first.shards() == 1 })
	w.putRecords(20, "a", "b", "c")
	w.split(w.openShards()[0])
	w.putRecords(20, "a", "b", "c")
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	w.putRecords(20, "a", "b", "c")
	var rec recorder
	w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 180)
	rec.exactlyOnce(t, 180)
	rec.inOrder(t)
}

func TestStreamCreatedAgainUnderTheSameNameIsReadFromItsBeginning(t *testing.T) {
	w := newWorld(t, 1)
	cfg := w.config()
	cfg.Start = kinesis.Latest()
	var rec recorder
	first := w.start(cfg, w.clients(), &rec)
	eventually(t, "the worker runs", func() bool { return first.shards() == 1 })
	w.putRecords(10, "a")
	rec.delivered(t, 10)
	w.recreate(1)
	wantProblem(t, first.wait(), kinesis.StreamReplaced, kinesis.StreamMissing) // as it happens to look
	w.putRecords(10, "b")
	w.start(cfg, w.clients(), &rec)
	rec.delivered(t, 20)
	rec.exactlyOnce(t, 20)
}

// recreate deletes the stream and creates another one of the same name, one second later at least: the local server
// tells creation times in whole seconds.
func (w *world) recreate(shards int) {
	w.t.Helper()
	if err := w.stack.DeleteStream(w.t.Context(), w.stream); err != nil {
		w.t.Fatal(err)
	}
	wait(w.t, time.Second)
	if err := w.stack.CreateStream(w.t.Context(), w.stream, shards); err != nil {
		w.t.Fatal(err)
	}
}

// failing reports whether a batch or a read of some shard has failed.
func (r *running) failing() bool {
	for _, s := range r.Status().Shards {
		if s.Failing != "" {
			return true
		}
	}
	return false
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

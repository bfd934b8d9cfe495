package kinesis_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/straytoken/straytoken/kinesis"
)

func TestTwoWorkersDeliverEveryRecordOnce(t *testing.T) {
	w := newWorld(t, 4)
	keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	w.putRecords(100, keys...)
	var rec recorder
	w.start(w.config(), w.clients(), &rec)
	w.start(w.config(), w.clients(), &rec)
	w.putRecords(100, keys...)
	rec.delivered(t, 1600)
	rec.exactlyOnce(t, 1600)
	rec.inOrder(t)
}

func TestFailingHandlerIsRetriedAndNothingSkipped(t *testing.T) {
	w := newWorld(t, 1)
	var calls atomic.Int32
	rec := recorder{before: func(context.Context, kinesis.Batch) error {
		if calls.Add(1) <= 3 {
			return errors.New("sink is down")
		}
		return nil
	}}
	w.putRecords(50, "a")
	worker := w.start(w.config(), w.clients(), &rec)
	eventually(t, "the failure shows in the status", func() bool {
		s := worker.Status()
		return len(s.Shards) == 1 && s.Shards[0].Failing == "sink is down"
	})
	rec.delivered(t, 50)
	w.putRecords(50, "a")
	rec.delivered(t, 100)
	rec.exactlyOnce(t, 100)
	rec.inOrder(t)
}

func TestPanickingHandlerIsRetried(t *testing.T) {
	w := newWorld(t, 1)
	var calls atomic.Int32
	rec := recorder{before: func(context.Context, kinesis.Batch) error {
		if calls.Add(1) == 1 {
			panic("boom")
		}
		return nil
	}}
	w.putRecords(20, "a")
	w.start(w.config(), w.clients(), &rec)
	rec.delivered(t, 20)
	rec.exactlyOnce(t, 20)
}

func TestSplitAndMergeKeepOrderAndLoseNothing(t *testing.T) {
	w := newWorld(t, 2)
	keys := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	var rec recorder
	w.start(w.config(), w.clients(), &rec)
	w.start(w.config(), w.clients(), &rec)
	w.putRecords(50, keys...)
	w.split(w.openShards()[0])
	w.putRecords(50, keys...)
	open := w.openShards()
	w.split(open[len(open)-1])
	w.putRecords(50, keys...)
	w.merge(neighbours(w.openShards()))
	w.putRecords(50, keys...)
	rec.delivered(t, 2000)
	rec.exactlyOnce(t, 2000)
	rec.inOrder(t)
}

func TestMergedShardWaitsForBothParents(t *testing.T) {
	w := newWorld(t, 2)
	w.putRecords(20, "a", "b", "c", "d", "e", "f")
	parents := w.openShards()
	slow := *parents[1].ShardId
	release := make(chan struct{})
	rec := recorder{before: func(ctx context.Context, b kinesis.Batch) error {
		if b.Shard == slow {
			select {
			case <-release:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}}
	w.merge(parents[0], parents[1])
	w.putRecords(20, "a", "b", "c", "d", "e", "f")
	w.start(w.config(), w.clients(), &rec)
	eventually(t, "the quick parent is read to its end", func() bool {
		return w.leaseExists() && w.lease(*parents[0].ShardId)["LeaseCheckpoint"] == "SHARD_END"
	})
	close(release)
	rec.delivered(t, 240)
	rec.exactlyOnce(t, 240)
	rec.inOrder(t)
}

func TestProducerLibraryBytesPassUntouched(t *testing.T) {
	w := newWorld(t, 1)
	poison := poisonRecords(t)
	for _, p := range poison {
		w.putData(p)
	}
	w.putRecords(5, "a")
	var rec recorder
	w.start(w.config(), w.clients(), &rec)
	rec.delivered(t, 5+len(poison))
	rec.exactlyOnce(t, 5+len(poison))
	for _, p := range poison {
		if rec.counts[string(p)] != 1 {
			t.Errorf("record %x was changed on its way", p)
		}
	}
}

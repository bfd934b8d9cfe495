package kinesis

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLagGrowsWhileNothingIsReadOrHandled: a shard whose reads or batches hang or fail falls behind, though nobody asks
// Kinesis how far.
func TestLagGrowsWhileNothingIsReadOrHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal(Config{Failover: time.Second})
		check := func(when string, behind, still time.Duration) {
			t.Helper()
			s := j.snapshot().Shards[0]
			if s.Behind != behind || s.Still() != still {
				t.Errorf("%s: %v behind, still for %v; want %v and %v", when, s.Behind, s.Still(), behind, still)
			}
		}
		j.record(Event{Kind: LeaseAcquired, Shard: "a"})
		time.Sleep(time.Second)
		check("before the first read", time.Second, time.Second)
		j.record(Event{Kind: BatchRead, Shard: "a", Records: 5, Behind: time.Minute})
		check("after a read", time.Minute, time.Second)
		time.Sleep(10 * time.Second)
		j.record(Event{Kind: BatchFailed, Shard: "a", Err: errors.New("down")})
		check("while a batch fails", 70*time.Second, 11*time.Second)
		j.record(Event{Kind: BatchDone, Shard: "a", Records: 5})
		check("after it", 70*time.Second, 0)
		j.record(Event{Kind: BatchRead, Shard: "a"})
		check("at the end of the shard", 0, 0)
		time.Sleep(time.Second)
		j.record(Event{Kind: ReadFailed, Shard: "a", Err: errors.New("down")})
		check("while reads fail", time.Second, time.Second)
	})
}

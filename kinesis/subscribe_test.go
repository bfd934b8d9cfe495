package kinesis

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// fakeFeed is one subscription; the test pushes events and ends it.
type fakeFeed struct {
	events chan types.SubscribeToShardEventStream
	err    error
}

func (f *fakeFeed) Events() <-chan types.SubscribeToShardEventStream { return f.events }
func (f *fakeFeed) Err() error                                       { return f.err }
func (f *fakeFeed) Close() error                                     { return nil }

func (f *fakeFeed) push(sequence int) {
	s := strconv.Itoa(sequence)
	f.events <- &types.SubscribeToShardEventStreamMemberSubscribeToShardEvent{Value: types.SubscribeToShardEvent{
		Records: []types.Record{{SequenceNumber: &s, Data: []byte(s)}}, ContinuationSequenceNumber: &s,
		MillisBehindLatest: aws.Int64(0)}}
}

// fakeShard makes a new feed for each subscription and notes where it began.
type fakeShard struct {
	feeds []*fakeFeed
	from  []string
	err   error // of the next subscriptions
}

func (f *fakeShard) subscribe(_ context.Context, _ string, from types.StartingPosition) (feed, error) {
	f.from = append(f.from, aws.ToString(from.SequenceNumber))
	if f.err != nil {
		return nil, f.err
	}
	f.feeds = append(f.feeds, &fakeFeed{events: make(chan types.SubscribeToShardEventStream, 100)})
	return f.feeds[len(f.feeds)-1], nil
}

func (f *fakeShard) last() *fakeFeed { return f.feeds[len(f.feeds)-1] }

func newFakeSubscriber() (*fakeShard, *subscriber) {
	f := &fakeShard{}
	none := kinesis.New(kinesis.Options{Region: "us-east-1", RetryMaxAttempts: 1}) // no credentials: every poll fails
	return f, &subscriber{subscribe: f.subscribe, pace: 200 * time.Millisecond, log: slog.New(slog.DiscardHandler),
		poll: &poller{api: none, stream: "s", at: place{shard: "shard", position: TrimHorizon()}}}
}

// mustRead reads until records come.
func mustRead(t *testing.T, s *subscriber) []types.Record {
	t.Helper()
	for range 100 {
		got, err := s.read(t.Context(), 1000, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.records) > 0 {
			return got.records
		}
	}
	t.Fatal("no records")
	return nil
}

func TestSubscriberReturnsTheFirstEventAtOnceAndGathersOnABusyShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		if err := s.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		shard.last().push(1)
		start := time.Now()
		if got := mustRead(t, s); len(got) != 1 || time.Since(start) != 0 {
			t.Errorf("%d records after %v; want one at once", len(got), time.Since(start))
		}
		for i := range 3 {
			shard.last().push(2 + i)
		}
		if got := mustRead(t, s); len(got) != 3 || time.Since(start) != s.pace {
			t.Errorf("%d records after %v; want three after %v", len(got), time.Since(start), s.pace)
		}
	})
}

func TestSubscriberGoesOnWhereTheLastSubscriptionEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		if err := s.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		shard.last().push(7)
		mustRead(t, s)
		time.Sleep(5 * time.Minute)
		close(shard.last().events)
		for len(shard.feeds) < 2 {
			if _, err := s.read(t.Context(), 1000, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if shard.from[1] != "7" {
			t.Errorf("subscribed again after %q; want 7", shard.from[1])
		}
	})
}

func TestSubscriberLeavesADeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		start := time.Now()
		var err error
		for err == nil {
			_, err = s.read(t.Context(), 1000, time.Second)
		}
		if !errors.Is(err, errSilent) || time.Since(start) != deadPeer {
			t.Errorf("error %v after %v; want %v after %v", err, time.Since(start), errSilent, deadPeer)
		}
		if _, err := s.read(t.Context(), 1000, time.Second); err != nil || len(shard.feeds) != 2 {
			t.Errorf("%d subscriptions, %v; want a second", len(shard.feeds), err)
		}
	})
}

func TestSubscriberForgivesASlowHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		if err := s.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * deadPeer) // the Handler's time
		shard.last().push(1)
		if got := mustRead(t, s); len(got) != 1 || len(shard.feeds) != 1 {
			t.Errorf("%d records of %d subscriptions; want one of one", len(got), len(shard.feeds))
		}
	})
}

func TestSubscriberPollsAfterRepeatedFailuresAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		shard.err = errors.New("refused")
		for range maxFailures {
			if _, err := s.read(t.Context(), 1000, time.Second); !errors.Is(err, shard.err) {
				t.Fatal(err)
			}
		}
		shard.err = nil
		if _, err := s.read(t.Context(), 1000, time.Second); err == nil || len(shard.from) != maxFailures {
			t.Errorf("%d subscriptions, %v; want a failing poll after %d", len(shard.from), err, maxFailures)
		}
		time.Sleep(pollingTime)
		if _, err := s.read(t.Context(), 1000, time.Second); err != nil || len(shard.feeds) != 1 {
			t.Errorf("%d subscriptions, %v; want one", len(shard.feeds), err)
		}
	})
}

func TestSubscriberReportsTheEndOfTheShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shard, s := newFakeSubscriber()
		if err := s.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		shard.last().events <- &types.SubscribeToShardEventStreamMemberSubscribeToShardEvent{}
		if got, err := s.read(t.Context(), 1000, time.Second); err != nil || !got.end {
			t.Errorf("end %v, %v; want the end", got.end, err)
		}
	})
}

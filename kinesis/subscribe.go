package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	// deadPeer is how long a subscription may be silent. Kinesis sends an event every few seconds, records or not.
	deadPeer = 30 * time.Second
	// maxFailures is how many subscriptions may fail in a row before the shard is polled for a while.
	maxFailures = 3
	// pollingTime is that while.
	pollingTime = time.Minute
	// shortest is the age of a subscription below which its end counts as a failure: AWS refuses a second
	// subscription within five seconds of the first.
	shortest = 5 * time.Second
)

var (
	errSilent = errors.New("the subscription is silent")
	errShort  = errors.New("the subscription ended early")
)

// feed is a subscription to one shard; Kinesis ends it after five minutes.
type feed interface {
	Events() <-chan types.SubscribeToShardEventStream
	Err() error
	Close() error
}

// subscriber is a source that is fed by enhanced fan-out, and polls when that fails repeatedly.
type subscriber struct {
	subscribe func(ctx context.Context, shard string, from types.StartingPosition) (feed, error)
	poll      *poller // keeps the place, too
	pace      time.Duration
	log       *slog.Logger

	feed     feed // nil between subscriptions
	cancel   context.CancelFunc
	begun    time.Time // when feed was subscribed to
	silence  time.Duration
	returned time.Time // when records were last returned
	failures int       // in a row
	until    time.Time // polling until then
}

// read subscribes if need be and returns what is pushed. After a pause it returns the first event at once; on a busy
// shard it gathers events for as long as the pace asks, because the library takes five reads a second.
func (s *subscriber) read(ctx context.Context, limit int32, wait time.Duration) (chunk, error) {
	if time.Now().Before(s.until) {
		return s.poll.read(ctx, limit, wait)
	}
	if err := s.connect(ctx); err != nil {
		return chunk{}, s.failed(ctx, err)
	}
	var got chunk
	deadline := time.Now().Add(wait)
	for {
		event, err := s.await(ctx, time.Until(deadline))
		if event != nil {
			s.take(&got, event)
			deadline = s.returned.Add(s.pace)
		}
		full := got.end || len(got.records) >= int(limit) || !time.Now().Before(deadline)
		if err != nil || event == nil || full {
			return s.deliver(ctx, got, err)
		}
	}
}

// deliver ends a read. Records that came before an error are returned; the next read meets it again, or repairs it.
func (s *subscriber) deliver(ctx context.Context, got chunk, err error) (chunk, error) {
	if err != nil {
		err = s.failed(ctx, err)
	}
	if len(got.records) > 0 || got.end {
		s.returned = time.Now()
		return got, nil
	}
	return got, err
}

// connect subscribes unless there is a subscription. It lives until ctx ends or hangUp.
func (s *subscriber) connect(ctx context.Context) error {
	if s.feed != nil {
		return nil
	}
	ctx, s.cancel = context.WithCancel(ctx)
	slow := time.AfterFunc(callTimeout, s.cancel)
	f, err := s.subscribe(ctx, s.poll.at.shard, s.poll.at.start())
	if err == nil && !slow.Stop() {
		err = errors.Join(context.DeadlineExceeded, f.Close())
	}
	if err != nil {
		s.cancel()
		return err
	}
	s.feed, s.begun, s.silence = f, time.Now(), 0
	return nil
}

// await returns the next event; nil without an error after wait, or when a subscription has ended in its time.
// Only the time spent here counts as silence: a slow Handler is not the peer's fault.
func (s *subscriber) await(ctx context.Context, wait time.Duration) (*types.SubscribeToShardEvent, error) {
	start := time.Now()
	t := time.NewTimer(max(wait, 0))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case event, ok := <-s.feed.Events():
		return s.receive(event, ok)
	case <-t.C:
	}
	if s.silence += time.Since(start); s.silence >= deadPeer {
		return nil, fmt.Errorf("%w for %v", errSilent, deadPeer)
	}
	return nil, nil
}

func (s *subscriber) receive(event types.SubscribeToShardEventStream, ok bool) (*types.SubscribeToShardEvent, error) {
	if e, is := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent); ok && is {
		s.silence, s.failures = 0, 0
		return &e.Value, nil
	}
	if ok {
		return nil, nil // of a kind that this version does not know
	}
	err := s.feed.Err()
	if err == nil && time.Since(s.begun) < shortest {
		err = errShort
	}
	s.hangUp()
	return nil, unknown(err)
}

// take adds an event to what was read. The continuation, where the next subscription begins, moves on even when there
// are no records.
func (s *subscriber) take(got *chunk, e *types.SubscribeToShardEvent) {
	got.records = append(got.records, e.Records...)
	got.behind = time.Duration(aws.ToInt64(e.MillisBehindLatest)) * time.Millisecond
	if e.ContinuationSequenceNumber == nil {
		got.end = true
		s.hangUp()
		return
	}
	s.poll.at.after, s.poll.iterator = *e.ContinuationSequenceNumber, ""
}

// failed counts a failure, and turns to polling after too many.
func (s *subscriber) failed(ctx context.Context, err error) error {
	s.hangUp()
	if ctx.Err() != nil {
		return err
	}
	if s.failures++; s.failures >= maxFailures {
		s.failures, s.until = 0, time.Now().Add(pollingTime)
		s.log.Warn("enhanced fan-out fails, polling for a while", "err", err, "wait", pollingTime)
	}
	return err
}

func (s *subscriber) hangUp() {
	if s.feed == nil {
		return
	}
	s.cancel()
	if err := s.feed.Close(); err != nil {
		s.log.Debug("closing a subscription failed", "err", err)
	}
	s.feed = nil
}

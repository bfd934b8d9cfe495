package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// source yields the records of one shard from one place on.
type source interface {
	// read returns what comes next, after at most about wait; no records and no error when nothing came. After an
	// error it goes on where it was. ctx is the same for every read of the source, and ends when the reading is to
	// stop, which frees whatever the source holds.
	read(ctx context.Context, limit int32, wait time.Duration) (chunk, error)
}

// chunk is what one read of a shard yields.
type chunk struct {
	records []types.Record
	behind  time.Duration
	end     bool // the shard is closed and this was the end of it
}

// place is a place in a shard: after a sequence number or, without one, at a position.
type place struct {
	shard    string
	after    string
	position Position
}

// start is where an iterator or a subscription begins.
func (p place) start() types.StartingPosition {
	switch {
	case p.after != "":
		return types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &p.after}
	case p.position == TrimHorizon():
		return types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
	default:
		return types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: &p.position.at}
	}
}

// advance moves behind the last of records.
func (p *place) advance(records []types.Record) {
	if n := len(records); n > 0 {
		p.after = *records[n-1].SequenceNumber
	}
}

// errUnknown says that Kinesis does not know the shard or the iterator: the shards may have changed.
var errUnknown = errors.New("unknown to Kinesis")

// cursor reads one shard under one lease. One goroutine uses it, the library's.
type cursor struct {
	lease   *lease
	source  source
	pace    time.Duration
	record  func(Event)
	log     *slog.Logger
	unknown func() // called after errUnknown

	due      time.Time // not before
	behind   time.Duration
	failures int // in a row
}

// next returns the next records, or none after patience. Reads that fail are repeated with a growing delay for as long
// as the lease lasts; then the error is errLeaseEnded.
func (c *cursor) next(limit int32) (chunk, error) {
	deadline := time.Now().Add(patience)
	for {
		got, err := c.attempt(limit, time.Until(deadline))
		if c.lease.draining() || !c.lease.valid() {
			return chunk{}, fmt.Errorf("read shard %s: %w", c.lease.shard, errLeaseEnded)
		}
		if err == nil && (len(got.records) > 0 || got.end) {
			return got, nil
		}
		if !c.due.Before(deadline) {
			return chunk{behind: c.behind}, nil
		}
	}
}

// attempt waits until a read is due and makes it.
func (c *cursor) attempt(limit int32, wait time.Duration) (chunk, error) {
	if err := pause(c.lease.reading, min(time.Until(c.due), wait)); err != nil || time.Now().Before(c.due) {
		return chunk{}, err
	}
	c.due = time.Now().Add(c.pace)
	got, err := c.source.read(c.lease.reading, limit, wait)
	if err != nil {
		c.failed(err)
		return chunk{}, err
	}
	c.failures, c.behind = 0, got.behind
	c.record(Event{Kind: BatchRead, Shard: c.lease.shard, Records: len(got.records), Bytes: dataBytes(got.records),
		Behind: got.behind})
	return got, nil
}

func (c *cursor) failed(err error) {
	if c.lease.reading.Err() != nil {
		return
	}
	c.failures++
	wait := backoff{first: 200 * time.Millisecond, limit: 10 * time.Second}.delay(c.failures)
	c.due = time.Now().Add(max(wait, c.pace))
	c.record(Event{Kind: ReadFailed, Shard: c.lease.shard, Attempt: c.failures, Err: err})
	if worthALine(c.failures) {
		c.log.Warn("cannot read a shard, will try again", "err", err, "attempt", c.failures, "wait", wait)
	}
	if errors.Is(err, errUnknown) {
		c.unknown()
	}
}

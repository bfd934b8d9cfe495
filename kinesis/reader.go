package kinesis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go/middleware"
)

// reader answers the library's calls of Kinesis, from inside the client that the library is given: ListShards from
// the directory, GetShardIterator with a handle of its own, and GetRecords from a cursor. The library never sees an
// error that waiting or a new iterator can repair.
type reader struct {
	cfg     Config
	api     *kinesis.Client
	leases  *leases
	shards  *directory
	journal *journal
	log     *slog.Logger
	fanOut  string // ARN of the enhanced fan-out consumer, or empty

	mu      sync.Mutex
	cursors map[string]*cursor // by handle
}

// client returns the client for the library.
func (r *reader) client() *kinesis.Client {
	return kinesis.New(r.api.Options(), func(o *kinesis.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("straytoken", r.answer), middleware.Before)
		})
	})
}

func (r *reader) answer(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, md middleware.Metadata, err error) {
	switch p := in.Parameters.(type) {
	case *kinesis.ListShardsInput:
		out.Result = &kinesis.ListShardsOutput{Shards: r.shards.all()}
	case *kinesis.GetShardIteratorInput:
		out.Result, err = r.open(p)
	case *kinesis.GetRecordsInput:
		out.Result, err = r.read(p)
	default:
		return next.HandleInitialize(ctx, in)
	}
	return out, md, err
}

// open makes the cursor of a shard that has just been leased. Its name and its token are the handle.
func (r *reader) open(in *kinesis.GetShardIteratorInput) (*kinesis.GetShardIteratorOutput, error) {
	shard := aws.ToString(in.ShardId)
	l := r.leases.get(shard)
	if l == nil {
		return nil, fmt.Errorf("open shard %s: %w", shard, errLeaseEnded)
	}
	at := place{shard: shard, position: r.leases.beginningOf(shard)}
	if in.ShardIteratorType == types.ShardIteratorTypeAfterSequenceNumber {
		at.after = aws.ToString(in.StartingSequenceNumber)
	}
	handle := shard + "/" + l.token
	c := &cursor{lease: l, source: r.source(at), pace: r.cfg.PollInterval, record: r.journal.record,
		log: r.log.With("shard", shard), unknown: r.shards.hurry}
	r.mu.Lock()
	r.cursors[handle] = c
	r.mu.Unlock()
	context.AfterFunc(l.life, func() { r.close(handle) })
	return &kinesis.GetShardIteratorOutput{ShardIterator: &handle}, nil
}

func (r *reader) source(at place) source {
	poll := &poller{api: r.api, stream: r.cfg.Stream, at: at}
	if r.fanOut == "" {
		return poll
	}
	return &subscriber{subscribe: subscription(r.api, r.fanOut), poll: poll, pace: r.cfg.PollInterval,
		log: r.log.With("shard", at.shard)}
}

func (r *reader) close(handle string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cursors, handle)
}

// read is the library's GetRecords.
func (r *reader) read(in *kinesis.GetRecordsInput) (*kinesis.GetRecordsOutput, error) {
	r.mu.Lock()
	c := r.cursors[aws.ToString(in.ShardIterator)]
	r.mu.Unlock()
	if c == nil {
		return nil, errLeaseEnded
	}
	got, err := c.next(aws.ToInt32(in.Limit))
	if err != nil {
		return nil, err
	}
	out := &kinesis.GetRecordsOutput{Records: guard(got.records), MillisBehindLatest: aws.Int64(got.behind.Milliseconds())}
	if got.end {
		r.shards.hurry() // its children are needed soon
		return out, nil
	}
	out.NextShardIterator = in.ShardIterator
	return out, nil
}

// guard puts one byte in front of each record's data. It hides the mark of the Kinesis Producer Library, whose
// records the KCL would take apart, dropping a whole batch or ending the process for one that is broken. See unguard.
func guard(records []types.Record) []types.Record {
	for i, r := range records {
		data := make([]byte, 1+len(r.Data))
		copy(data[1:], r.Data)
		records[i].Data = data
	}
	return records
}

// unguard undoes guard and leaves the KCL's types behind.
func unguard(records []types.Record) []Record {
	out := make([]Record, len(records))
	for i, r := range records {
		out[i] = Record{
			Data:           r.Data[1:],
			PartitionKey:   aws.ToString(r.PartitionKey),
			SequenceNumber: aws.ToString(r.SequenceNumber),
			Arrival:        aws.ToTime(r.ApproximateArrivalTimestamp).UTC(),
		}
	}
	return out
}

func dataBytes(records []types.Record) (n int) {
	for _, r := range records {
		n += len(r.Data)
	}
	return n
}

// patience is how long one read of the library waits for records: long enough to spare it work, and short enough for
// it to notice a stop. It is woken at once when its lease ends.
const patience = time.Second

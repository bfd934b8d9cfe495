package kinesis

import (
	"context"
	"time"
)

// Record is one Kinesis record exactly as its producer put it. A record of the Kinesis Producer Library is still
// aggregated: taking it apart, and surviving one that cannot be, is the Handler's business.
type Record struct {
	Data           []byte
	PartitionKey   string
	SequenceNumber string
	Arrival        time.Time // approximate arrival at the stream, UTC
}

// Batch is what one read of one shard returned: at least one record, in the shard's order.
type Batch struct {
	Stream  string
	Shard   string
	Records []Record
	Behind  time.Duration // how far the end of the batch lies behind the end of the shard
}

// Handler makes one batch durable.
//
// HandleBatch returns nil when every record of b is durable: b is then checkpointed and never delivered again, unless
// the worker dies before the checkpoint is written. An error is retried with the same batch after a back-off of
// 0.1 s to 10 s, for as long as the shard is held; a panic counts as an error. Batches of one shard come one at a time;
// batches of different shards come concurrently.
//
// ctx ends when the lease of the shard is lost, when the stop's grace time is over, or after Config.HandlerTimeout. A
// HandleBatch that then does not return is a hang: Run gives up with an Error of the problem HandlerHung.
type Handler interface {
	HandleBatch(ctx context.Context, b Batch) error
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(ctx context.Context, b Batch) error

// HandleBatch calls f.
func (f HandlerFunc) HandleBatch(ctx context.Context, b Batch) error { return f(ctx, b) }

package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// streamWait bounds the wait for a stream that is being created.
const streamWait = 2 * time.Minute

// prepare makes the start-up checks, in the order in which a person would look for what is wrong.
func (w *Worker) prepare(ctx context.Context) (*run, error) {
	about := "the Kinesis stream " + w.cfg.Stream
	found, err := awaitStream(ctx, w.clients.Kinesis, w.cfg.Stream)
	if err != nil {
		return nil, explain(err, about)
	}
	if err := ensureTable(ctx, w.clients.DynamoDB, w.cfg.Application, !w.cfg.RequireTable); err != nil {
		return nil, err
	}
	r := w.newRun(found.identity)
	if err := r.shards.refresh(ctx); err != nil {
		return nil, explain(err, about)
	}
	if err := r.probe(ctx); err != nil {
		return nil, explain(err, about)
	}
	if err := r.prepareFanOut(ctx, found.arn); err != nil {
		return nil, err
	}
	// Last, because the first heartbeat lets the other workers make room for this one.
	return r, explain(r.begin(ctx, found.now), "the DynamoDB table "+w.cfg.Application)
}

// description is what matters about a stream.
type description struct {
	identity identity
	arn      string
	now      time.Time // by Kinesis's clock
}

// awaitStream describes the stream, waiting for one that is being created.
func awaitStream(ctx context.Context, api *kinesis.Client, name string) (description, error) {
	deadline, wait := time.Now().Add(streamWait), backoff{first: 100 * time.Millisecond, limit: 2 * time.Second}
	for n := 1; ; n++ {
		d, status, err := describe(ctx, api, name)
		if err != nil || status == types.StreamStatusActive || status == types.StreamStatusUpdating {
			return d, err
		}
		if status == types.StreamStatusDeleting || time.Now().After(deadline) {
			return d, &Error{Problem: StreamUnusable, Resource: name, Err: fmt.Errorf("its status is %s", status),
				Advice: "wait until it is, or create it"}
		}
		if err := pause(ctx, wait.delay(n)); err != nil {
			return d, err
		}
	}
}

func describe(ctx context.Context, api *kinesis.Client, name string) (description, types.StreamStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := api.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return description{}, "", &Error{Problem: StreamMissing, Resource: name,
			Advice: "create it, or correct the name, the account or the region " + api.Options().Region, Err: nil}
	}
	if err != nil {
		return description{}, "", err
	}
	s := out.StreamDescriptionSummary
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		now = time.Now()
	}
	return description{identity(aws.ToTime(s.StreamCreationTimestamp)), aws.ToString(s.StreamARN), now}, s.StreamStatus, nil
}

// begin looks at the lease table, and records the beginning in it if this is the application's first start.
func (r *run) begin(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c, err := r.table.scan(ctx)
	if err != nil {
		return err
	}
	if c.begin == nil {
		b := chooseBeginning(r.cfg.Start, c, r.shards.all(), now)
		if err := r.table.writeBeginning(ctx, b); err != nil {
			return err
		}
		r.cfg.Logger.Info("first start on this stream", "from", b.position.String(), "shards", len(b.shards))
	}
	return r.leases.tick(ctx)
}

// probe reads one shard once, because only a read shows whether reading is allowed, and its key usable.
func (r *run) probe(ctx context.Context) error {
	shards := r.shards.all()
	if len(shards) == 0 {
		return nil
	}
	at := place{shard: aws.ToString(shards[len(shards)-1].ShardId), position: TrimHorizon()}
	_, err := (&poller{api: r.api, stream: r.cfg.Stream, at: at}).read(ctx, 1, 0)
	var throttled *types.ProvisionedThroughputExceededException
	if errors.As(err, &throttled) || errors.Is(err, errUnknown) {
		return nil // allowed, but busy; or just expired
	}
	return err
}

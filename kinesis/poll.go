package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// poller is a source that calls GetRecords.
type poller struct {
	api      *kinesis.Client
	stream   string
	at       place
	iterator string // empty: get one at the place
}

// read makes one GetRecords, and one GetShardIterator before it when there is no iterator. It does not wait.
func (p *poller) read(ctx context.Context, limit int32, _ time.Duration) (chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if p.iterator == "" {
		if err := p.locate(ctx); err != nil {
			return chunk{}, err
		}
	}
	out, err := p.api.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: &p.iterator, Limit: &limit})
	if err != nil {
		return chunk{}, p.repair(err)
	}
	p.at.advance(out.Records)
	p.iterator = aws.ToString(out.NextShardIterator)
	behind := time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond
	return chunk{records: out.Records, behind: behind, end: out.NextShardIterator == nil}, nil
}

// locate gets an iterator at the place.
func (p *poller) locate(ctx context.Context) error {
	from := p.at.start()
	out, err := p.api.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &p.stream, ShardId: &p.at.shard, ShardIteratorType: from.Type,
		StartingSequenceNumber: from.SequenceNumber, Timestamp: from.Timestamp,
	})
	if err != nil {
		return fmt.Errorf("get an iterator: %w", unknown(err))
	}
	p.iterator = aws.ToString(out.ShardIterator)
	return nil
}

// repair drops an iterator that Kinesis does not take any more: they expire after five minutes.
func (p *poller) repair(err error) error {
	var expired *types.ExpiredIteratorException
	var invalid *types.InvalidArgumentException
	err = unknown(err)
	if errors.As(err, &expired) || errors.As(err, &invalid) || errors.Is(err, errUnknown) {
		p.iterator = ""
	}
	return fmt.Errorf("get records: %w", err)
}

// unknown marks the errors after which the stream is looked at again.
func unknown(err error) error {
	var missing *types.ResourceNotFoundException
	var invalid *types.InvalidArgumentException
	if errors.As(err, &missing) || errors.As(err, &invalid) {
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return err
}

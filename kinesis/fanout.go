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

// consumerWait bounds the wait for a fan-out consumer that is being registered.
const consumerWait = 2 * time.Minute

// prepareFanOut registers the fan-out consumer if one is wanted. What a person must correct is an error; otherwise
// the worker polls, for reading late is better than not reading.
func (r *run) prepareFanOut(ctx context.Context, streamARN string) error {
	if r.cfg.FanOut == "" {
		return nil
	}
	arn, err := awaitConsumer(ctx, r.api, streamARN, r.cfg.FanOut)
	if err = explain(err, "the fan-out consumer "+r.cfg.FanOut+" of the Kinesis stream "+r.cfg.Stream); err == nil {
		r.reader.fanOut = arn
		return nil
	}
	var e *Error
	if ctx.Err() != nil || errors.As(err, &e) && e.Problem == AccessDenied {
		return err
	}
	r.cfg.Logger.Warn("no enhanced fan-out, polling instead", "consumer", r.cfg.FanOut, "err", err)
	return nil
}

// awaitConsumer returns the ARN of the consumer, registered if need be, once it is active.
func awaitConsumer(ctx context.Context, api *kinesis.Client, streamARN, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, consumerWait)
	defer cancel()
	wait := backoff{first: 200 * time.Millisecond, limit: 3 * time.Second}
	for n := 1; ; n++ {
		arn, status, err := describeConsumer(ctx, api, streamARN, name)
		switch {
		case err != nil:
			return "", err
		case status == types.ConsumerStatusActive:
			return arn, nil
		case status == "":
			err = register(ctx, api, streamARN, name)
		}
		if err == nil {
			err = pause(ctx, wait.delay(n))
		}
		if err != nil {
			return "", err
		}
	}
}

// describeConsumer returns an empty status without an error when there is no such consumer.
func describeConsumer(ctx context.Context, api *kinesis.Client, streamARN, name string) (string, types.ConsumerStatus, error) {
	out, err := api.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{StreamARN: &streamARN, ConsumerName: &name})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("describe the fan-out consumer: %w", err)
	}
	return aws.ToString(out.ConsumerDescription.ConsumerARN), out.ConsumerDescription.ConsumerStatus, nil
}

func register(ctx context.Context, api *kinesis.Client, streamARN, name string) error {
	_, err := api.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: &streamARN, ConsumerName: &name})
	var other *types.ResourceInUseException
	if errors.As(err, &other) {
		return nil // another worker is registering it
	}
	if err != nil {
		return fmt.Errorf("register the fan-out consumer: %w", err)
	}
	return nil
}

// subscription calls SubscribeToShard for a consumer.
func subscription(api *kinesis.Client, consumerARN string) func(context.Context, string, types.StartingPosition) (feed, error) {
	return func(ctx context.Context, shard string, from types.StartingPosition) (feed, error) {
		out, err := api.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
			ConsumerARN: &consumerARN, ShardId: &shard, StartingPosition: &from,
		})
		if err != nil {
			return nil, fmt.Errorf("subscribe to the shard: %w", unknown(err))
		}
		return out.GetStream(), nil
	}
}

package devstack

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// Region of the local servers, which accept any.
const Region = "us-east-1"

// AWSConfig returns a configuration with static dummy credentials that knows no endpoint: set BaseEndpoint in each
// service's options, or use Kinesis and DynamoDB. It reads neither the environment nor any file.
func (s *Stack) AWSConfig() aws.Config {
	return aws.Config{
		Region:      Region,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// Environment returns the variables, as "NAME=value", that point an AWS SDK in another process at the local servers.
func (s *Stack) Environment() []string {
	return []string{
		"AWS_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=local",
		"AWS_SECRET_ACCESS_KEY=local",
		"AWS_ENDPOINT_URL_KINESIS=" + s.KinesisEndpoint,
		"AWS_ENDPOINT_URL_DYNAMODB=" + s.DynamoDBEndpoint,
	}
}

// CreateStream creates a Kinesis stream and returns once it is active.
func (s *Stack) CreateStream(ctx context.Context, name string, shards int) error {
	client := s.Kinesis()
	_, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(int32(shards))})
	if err != nil {
		return fmt.Errorf("create stream %s: %w", name, err)
	}
	return waitActive(ctx, client, name)
}

// DeleteStream deletes a Kinesis stream and returns once it is gone.
func (s *Stack) DeleteStream(ctx context.Context, name string) error {
	client := s.Kinesis()
	if _, err := client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &name}); err != nil {
		return fmt.Errorf("delete stream %s: %w", name, err)
	}
	waiter := kinesis.NewStreamNotExistsWaiter(client, func(o *kinesis.StreamNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 200*time.Millisecond
	})
	if err := waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute); err != nil {
		return fmt.Errorf("wait for the end of stream %s: %w", name, err)
	}
	return nil
}

func waitActive(ctx context.Context, client *kinesis.Client, name string) error {
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 200*time.Millisecond
	})
	if err := waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute); err != nil {
		return fmt.Errorf("wait for stream %s: %w", name, err)
	}
	return nil
}

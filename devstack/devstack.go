package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// ErrNoNode says that Node.js or npm is not installed. Tests that meet it skip.
var ErrNoNode = errors.New("devstack needs node and npm on the PATH")

// Options of Start. The zero value is usable.
type Options struct {
	// Dir holds the npm packages. Default: this package's source folder; where that is gone (a binary on another
	// machine), a folder in the user's cache, filled from files embedded in the binary.
	Dir string
	// Output receives what npm and the servers print. Default: dropped, apart from the last lines, which errors quote.
	Output io.Writer
	// StartTimeout bounds the start of the servers, without the installation. Default 30 s.
	StartTimeout time.Duration
}

// Stack is a running pair of servers. Its owner calls Close.
type Stack struct {
	KinesisEndpoint  string // URL of the Kinesis server
	DynamoDBEndpoint string // URL of the DynamoDB server

	process *process
}

// Start installs the packages if need be, starts both servers and returns when they answer. It is safe to call from
// several processes at once. The error wraps ErrNoNode when Node.js or npm is missing. The end of ctx kills the servers.
func Start(ctx context.Context, opts Options) (*Stack, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoNode, err)
		}
	}
	dir, err := folder(opts.Dir)
	if err != nil {
		return nil, err
	}
	out := newTail(opts.Output)
	if err := install(ctx, dir, out); err != nil {
		return nil, err
	}
	return start(ctx, dir, out, opts.startTimeout())
}

func start(ctx context.Context, dir string, out *tail, limit time.Duration) (*Stack, error) {
	p, err := startProcess(ctx, dir, out)
	if err != nil {
		return nil, fmt.Errorf("start the local servers: %w", err)
	}
	ports, err := p.ready(ctx, limit)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the local servers did not start: %w; last output: %s", err, out), p.stop())
	}
	return &Stack{
		KinesisEndpoint:  fmt.Sprintf("http://127.0.0.1:%d", ports.Kinesis),
		DynamoDBEndpoint: fmt.Sprintf("http://127.0.0.1:%d", ports.DynamoDB),
		process:          p,
	}, nil
}

// Close ends the servers, by force if they do not end by themselves, and waits until they are gone.
func (s *Stack) Close() error { return s.process.stop() }

// Kinesis returns a new client of the local Kinesis.
func (s *Stack) Kinesis(opts ...func(*kinesis.Options)) *kinesis.Client {
	return kinesis.NewFromConfig(s.AWSConfig(), append([]func(*kinesis.Options){func(o *kinesis.Options) {
		o.BaseEndpoint = &s.KinesisEndpoint
	}}, opts...)...)
}

// DynamoDB returns a new client of the local DynamoDB.
func (s *Stack) DynamoDB(opts ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(s.AWSConfig(), append([]func(*dynamodb.Options){func(o *dynamodb.Options) {
		o.BaseEndpoint = &s.DynamoDBEndpoint
	}}, opts...)...)
}

func (o Options) startTimeout() time.Duration {
	if o.StartTimeout > 0 {
		return o.StartTimeout
	}
	return 30 * time.Second
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/finding"
)

// local is a local Kinesis and DynamoDB, a stream on it, and a folder for its workers.
type local struct {
	*devstack.Stack
	settings *settings
	stream   string
	dir      string
}

func newLocal(ctx context.Context, s *settings, shards int) (*local, error) {
	stack, err := devstack.Start(ctx, devstack.Options{})
	if errors.Is(err, devstack.ErrNoNode) {
		return nil, fmt.Errorf("%w: %w", errMissing, err)
	}
	if err != nil {
		return nil, err
	}
	l := &local{Stack: stack, settings: s, stream: "bench"}
	if l.dir, err = os.MkdirTemp("", "straytoken-bench-"); err == nil {
		err = l.CreateStream(ctx, l.stream, shards)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *local) close() error { return errors.Join(l.Close(), os.RemoveAll(l.dir)) }

// work starts a worker on the stream.
func (l *local) work(seen func(*finding.Finding, time.Time)) (*worker.Process, error) {
	binary, err := absolute(l.settings.binary)
	if err != nil {
		return nil, err
	}
	return worker.Start(worker.Config{
		Binary: binary, Dir: l.dir, Env: worker.Environment(l.Environment()...), OnFinding: seen,
		Args: []string{"--stream", l.stream, "--application", "bench-leases", "--state-table", "bench-state", "--start", "trim-horizon"},
	})
}

// patience bounds what a worker is waited for.
const patience = 2 * time.Minute

// await waits until a worker's metric is at least so much, and gives the time when it was.
func await(ctx context.Context, p *worker.Process, series string, least int64) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := p.Metrics(ctx)
		if err == nil && m.Sum(series) >= least {
			return time.Now(), nil
		}
		select {
		case <-p.Done():
			return time.Time{}, errors.Join(errors.New("the worker ended"), p.Err())
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait until %s is %d: %w", series, least, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends a worker in order.
func stop(ctx context.Context, p *worker.Process) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return p.Stop(ctx)
}

// start measures how long a worker takes from its start until it has processed its first
// record, where the leases are there and nobody holds them.
func start(ctx context.Context, s *settings) ([]line, error) {
	l, err := newLocal(ctx, s, 1)
	if err != nil {
		return nil, err
	}
	defer l.close()
	put := newLoad(l)
	figure := line{what: "start of run until the first record is processed, leases free", unit: "s", target: atMost(3),
		note: "Local servers, one shard, tables in place; asked for every 10 ms, by the metrics."}
	for n := range 1 + max(1, s.count/2) { // the first makes the tables, and does not count
		if err := put.send(ctx, put.quiet(1)); err != nil {
			return nil, err
		}
		took, err := l.startOnce(ctx)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			figure.samples = append(figure.samples, took.Seconds())
		}
	}
	return []line{figure}, nil
}

func (l *local) startOnce(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	p, err := l.work(nil)
	if err != nil {
		return 0, err
	}
	at, err := await(ctx, p, worker.Records, 1)
	return at.Sub(began), errors.Join(err, stop(ctx, p))
}

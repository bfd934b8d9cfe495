package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/straytoken/straytoken/devstack"
	"github.com/straytoken/straytoken/devstack/demo/worker"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

const streamName = "cloudtrail"

// Deadlines. They are generous: a loaded machine must not fail the demo.
const (
	startLimit = 2 * time.Minute  // until the workers hold all shards
	stuckLimit = 2 * time.Minute  // without any record processed
	stopLimit  = 45 * time.Second // for workers to end; they allow themselves 25 s
)

// demo is one run.
type demo struct {
	options
	files    *folder
	screen   *screen
	clock    *clock
	traffic  traffic
	findings record
	stack    *devstack.Stack
	running  []*worker.Process

	fail     context.CancelCauseFunc // ends the steps
	stopping atomic.Bool             // workers end because they were asked to
	watchers sync.WaitGroup          // one a worker; they end with it
}

func (o options) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	out, err := openFolder(o.out)
	if err != nil {
		return err
	}
	findings, err := out.create(findingsFile)
	if err != nil {
		return err
	}
	inner, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	d := &demo{options: o, files: out, screen: newScreen(os.Stdout), clock: newClock(), fail: fail,
		findings: record{file: findings}}
	err = d.steps(inner)
	if err != nil && context.Cause(inner) != nil {
		err = context.Cause(inner)
	}
	if ctx.Err() != nil {
		d.screen.say("interrupted; ending the workers and the servers")
		err = errInterrupted
	}
	return errors.Join(err, d.close())
}

// steps is the story of the demo.
func (d *demo) steps(ctx context.Context) error {
	var err error
	if d.traffic, err = d.makeTraffic(ctx); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	held, err := d.awaitShares(ctx)
	if err != nil {
		return err
	}
	d.screen.say("replaying at up to %.0f records a second, in every envelope that CloudTrail travels in, by turns", d.rate)
	put, err := d.replay(ctx)
	if err != nil {
		return err
	}
	counts, err := d.awaitProcessed(ctx, put.Records)
	if err != nil {
		return err
	}
	d.screen.say("all is processed; asking the workers to end")
	if err := d.stop(); err != nil {
		return err
	}
	return d.report(outcome{put, held, counts})
}

// start starts the servers, makes the stream and starts the workers.
func (d *demo) start(ctx context.Context) (err error) {
	d.screen.say("starting a local Kinesis and a local DynamoDB (npm installs them the first time)")
	servers, err := d.files.create("servers.log")
	if err != nil {
		return err
	}
	if d.stack, err = startServers(ctx, servers); err != nil {
		return err
	}
	if err := d.stack.CreateStream(ctx, streamName, d.shards); err != nil {
		return err
	}
	d.screen.say("starting %d workers on a stream of %d shards", d.workers, d.shards)
	for i := range d.workers {
		if err := d.startWorker(i + 1); err != nil {
			return err
		}
	}
	return nil
}

// startServers starts the local servers. The end of ctx ends the start, but not the servers once they run: the workers
// need them to hand over their shards.
func startServers(ctx context.Context, log io.Writer) (*devstack.Stack, error) {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, end)()
	return devstack.Start(lasting, devstack.Options{Output: log})
}

func (d *demo) startWorker(n int) error {
	log, err := d.files.create(fmt.Sprintf("worker-%d.log", n))
	if err != nil {
		return err
	}
	letters, err := d.files.without(fmt.Sprintf("dead-letters-%d.jsonl", n))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("worker-%d", n)
	p, err := worker.Start(worker.Config{
		Binary: d.binary,
		Args: []string{"--stream", streamName, "--start", "trim-horizon", "--worker-id", name,
			"--application", "demo-leases", "--state-table", "demo-state", "--dead-letters", letters},
		Env:       worker.Environment(d.stack.Environment()...),
		Log:       log,
		OnFinding: d.found(n),
		OnBroken:  func(err error) { d.screen.say("%s printed what is no finding: %v", name, err) },
	})
	if err != nil {
		return err
	}
	d.running = append(d.running, p)
	d.watchers.Go(func() {
		if err := p.Err(); !d.stopping.Load() {
			d.fail(fmt.Errorf("%s ended by itself (%v): see %s", name, err, log.Name()))
		}
	})
	return nil
}

// awaitShares waits until the workers hold all shards, a fair part each, and says how many each holds.
func (d *demo) awaitShares(ctx context.Context) ([]int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, errors.New("the workers did not share the shards in time: see their logs"))
	defer cancel()
	for {
		held := make([]int64, len(d.running))
		var sum int64
		fair := true
		for i, m := range d.scrape(ctx) {
			held[i] = m.Sum(worker.ShardsHeld)
			sum += held[i]
			fair = fair && held[i] >= int64(d.shards/d.workers)
		}
		if fair && sum == int64(d.shards) {
			d.screen.say("the workers hold their shards: %s", join(held))
			return held, nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// replay puts the traffic into the stream.
func (d *demo) replay(ctx context.Context) (replay.Summary, error) {
	listing, err := trail.List(ctx, []string{d.traffic.dir}, trail.Options{})
	if err != nil {
		return replay.Summary{}, err
	}
	stop := d.showProgress(ctx)
	defer stop()
	sum, err := replay.Run(ctx, d.stack.Kinesis(), listing.Files(ctx, nil), replay.Options{
		Stream: streamName, Format: replay.Mixed, RecordRate: d.rate,
		OnPut:      d.clock.put,
		OnProgress: func(c replay.Counts) { d.clock.events.Store(c.Events) },
		OnProblem:  func(err error) { d.screen.say("left out: %v", err) },
	})
	if err != nil {
		return sum, err
	}
	if sum.Events == 0 {
		return sum, fmt.Errorf("%s holds no CloudTrail events", d.traffic.dir)
	}
	d.screen.say("%d events are in the stream, in %d records", sum.Events, sum.Records)
	return sum, nil
}

// awaitProcessed waits until the workers have processed all records, and nothing moves any more.
func (d *demo) awaitProcessed(ctx context.Context, records int64) ([]worker.Metrics, error) {
	last, moved := int64(-1), time.Now()
	for {
		counts := d.scrape(ctx)
		done := sum(counts, worker.Records)
		if done >= records && done == last {
			return counts, nil
		}
		if done != last {
			last, moved = done, time.Now()
		}
		if time.Since(moved) > stuckLimit {
			return nil, fmt.Errorf("nothing moves: %d of %d records were processed; see the workers' logs", done, records)
		}
		if err := sleep(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

// scrape asks all workers for their metrics. One that does not answer has none yet.
func (d *demo) scrape(ctx context.Context) []worker.Metrics {
	all := make([]worker.Metrics, len(d.running))
	for i, p := range d.running {
		if m, err := p.Metrics(ctx); err == nil {
			all[i] = m
		}
	}
	return all
}

// stop ends the workers in order.
func (d *demo) stop() error {
	d.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	errs := make([]error, len(d.running))
	var wg sync.WaitGroup
	for i, p := range d.running {
		wg.Go(func() { errs[i] = p.Stop(ctx) })
	}
	wg.Wait()
	d.watchers.Wait()
	d.running = nil
	return errors.Join(errs...)
}

// close ends whatever still runs.
func (d *demo) close() error {
	err := d.stop()
	if d.stack != nil {
		err = errors.Join(err, d.stack.Close())
	}
	return errors.Join(err, d.files.close())
}

func sum(counts []worker.Metrics, series string) int64 {
	var n int64
	for _, m := range counts {
		n += m.Sum(series)
	}
	return n
}

// sleep waits, unless the context ends, with whose cause it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

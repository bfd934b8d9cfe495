package kinesis

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/config"
	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/worker"
)

const (
	// syncInterval is the mean time between rounds of the library's event loop, which takes one lease a round. Its
	// rounds are answered from memory.
	syncInterval = 50 * time.Millisecond
	// identityInterval is how often the stream is checked to be the same one still.
	identityInterval = 30 * time.Second
)

// run is one run of a Worker.
type run struct {
	cfg     Config
	api     *kinesis.Client
	handler Handler
	table   *table
	shards  *directory
	leases  *leases
	reader  *reader
	journal *journal
	fatal   chan error // the first reason to end Run; capacity 1
}

func (w *Worker) newRun(id identity) *run {
	t := &table{api: w.clients.DynamoDB, name: w.cfg.Application, owner: w.owner, stream: w.cfg.Stream, identity: id}
	d := newDirectory(w.clients.Kinesis, w.cfg.Stream)
	ls := newLeases(w.cfg, t, d, w.journal)
	rd := &reader{cfg: w.cfg, api: w.clients.Kinesis, leases: ls, shards: d, journal: w.journal, log: w.cfg.Logger,
		cursors: map[string]*cursor{}}
	return &run{cfg: w.cfg, api: w.clients.Kinesis, handler: w.handler, table: t, shards: d, leases: ls, reader: rd,
		journal: w.journal, fatal: make(chan error, 1)}
}

// run reads until ctx ends or something fatal happens, and stops.
func (r *run) run(ctx context.Context) error {
	hard, kill := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx by the grace time
	defer kill()
	library := r.library(hard)
	if err := library.Start(); err != nil {
		return &Error{Problem: CallFailed, Action: "the start of the Kinesis Client Library", Resource: r.cfg.Stream, Err: err}
	}
	background, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { r.leases.maintain(background) })
	wg.Go(func() { r.followShards(background) })
	var reason error
	select {
	case <-ctx.Done():
	case reason = <-r.fatal:
	}
	cancel()
	wg.Wait()
	return r.finish(reason, r.stop(hard, kill, library))
}

// finish chooses the error of Run: why it had to stop counts more than how the stop went.
func (r *run) finish(reason, stop error) error {
	if reason != nil && stop != nil {
		r.cfg.Logger.Warn("the stop was not clean", "err", stop)
	}
	return cmp.Or(reason, stop)
}

// library sets the Kinesis Client Library up. Its configuration is written out, because its constructor ends the
// process over a value that it does not like, and takes the global logger.
func (r *run) library(hard context.Context) *worker.Worker {
	cfg := &config.KinesisClientLibConfiguration{
		ApplicationName:               r.cfg.Application,
		TableName:                     r.cfg.Application,
		StreamName:                    r.cfg.Stream,
		RegionName:                    r.api.Options().Region,
		WorkerID:                      r.table.owner,
		InitialPositionInStream:       config.TRIM_HORIZON, // the reader knows better, shard by shard
		MaxRecords:                    r.cfg.MaxRecords,
		MaxLeasesForWorker:            math.MaxInt, // leases.acquire decides
		ShardSyncIntervalMillis:       int(syncInterval.Milliseconds()),
		ParentShardPollIntervalMillis: int(syncInterval.Milliseconds()),
		IdleTimeBetweenReadsInMillis:  1,                                          // the cursor waits
		LeaseRefreshWaitTime:          int((365 * 24 * time.Hour).Milliseconds()), // never: the lease renews itself
		Logger:                        libraryLogger{r.cfg.Logger},
	}
	factory := &processors{cfg: r.cfg, handler: r.handler, leases: r.leases, journal: r.journal, log: r.cfg.Logger, hung: r.fail}
	return worker.NewWorker(factory, cfg).WithKinesis(r.reader.client()).
		WithCheckpointer(checkpointer{ctx: hard, leases: r.leases})
}

// fail ends Run for a reason. Only the first counts.
func (r *run) fail(err error) {
	select {
	case r.fatal <- err:
	default:
	}
}

// followShards keeps the directory up to date, and watches that the stream stays the same one.
func (r *run) followShards(ctx context.Context) {
	var checked time.Time
	for {
		asked := r.awaitListing(ctx)
		if ctx.Err() != nil {
			return
		}
		if asked || time.Since(checked) > identityInterval {
			checked = time.Now()
			r.checkIdentity(ctx)
		}
		if err := r.shards.refresh(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Logger.Warn("cannot list the shards, will try again", "err", err)
		}
	}
}

// awaitListing waits until the shards should be listed, and reports whether someone asked for it.
func (r *run) awaitListing(ctx context.Context) (asked bool) {
	t := time.NewTimer(listInterval)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-r.shards.stale:
		asked = true
		_ = pause(ctx, 200*time.Millisecond) // at most five listings a second, however many ask
	}
	return asked
}

// checkIdentity ends Run when the stream is gone, or another one of the same name. A failure to tell is no reason.
func (r *run) checkIdentity(ctx context.Context) {
	now, _, err := describe(ctx, r.api, r.cfg.Stream)
	var gone *Error
	switch {
	case errors.As(err, &gone):
		r.fail(gone)
	case err != nil:
		r.cfg.Logger.Warn("cannot describe the stream, will try again", "err", err)
	case now.identity.String() != r.table.identity.String():
		r.fail(&Error{Problem: StreamReplaced, Resource: r.cfg.Stream,
			Advice: "start again: the new stream is then read from its beginning"})
	}
}

package kinesis

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Worker reads the shards of one stream that fall to it. It is made by New and run once.
type Worker struct {
	cfg     Config
	clients Clients
	handler Handler
	owner   string
	journal *journal
	started atomic.Bool
}

// New makes a worker. It talks to nobody: what it returns is an *Error about cfg and clients.
func New(cfg Config, clients Clients, h Handler) (*Worker, error) {
	cfg = cfg.withDefaults()
	if err := errors.Join(cfg.validate(), clients.validate(), validateHandler(h)); err != nil {
		return nil, &Error{Problem: BadConfig, Err: err, Advice: "correct it"}
	}
	if clients.Kinesis.Options().Region == "" || clients.DynamoDB.Options().Region == "" {
		return nil, &Error{Problem: NoRegion, Advice: "set AWS_REGION, or the region of the AWS profile"}
	}
	owner := uniqueID(cfg.WorkerID)
	cfg.Logger = cfg.Logger.With("stream", cfg.Stream, "worker", owner)
	return &Worker{cfg: cfg, clients: clients, handler: h, owner: owner, journal: newJournal(cfg)}, nil
}

// ID returns the unique name of this worker in the lease table.
func (w *Worker) ID() string { return w.owner }

// Status returns what the worker is doing now. It may be called at any time.
func (w *Worker) Status() Status { return w.journal.snapshot() }

// Run reads until ctx ends, and then stops within Config.Grace: no new batch begins, running batches finish and are
// checkpointed, and the leases are released, so that other workers go on from there at their next look, within a fifth
// of Config.Failover and at most 2 s. After such a stop the error is nil.
//
// Any other end is an *Error, for the caller to print and exit non-zero with: a start-up check failed, a Handler hangs
// or kept the stop waiting (its goroutine then still runs), or the stream was deleted or replaced. Everything
// else (throttling, outages, expired iterators, lost leases) is waited out and shows in the log, the events and Status.
func (w *Worker) Run(ctx context.Context) error {
	if !w.started.CompareAndSwap(false, true) {
		return &Error{Problem: BadConfig, Err: errors.New("Run was called twice"), Advice: "make a new worker"}
	}
	if err := w.checkCredentials(ctx); err != nil {
		return stopped(ctx, err)
	}
	r, err := w.prepare(ctx)
	if err != nil {
		return stopped(ctx, err)
	}
	w.journal.update(func(s *Status) { s.Running, s.LastLook = true, time.Now() })
	defer w.journal.update(func(s *Status) { s.Running = false })
	return r.run(ctx)
}

// stopped tells a stop during the start-up checks, which is no error, from a failed check.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Check makes the first of Run's start-up checks, those that change nothing: that there are credentials, and that the
// stream exists and is active. It is for callers who create things of their own before Run.
func (w *Worker) Check(ctx context.Context) error {
	if err := w.checkCredentials(ctx); err != nil {
		return err
	}
	_, err := awaitStream(ctx, w.clients.Kinesis, w.cfg.Stream)
	return explain(err, "the Kinesis stream "+w.cfg.Stream)
}

func (w *Worker) checkCredentials(ctx context.Context) error {
	for _, p := range []aws.CredentialsProvider{w.clients.Kinesis.Options().Credentials, w.clients.DynamoDB.Options().Credentials} {
		if _, err := retrieve(ctx, p); err != nil {
			return &Error{Problem: NoCredentials, Err: err,
				Advice: "give the process a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"}
		}
	}
	return nil
}

func retrieve(ctx context.Context, p aws.CredentialsProvider) (aws.Credentials, error) {
	if p == nil {
		return aws.Credentials{}, errors.New("the client has no credentials provider")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return p.Retrieve(ctx)
}

func (c Clients) validate() error {
	if c.Kinesis == nil || c.DynamoDB == nil {
		return errors.New("Clients needs both Kinesis and DynamoDB")
	}
	return nil
}

func validateHandler(h Handler) error {
	if h == nil {
		return errors.New("Handler is nil")
	}
	return nil
}

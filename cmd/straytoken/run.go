package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/kinesis"
	"github.com/straytoken/straytoken/monitor"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// runOptions are the flags of run. What they set outweighs the configuration file.
type runOptions struct {
	configPath, logLevel string
	aws                  awsFlags

	stream, application, table, start, fanOut, listen string
	inventory                                         string
	format, output, deadLetters, workerID             string
	failover                                          time.Duration
}

func newRun() *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Read CloudTrail from a Kinesis stream and report stolen tokens as they are used",
		Long: `Read CloudTrail events from a Kinesis stream, as one of any number of workers that
share its shards, and report stolen tokens as they are used. Leases, checkpoints and
what is remembered of sessions are kept in DynamoDB. SIGTERM hands the shards over.`,
		Example: "  straytoken run --stream cloudtrail --format text\n  straytoken run --config straytoken.yaml",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&o.configPath, "config", "", "configuration file")
	f.StringVar(&o.inventory, "inventory", "", "file that straytoken inventory wrote (default: inventory.file of the configuration)")
	f.StringVar(&o.stream, "stream", "", "Kinesis stream")
	f.StringVar(&o.application, "application", "", "DynamoDB table of leases and checkpoints (default straytoken-leases-STREAM)")
	f.StringVar(&o.table, "state-table", "", "DynamoDB table of facts (default straytoken-state)")
	f.StringVar(&o.start, "start", "", "where a new application begins: latest, trim-horizon or a time (default latest)")
	f.StringVar(&o.fanOut, "fan-out", "", "read by enhanced fan-out, as this consumer (default: poll)")
	f.StringVar(&o.format, "format", "", "findings on standard output as json or text (default json)")
	f.StringVar(&o.output, "output", "", "append findings as JSON lines to this file")
	f.StringVar(&o.deadLetters, "dead-letters", "", "file for records that cannot be processed (default straytoken-dead-letters.jsonl)")
	f.StringVar(&o.listen, "listen", "", "address of /healthz, /readyz and /metrics, or off (default 127.0.0.1:9464)")
	f.StringVar(&o.workerID, "worker-id", "", "name of this worker in leases and logs (default: host name)")
	f.DurationVar(&o.failover, "failover", 0, "time until a dead worker's shards are taken over (default 15s)")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	o.aws.add(f)
	o.aws.addDynamo(f)
	return cmd
}

// settings is the configuration with the flags on top.
func (o *runOptions) settings() (*config.Config, error) {
	c, err := loadConfig(o.configPath)
	if err != nil {
		return nil, err
	}
	c.Rename(o.stream)
	if c.Stream.Name == "" {
		return nil, usageError("run needs a stream: --stream NAME, or stream.name in --config FILE")
	}
	if o.start != "" {
		c.Stream.Start.Text = o.start
	}
	for _, f := range []struct{ flag, field *string }{
		{&o.application, &c.Stream.Application}, {&o.table, &c.State.Table}, {&o.fanOut, &c.Stream.FanOut},
		{&o.deadLetters, &c.DeadLetters.Path}, {&o.listen, &c.Listen}, {&o.inventory, &c.Inventory.File},
	} {
		if *f.flag != "" {
			*f.field = *f.flag
		}
	}
	if o.failover > 0 {
		c.Stream.Failover.Duration = o.failover
	}
	c.Default()
	if err := config.CheckListen(c.Listen); err != nil {
		return nil, usageError("--listen: %w", err)
	}
	if _, err := kinesis.ParsePosition(c.Stream.Start.Text); err != nil {
		return nil, coded{exitUsage, err}
	}
	return c, o.findings(c)
}

func (o *runOptions) findings(c *config.Config) error {
	switch o.format {
	case "":
	case "json", "text":
		c.Findings = []config.Output{{Type: "stdout", Format: config.Format(o.format)}}
	default:
		return usageError("unknown format %q: want text or json", o.format)
	}
	if o.output != "" {
		file := config.Output{Type: "file", Format: "json", Path: o.output}
		if o.format == "" {
			c.Findings = nil
		}
		c.Findings = append(c.Findings, file)
	}
	return nil
}

func (o *runOptions) run(ctx context.Context) error {
	c, err := o.settings()
	if err != nil {
		return err
	}
	log, err := newLogger(o.logLevel)
	if err != nil {
		return err
	}
	w, err := o.build(ctx, c, log)
	if err != nil {
		return err
	}
	return errors.Join(w.run(ctx), w.close())
}

// worker is all that run runs.
type worker struct {
	log      *slog.Logger
	judge    atomic.Pointer[judgement]
	findings outputs
	letters  letterFile
	proc     *processor.Processor
	facts    *state.Facts
	stream   *kinesis.Worker
	server   *monitor.Server // nil: no listener
	reload   *reloader
}

// build makes all parts. What may be wrong with the stream is found before
// anything is created.
func (o *runOptions) build(ctx context.Context, c *config.Config, log *slog.Logger) (*worker, error) {
	cfg, err := o.aws.load(ctx)
	if err != nil {
		return nil, err
	}
	j, err := newJudgement(c)
	if err != nil {
		return nil, err
	}
	warn(log, c)
	store := state.NewDynamo(o.aws.dynamo(cfg), c.State.Table)
	facts := state.NewFacts(store, c.State.Cache)
	facts.Bound(c.Limits.Memory / 2)
	limitMemory(c.Limits.Memory)
	w := &worker{log: log, facts: facts}
	w.proc = pipeline(c, j, facts, &w.findings, &w.letters, log)
	w.judge.Store(j)
	w.reload = newReloader(o.configPath, c, o.settings, w.judgeBy, log)
	clients := kinesis.Clients{Kinesis: o.aws.kinesis(cfg), DynamoDB: o.aws.dynamo(cfg)}
	metrics, err := w.connect(ctx, c, facts, o.workerID, clients)
	if err != nil {
		return nil, err
	}
	monitor.StoreCalls(metrics, store.Calls)
	if err := store.Ensure(ctx, *c.State.Create); err != nil {
		return nil, err
	}
	if err := w.open(c, metrics); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// limitMemory lets the garbage collector work harder as memory comes close to what is
// configured, unless the environment says otherwise. It is a soft limit: the rest is for
// what it is overrun by, and for the program itself.
func limitMemory(bytes int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes / 5 * 4)
	}
}

// judgeBy puts another judgement in force: extraction and verdicts together.
func (w *worker) judgeBy(j *judgement) {
	w.proc.Counts().Stage(j.engine.Staged()...)
	w.judge.Store(j)
	w.proc.SetPolicy(j.policy)
}

// connect makes the Kinesis worker and checks its stream.
func (w *worker) connect(ctx context.Context, c *config.Config, facts *state.Facts, id string, clients kinesis.Clients) (*prometheus.Registry, error) {
	metrics := monitor.Metrics(w.proc.Counts(), facts)
	monitor.Decoding(metrics, w.proc.Decoding)
	monitor.RuleErrors(metrics, func() map[string]int64 { return w.judge.Load().failures() })
	monitor.Reloads(metrics, w.reload.good.Load, w.reload.fail.Load)
	observer := monitor.NewStream(metrics, func() kinesis.Status { return w.stream.Status() })
	cfg, err := streamConfig(c, id, w.log, observer)
	if err != nil {
		return nil, err
	}
	if w.stream, err = kinesis.New(cfg, clients, kinesis.HandlerFunc(w.handle)); err != nil {
		return nil, err
	}
	return metrics, w.stream.Check(ctx)
}

// open opens the outputs and the listener.
func (w *worker) open(c *config.Config, metrics *prometheus.Registry) error {
	if err := w.findings.open(c); err != nil {
		return err
	}
	letters, err := sink.OpenDeadLetterFile(c.DeadLetters.Path)
	if err != nil {
		return err
	}
	w.letters.file = letters
	if c.Listen != "off" {
		w.server, err = monitor.Listen(c.Listen, w.alive, w.ready, metrics)
	}
	return err
}

func streamConfig(c *config.Config, id string, log *slog.Logger, observer kinesis.Observer) (kinesis.Config, error) {
	s := &c.Stream
	start, err := kinesis.ParsePosition(s.Start.Text)
	if err != nil {
		return kinesis.Config{}, coded{exitUsage, err}
	}
	return kinesis.Config{
		Stream: s.Name, Application: s.Application, WorkerID: id, Start: start, RequireTable: !*s.Create,
		Failover: s.Failover.Duration, Grace: s.Grace.Duration, PollInterval: s.Poll.Duration,
		MaxRecords: s.MaxRecords, MaxShards: s.MaxShards, FanOut: s.FanOut, Logger: log, Observer: observer,
	}, nil
}

// handle is the seam between the stream and the processor.
func (w *worker) handle(ctx context.Context, b kinesis.Batch) error {
	records := make([]processor.Record, len(b.Records))
	for i, r := range b.Records {
		records[i] = processor.Record{Data: r.Data, Stream: b.Stream, Shard: b.Shard, SequenceNumber: r.SequenceNumber,
			PartitionKey: r.PartitionKey, Arrival: r.Arrival}
	}
	return w.proc.Process(ctx, records)
}

// tickEvery is how often what is left to say of open findings is looked for, and
// whether shards stand still.
const tickEvery = 5 * time.Second

// run runs until the context ends or the stream fails.
func (w *worker) run(ctx context.Context) error {
	background, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.tick(background) })
	wg.Go(func() { w.watch(background) })
	wg.Go(func() { w.reopen(background) })
	wg.Go(func() { w.reload.run(background) })
	if w.server != nil {
		w.log.Info("listening", "address", w.server.Address())
		wg.Go(func() {
			if err := w.server.Serve(); err != nil {
				w.log.Error("no more probes and metrics", "err", err)
			}
		})
	}
	err := w.stream.Run(ctx)
	stop()
	w.lastWords(ctx)
	if w.server != nil {
		err = errors.Join(err, w.server.Close())
	}
	wg.Wait()
	return err
}

// flushTime bounds what is said after the stream has stopped.
const flushTime = 4 * time.Second

// lastWords says what is left to say of findings that this worker reported.
func (w *worker) lastWords(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := w.proc.Flush(ctx); err != nil {
		w.log.Warn("the last state of some findings could not be reported", "err", err)
	}
}

func (w *worker) tick(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := w.complete(ctx); err != nil && ctx.Err() == nil {
				w.log.Warn("findings could not be completed yet", "err", err)
			}
		}
	}
}

// completeTime bounds one look for what is left to say: a hung call must not be the
// last one.
const completeTime = time.Minute

func (w *worker) complete(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	return w.proc.Tick(ctx)
}

// watch tells of shards that stand still.
func (w *worker) watch(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	stalls := monitor.NewStalls(w.log)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			stalls.Look(w.stream.Status(), now)
		}
	}
}

// reopen opens the output files anew on SIGHUP, after a log rotation.
func (w *worker) reopen(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if err := errors.Join(w.findings.reopen(), w.letters.file.Reopen()); err != nil {
				w.log.Error("output files could not be reopened", "err", err)
			}
		}
	}
}

func (w *worker) close() error {
	err := w.findings.close()
	if w.letters.file != nil {
		err = errors.Join(err, w.letters.file.Close())
	}
	return err
}

// alive is /healthz.
func (w *worker) alive(context.Context) error { return monitor.Alive(w.stream.Status(), time.Now()) }

// ready is /readyz.
func (w *worker) ready(ctx context.Context) error {
	status := w.stream.Status()
	if err := monitor.Ready(status, time.Now()); err != nil {
		return err
	}
	if err := w.facts.Reachable(ctx, status.Failover); err != nil {
		return fmt.Errorf("the state table does not answer: %s", oneLine(err))
	}
	return nil
}

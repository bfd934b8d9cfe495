package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// Options are what pipelines differ in. The zero value is what run does by default.
type Options struct {
	Policy *rules.Policy // default all built-in rules with their default weights
	Cache  int           // keys known in memory; default that of the configuration
	Store  *Store        // default one that holds all
}

// Pipeline is all that run does with records, with a Store in place of DynamoDB, and
// findings and dead letters counted instead of written.
type Pipeline struct {
	Store    *Store
	Facts    *state.Facts
	Findings atomic.Int64
	Letters  atomic.Int64 // records that could not be processed
	proc     *processor.Processor
}

// NewPipeline makes a pipeline that knows nothing yet.
func NewPipeline(o Options) (*Pipeline, error) {
	c, err := config.Parse(nil)
	if err != nil {
		return nil, fmt.Errorf("the default configuration: %w", err)
	}
	if o.Store == nil {
		o.Store = NewStore(1 << 30)
	}
	if o.Cache == 0 {
		o.Cache = c.State.Cache
	}
	p := &Pipeline{Store: o.Store, Facts: state.NewFacts(o.Store, o.Cache)}
	p.proc = processor.New(processor.Config{
		Facts: p.Facts, Policy: o.Policy,
		Extractor: rules.Extractor{Keep: c.State.KeepQuiet, Contested: c.State.KeepDisputed},
		Findings:  findings{&p.Findings}, DeadLetters: letters{&p.Letters}, Memory: c.Limits.Memory / 4,
		Lateness: c.Judge.Lateness.Duration, Report: max(c.Judge.Report.Value(), finding.Low),
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return p, nil
}

// Events is how many events were processed.
func (p *Pipeline) Events() int64 { return p.proc.Counts().Events.Load() }

// Process makes one batch of a shard durable.
func (p *Pipeline) Process(ctx context.Context, batch []processor.Record) error {
	return p.proc.Process(ctx, batch)
}

// Batches cuts the records of a shard into batches of at least n events.
func Batches(shard string, records []Record, n int) [][]processor.Record {
	var out [][]processor.Record
	var batch []processor.Record
	events := 0
	for _, r := range records {
		batch = append(batch, processor.Record{Data: r.Data, Stream: "bench", Shard: shard})
		if events += r.Events; events >= n {
			out, batch, events = append(out, batch), nil, 0
		}
	}
	if len(batch) > 0 {
		out = append(out, batch)
	}
	return out
}

// Run processes batches of one shard, one after the other.
func (p *Pipeline) Run(ctx context.Context, batches [][]processor.Record) error {
	for _, b := range batches {
		if err := p.Process(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// Settle processes batches until that teaches nothing any more: all sessions are known.
func (p *Pipeline) Settle(ctx context.Context, batches [][]processor.Record) error {
	for range 10 {
		before := p.Store.Written.Load()
		if err := p.Run(ctx, batches); err != nil {
			return err
		}
		if p.Store.Written.Load() == before {
			return nil
		}
	}
	return fmt.Errorf("after ten times the same traffic still teaches something new")
}

// findings counts findings.
type findings struct{ n *atomic.Int64 }

// Send implements sink.Sink.
func (f findings) Send(_ context.Context, all []*finding.Finding) error {
	f.n.Add(int64(len(all)))
	return nil
}

// letters counts dead letters.
type letters struct{ n *atomic.Int64 }

// Send implements sink.DeadLetterSink.
func (l letters) Send(_ context.Context, all []sink.DeadLetter) error {
	l.n.Add(int64(len(all)))
	return nil
}

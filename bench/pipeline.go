package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

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
	Memory int64         // what the process is to stay under, in bytes; default that of the configuration
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
	if o.Memory == 0 {
		o.Memory = c.Limits.Memory
	}
	p := &Pipeline{Store: o.Store, Facts: state.NewFacts(o.Store, o.Cache)}
	p.Facts.Bound(o.Memory / 2)
	p.proc = processor.New(processor.Config{
		Facts: p.Facts, Policy: o.Policy,
		Extractor: rules.Extractor{Keep: c.State.KeepQuiet, Contested: c.State.KeepDisputed},
		Findings:  findings{&p.Findings}, DeadLetters: letters{&p.Letters}, Memory: o.Memory / 4,
		Lateness: c.Judge.Lateness.Duration, Report: max(c.Judge.Report.Value(), finding.Low),
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return p, nil
}

// Events is how many events were processed.
func (p *Pipeline) Events() int64 { return p.proc.Counts().Events.Load() }

// Quiet is how many events were known to add nothing before their facts were made.
func (p *Pipeline) Quiet() int64 { return p.proc.Counts().Quiet.Load() }

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

// Teach lets the pipeline see traffic so often, a second later each time, that of every
// session as many uses are kept as are worth it.
func (p *Pipeline) Teach(ctx context.Context, c *Corpus) error {
	for times := range taught {
		later, err := c.Shift(time.Duration(times) * time.Second)
		if err != nil {
			return err
		}
		if err := p.Run(ctx, Batches("0", later.Plain(PerTrail), PerTrail)); err != nil {
			return err
		}
	}
	return nil
}

// taught is more than the uses that are kept of a quiet session.
const taught = 12

// Repeated is the part of traffic that adds nothing to what the pipeline knows.
func (p *Pipeline) Repeated(ctx context.Context, c *Corpus) (*Corpus, error) {
	out := &Corpus{}
	for _, s := range c.Sources {
		before := p.Quiet()
		if err := p.Process(ctx, []processor.Record{{Data: s.JSON, Stream: "bench", Shard: "0"}}); err != nil {
			return nil, err
		}
		if p.Quiet() > before {
			out.add(s)
		}
	}
	return out, nil
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

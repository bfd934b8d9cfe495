package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/replay"
)

// batchEvents is how many events a batch has: about what a poll of a busy shard brings.
const batchEvents = 500

const trafficLasts = 2 * time.Hour

// traffic is the traffic of the benchmarks of events, made once.
var traffic = sync.OnceValues(func() (*bench.Corpus, error) {
	return bench.Simulate(context.Background(), 6, trafficLasts)
})

// steady is traffic of which a pipeline knows everything, and all traffic of its time.
type steady struct {
	corpus   *bench.Corpus
	records  []bench.Record
	batches  [][]processor.Record
	pipeline *bench.Pipeline
	events   int

	all       [][]processor.Record
	allEvents int
}

// later is how much later than what the pipeline was taught the traffic is: in the same
// quarter of a day, in which the times of sessions are kept.
const later = trafficLasts + time.Minute

func newSteady(ctx context.Context, f replay.Format, perRecord int) (*steady, error) {
	c, err := traffic()
	if err != nil {
		return nil, err
	}
	s := &steady{}
	if s.pipeline, err = bench.NewPipeline(bench.Options{}); err != nil {
		return nil, err
	}
	if err := s.pipeline.Teach(ctx, c); err != nil {
		return nil, err
	}
	if c, err = c.Shift(later); err != nil {
		return nil, err
	}
	all, err := c.Pack(f, perRecord)
	if err != nil {
		return nil, err
	}
	s.all, s.allEvents = bench.Batches("0", all, batchEvents), bench.Events(all)
	if err := s.pipeline.Run(ctx, s.all); err != nil {
		return nil, err
	}
	if s.corpus, err = s.pipeline.Repeated(ctx, c); err != nil {
		return nil, err
	}
	if s.records, err = s.corpus.Pack(f, perRecord); err != nil {
		return nil, err
	}
	s.batches, s.events = bench.Batches("0", s.records, batchEvents), bench.Events(s.records)
	return s, nil
}

// cloudWatch measures what an event costs in CloudWatch Logs envelopes.
func cloudWatch(ctx context.Context, s *settings) ([]line, error) {
	return throughput(ctx, s, envelope{"cloudwatch", "CloudWatch Logs", replay.CloudWatchLogs, bench.PerLog, 10})
}

// trailFiles measures what an event costs in trail files.
func trailFiles(ctx context.Context, s *settings) ([]line, error) {
	return throughput(ctx, s, envelope{"trail", "trail files", replay.Trail, bench.PerTrail, 7})
}

// envelope is one in which events travel, and how much slower the standard library is to
// be with it.
type envelope struct {
	key, name string
	format    replay.Format
	perRecord int
	standard  float64
}

func throughput(ctx context.Context, s *settings, e envelope) ([]line, error) {
	known, err := newSteady(ctx, e.format, e.perRecord)
	if err != nil {
		return nil, err
	}
	var gunzip bench.Gunzip
	var standard bench.Standard
	decode := bench.NewDecode()
	took, err := bench.Compare(s.count,
		func() error { return gunzip.Run(known.records) },
		func() error { return decode.Run(known.records) },
		func() error { return known.pipeline.Run(ctx, known.batches) },
		func() error { return standard.Run(known.records) },
		func() error { return known.pipeline.Run(ctx, known.all) })
	if err != nil {
		return nil, err
	}
	c, err := traffic()
	if err != nil {
		return nil, err
	}
	input := fmt.Sprintf("%d events in envelopes of %d, %d bytes an event, %.1f times smaller when compressed: the %d %% of the traffic that add nothing to what is known. The others issue credentials, change the inventory, or are of sessions under suspicion; %d Prints known",
		known.events, e.perRecord, gunzip.Bytes/(s.count+1)/known.events, float64(gunzip.Bytes)/float64(s.count+1)/float64(bench.Size(known.records)), 100*len(known.corpus.Sources)/len(c.Sources), known.pipeline.Facts.Prints())
	lines := []line{
		{what: e.name + ": whole pipeline, known sessions, against gunzip alone", unit: "×", samples: bench.Ratios(took[2], took[0]), target: atMost(1.6), note: input},
		{what: e.name + ": standard library's gzip and JSON, without rules, against the whole pipeline", unit: "×", samples: bench.Ratios(took[3], took[2]), target: atLeast(e.standard)},
		{key: e.key + " size", what: e.name + ": compressed bytes an event", unit: "B", samples: []float64{float64(bench.Size(known.records)) / float64(known.events)}},
		{what: e.name + ": gunzip alone, an event", unit: "ns", samples: bench.Per(took[0], known.events)},
		{what: e.name + ": gunzip and decode, an event", unit: "ns", samples: bench.Per(took[1], known.events)},
		{key: e.key, what: e.name + ": whole pipeline, an event", unit: "ns", samples: bench.Per(took[2], known.events)},
		{key: e.key + " all", what: e.name + ": whole pipeline, an event of all traffic, seen before", unit: "ns", samples: bench.Per(took[4], known.allEvents)},
	}
	more, err := known.costs(ctx, s, e, bench.Median(bench.Per(took[0], known.events)))
	return append(lines, more...), err
}

// costs measures allocations, and what is left of the pipeline without gunzip and decoding.
func (k *steady) costs(ctx context.Context, s *settings, e envelope, gunzip float64) ([]line, error) {
	allocations := line{what: e.name + ": allocations an event, known sessions", target: atMost(0),
		note: "Less than one allocation in two hundred events counts as none: what a batch or a record needs once."}
	for range s.count {
		n, err := k.allocations(ctx)
		if err != nil {
			return nil, err
		}
		allocations.samples = append(allocations.samples, n)
	}
	if e.format != replay.Trail {
		return []line{allocations}, nil
	}
	hit, err := k.hit(ctx, s)
	if err != nil {
		return nil, err
	}
	ratio := line{what: "the same against gunzip of an event", unit: "×"}
	for _, ns := range hit.samples {
		ratio.samples = append(ratio.samples, ns/gunzip)
	}
	return []line{allocations, hit, ratio}, nil
}

func (k *steady) allocations(ctx context.Context) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := k.pipeline.Run(ctx, k.batches)
	runtime.ReadMemStats(&after)
	n := float64(after.Mallocs-before.Mallocs) / float64(k.events)
	return float64(int(n*100+0.5)) / 100, err
}

// hit measures what an event of a known session costs beside being decoded: the pipeline
// less the decoder alone, both on traffic that is not compressed.
func (k *steady) hit(ctx context.Context, s *settings) (line, error) {
	plain := k.corpus.Plain(bench.PerTrail)
	batches, decode := bench.Batches("0", plain, batchEvents), bench.NewDecode()
	took, err := bench.Compare(s.count,
		func() error { return decode.Run(plain) },
		func() error { return k.pipeline.Run(ctx, batches) })
	if err != nil {
		return line{}, err
	}
	events := bench.Events(plain)
	without, with := bench.Per(took[0], events), bench.Per(took[1], events)
	l := line{what: "hit path: what an event of a known session costs beside its decoding", unit: "ns", target: atMost(400)}
	for i := range with {
		l.samples = append(l.samples, with[i]-without[i])
	}
	return l, nil
}

// shards is how many shards share the cores.
const shards = 8

// cores measures how much faster two cores are than one, with several shards.
func cores(ctx context.Context, s *settings) ([]line, error) {
	l := line{what: fmt.Sprintf("two cores against one, %d shards, whole pipeline, by the clock", shards), unit: "×", target: atLeast(1.85)}
	if runtime.NumCPU() < 2 {
		return nil, fmt.Errorf("%w: this machine has one core", errMissing)
	}
	known, err := newSteady(ctx, replay.CloudWatchLogs, bench.PerLog)
	if err != nil {
		return nil, err
	}
	took, err := bench.CompareWall(s.count,
		func() error { return known.share(ctx, 1) },
		func() error { return known.share(ctx, 2) })
	if err != nil {
		return nil, err
	}
	l.samples = bench.Ratios(took[0], took[1])
	l.note = "Other processes on the machine lower this figure: its highest values are the ones to believe."
	return []line{l}, nil
}

// share processes the batches as several shards on some cores.
func (k *steady) share(ctx context.Context, cores int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	g, ctx := errgroup.WithContext(ctx)
	for shard := range shards {
		g.Go(func() error {
			for at := shard; at < len(k.batches); at += shards {
				if err := k.pipeline.Process(ctx, k.batches[at]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

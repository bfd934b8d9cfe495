package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/replay"
)

// workers is how many workers share the stream in the benchmark of the store.
const workers = 4

// store counts what workers ask of their table, against what one worker with room for all
// asks, who writes every new fact once.
func store(ctx context.Context, _ *settings) ([]line, error) {
	c, err := bench.Simulate(ctx, 5, 6*time.Hour)
	if err != nil {
		return nil, err
	}
	one, err := operations(ctx, c, 1, byKey)
	if err != nil {
		return nil, err
	}
	keyed, err := operations(ctx, c, workers, byKey)
	if err != nil {
		return nil, err
	}
	random, err := operations(ctx, c, workers, byEvent)
	if err != nil {
		return nil, err
	}
	session, err := perSession(ctx)
	if err != nil {
		return nil, err
	}
	million := 1e6 / float64(len(c.Sources))
	figure := func(what, unit string, v float64, t *target) line {
		return line{what: what, unit: unit, samples: []float64{v}, target: t}
	}
	first := figure("new facts in a million events, simulated fleet", "", one.written*million, nil)
	first.note = fmt.Sprintf("%s events of six simulated hours that begin with nothing known, counted once. New facts are what one worker writes who has room for all. "+
		"The target is of writes: new facts are also judged, by consistent reads.", bench.Thousands(len(c.Sources)))
	return []line{
		first,
		figure("writes against new facts, four workers, shards by access key", "×", keyed.written/one.written, atMost(1.05)),
		figure("writes against new facts, four workers, shards at random", "×", random.written/one.written, nil),
		figure("keys read in a million events, one worker", "", one.read*million, nil),
		figure("keys read in a million events, four workers, shards by access key", "", keyed.read*million, nil),
		figure("keys read in a million events, four workers, shards at random", "", random.read*million, nil),
		{key: "writes", what: fmt.Sprintf("facts written for a session of one address, used %d times", sessionUses), samples: []float64{session.written}},
		{key: "reads", what: "keys read for the same", samples: []float64{session.read}},
	}, nil
}

// What a session asks of the store is counted of so many, used so often: more often than
// uses are kept.
const (
	countedSessions = 1000
	sessionUses     = 20
)

// perSession counts what one session of one address asks of the store in its life.
func perSession(ctx context.Context) (asked, error) {
	p, err := bench.NewPipeline(bench.Options{})
	if err != nil {
		return asked{}, err
	}
	sessions := make([]int, countedSessions)
	for i := range sessions {
		sessions[i] = i
	}
	for n := range sessionUses {
		if err := p.Process(ctx, bench.Fleet{}.Batch("0", n, sessions...)); err != nil {
			return asked{}, err
		}
	}
	return asked{float64(p.Store.Written.Load()) / countedSessions, float64(p.Store.Read.Load()) / countedSessions}, nil
}

// asked is what was asked of a store.
type asked struct{ written, read float64 }

func byKey(s *replay.Source) string   { return s.PartitionKey }
func byEvent(s *replay.Source) string { return s.ID }

// operations lets some workers with one store process traffic, each event by the worker
// that its key falls to.
func operations(ctx context.Context, c *bench.Corpus, workers int, key func(*replay.Source) string) (asked, error) {
	shared := bench.NewStore(1 << 30)
	pipelines := make([]*bench.Pipeline, workers)
	waiting := make([][]processor.Record, workers)
	for i := range pipelines {
		var err error
		if pipelines[i], err = bench.NewPipeline(bench.Options{Store: shared}); err != nil {
			return asked{}, err
		}
	}
	const batch = 64
	for i := range c.Sources {
		h := fnv.New32a()
		_, _ = h.Write([]byte(key(&c.Sources[i]))) // a hash never fails
		w := int(h.Sum32()>>8) % workers
		waiting[w] = append(waiting[w], processor.Record{Data: c.Sources[i].JSON, Stream: "bench", Shard: fmt.Sprint(w)})
		if len(waiting[w]) < batch && i < len(c.Sources)-workers*batch {
			continue
		}
		if err := pipelines[w].Process(ctx, waiting[w]); err != nil {
			return asked{}, err
		}
		waiting[w] = waiting[w][:0]
	}
	return asked{float64(shared.Written.Load()), float64(shared.Read.Load())}, nil
}

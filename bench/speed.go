package bench

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/straytoken/straytoken/processor"
)

// Stage is how far records are taken, from their bytes on.
type Stage string

// The stages, each with all before it.
const (
	Unpacked Stage = "gunzip"
	Decoded  Stage = "decode"
	New      Stage = "new"   // facts and judgement, of sessions never seen before
	Known    Stage = "known" // facts, of sessions that are known
)

// Speed is how much went through a stage.
type Speed struct {
	Stage   Stage
	Cores   int
	Records int64
	Events  int64
	Bytes   int64 // as they arrived
	Took    time.Duration
}

// Speeds measures all stages on a number of cores, each for about a time.
func Speeds(ctx context.Context, records []Record, cores int, each time.Duration) ([]Speed, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	m := &meter{cores: cores, each: each, parts: split(records, cores)}
	if err := m.plain(ctx, Unpacked, func() func([]Record) error { return new(Gunzip).Run }); err != nil {
		return nil, err
	}
	if err := m.plain(ctx, Decoded, func() func([]Record) error { return NewDecode().Run }); err != nil {
		return nil, err
	}
	err := m.pipeline(ctx)
	return m.out, err
}

// split deals records out to a number of shards.
func split(records []Record, n int) [][]Record {
	parts := make([][]Record, n)
	for i, r := range records {
		parts[i%n] = append(parts[i%n], r)
	}
	return parts
}

// meter measures stages.
type meter struct {
	cores int
	each  time.Duration
	parts [][]Record
	out   []Speed
}

// speed counts what several cores do at once.
type speed struct{ records, events, bytes atomic.Int64 }

func (s *speed) add(records []Record) {
	s.records.Add(int64(len(records)))
	s.events.Add(int64(Events(records)))
	s.bytes.Add(int64(Size(records)))
}

// timed lets each core do its part, which counts what it does until the time is over.
func (m *meter) timed(stage Stage, do func(part int, over func() bool, s *speed) error) error {
	runtime.GC()
	var s speed
	var g errgroup.Group
	began := time.Now()
	over := func() bool { return time.Since(began) >= m.each }
	for i := range m.parts {
		g.Go(func() error { return do(i, over, &s) })
	}
	err := g.Wait()
	m.out = append(m.out, Speed{stage, m.cores, s.records.Load(), s.events.Load(), s.bytes.Load(), time.Since(began)})
	return err
}

// plain measures what needs no pipeline, made anew for each core.
func (m *meter) plain(ctx context.Context, stage Stage, newRun func() func([]Record) error) error {
	return m.timed(stage, func(part int, over func() bool, s *speed) error {
		run, records := newRun(), m.parts[part]
		for i := 0; len(records) > 0 && !over() && ctx.Err() == nil; i = (i + 1) % len(records) {
			if err := run(records[i : i+1]); err != nil {
				return err
			}
			s.add(records[i : i+1])
		}
		return ctx.Err()
	})
}

// pipeline measures the pipeline, first with what it does not know, as far as it comes in
// the time, and then with the same once more.
func (m *meter) pipeline(ctx context.Context) error {
	p, err := NewPipeline(Options{})
	if err != nil {
		return err
	}
	reached := make([]int, len(m.parts))
	err = m.timed(New, func(part int, over func() bool, s *speed) error {
		for i := range m.parts[part] {
			if over() {
				break
			}
			if err := m.one(ctx, p, part, i, s); err != nil {
				return err
			}
			reached[part] = i + 1
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.settle(ctx, p, reached); err != nil {
		return err
	}
	return m.timed(Known, func(part int, over func() bool, s *speed) error {
		for i := 0; reached[part] > 0 && !over(); i = (i + 1) % reached[part] {
			if err := m.one(ctx, p, part, i, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// one processes a record of a part.
func (m *meter) one(ctx context.Context, p *Pipeline, part, i int, s *speed) error {
	some := m.parts[part][i : i+1]
	defer s.add(some)
	return p.Process(ctx, []processor.Record{{Data: some[0].Data, Stream: "bench", Shard: shardName(part)}})
}

// settle goes over what was reached again, until it teaches nothing.
func (m *meter) settle(ctx context.Context, p *Pipeline, reached []int) error {
	const times = 4
	for range times {
		before := p.Store.Written.Load()
		for part, n := range reached {
			for _, b := range Batches(shardName(part), m.parts[part][:n], 1) {
				if err := p.Process(ctx, b); err != nil {
					return err
				}
			}
		}
		if p.Store.Written.Load() == before {
			break
		}
	}
	return nil
}

func shardName(part int) string { return string(rune('a' + part%26)) }

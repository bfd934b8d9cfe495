package processor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/simulate"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// traffic is simulated events in the order of their delivery, thinned out.
func traffic(t *testing.T, cfg simulate.Config) []json.RawMessage {
	t.Helper()
	_, events := labelled(t, cfg)
	return thin(events)
}

// thin leaves two events in five: what must hold for all events must hold for any.
func thin(events []json.RawMessage) []json.RawMessage {
	r := rand.New(rand.NewPCG(3, 3))
	return slices.DeleteFunc(events, func(json.RawMessage) bool { return r.IntN(5) > 1 })
}

// remote makes a Store in memory look like one that workers share over a network,
// so that each has a cache of its own and reads are copies of a moment.
type remote struct{ state.Store }

// worker is a processor as one process has it.
func worker(store state.Store, findings sink.Sink) *processor.Processor {
	return processor.New(processor.Config{
		Facts: state.NewFacts(store, 1<<16), Extractor: rules.Extractor{Keep: 1000, Contested: 1000},
		Findings: findings, DeadLetters: discard{}, Logger: slog.New(slog.DiscardHandler),
	})
}

type discard struct{}

func (discard) Send(context.Context, []sink.DeadLetter) error { return nil }

// said is what a finding comes down to.
func said(f *finding.Finding) string {
	var places, codes []string
	for _, a := range f.Addresses {
		places = append(places, fmt.Sprintf("%s %s %s", a.Role, a.Address, a.VPCEndpointID))
	}
	for _, e := range f.Evidence {
		codes = append(codes, fmt.Sprintf("%s%+d", e.Code, e.Weight))
	}
	slices.Sort(places)
	slices.Sort(codes)
	return fmt.Sprintf("%s %s %s %d %d %v %v", f.ID, f.Token.AccessKeyID, f.Severity, f.Score, f.EventCount, places, codes)
}

func saidAll(findings []*finding.Finding) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = said(f)
	}
	return out
}

// verdictOf is the open findings when nothing is left to judge: what a fresh
// processor says of a store that holds everything.
func run(t *testing.T, p *processor.Processor, events []json.RawMessage) {
	t.Helper()
	record := append(append([]byte(`{"Records":[`), bytes.Join(rawBytes(events), []byte(","))...), `]}`...)
	if err := p.Process(context.Background(), []processor.Record{{Data: record}}); err != nil {
		t.Error(err)
	}
}

// TestAnySplitOverWorkers: the same events in any order, some of them twice, over
// any number of workers that share a store, give the same final findings.
func TestAnySplitOverWorkers(t *testing.T) {
	events := traffic(t, simulate.Config{Seed: 11, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	want := &collector{}
	alone := worker(remote{state.NewMemory(1 << 20)}, want)
	run(t, alone, events)
	if err := alone.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(want.open()) < 20 {
		t.Fatalf("only %d findings: too few to tell anything", len(want.open()))
	}
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			got := split(t, events, workers, uint64(workers), worker)
			diff(t, saidAll(want.open()), saidAll(got.open()))
		})
	}
}

// split deals shuffled events out to workers that run at the same time.
func split(t *testing.T, events []json.RawMessage, workers int, seed uint64, hire func(state.Store, sink.Sink) *processor.Processor) *collector {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	all := slices.Clone(events)
	for range len(events) / 10 {
		all = append(all, events[r.IntN(len(events))])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	store := remote{state.NewMemory(1 << 20)}
	c := &locked{}
	team := make([]*processor.Processor, workers)
	var wg sync.WaitGroup
	for w := range workers {
		mine := all[w*len(all)/workers : (w+1)*len(all)/workers]
		team[w] = hire(store, c)
		wg.Go(func() {
			for part := range slices.Chunk(mine, 200) {
				run(t, team[w], part)
			}
		})
	}
	wg.Wait()
	for _, p := range team { // as each does by itself when the lateness window is over
		if err := p.Finish(context.Background()); err != nil {
			t.Error(err)
		}
	}
	return &c.collector
}

// locked is a collector for several workers. Of two lines of one finding that
// cross on the way, the later sequence of a worker's own wins; workers agree in the
// end, since whoever speaks last has read everything.
type locked struct {
	mu sync.Mutex
	collector
}

func (l *locked) Send(ctx context.Context, findings []*finding.Finding) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.collector.Send(ctx, findings)
}

func diff(t *testing.T, want, got []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing:    %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("unexpected: %s", g)
		}
	}
}

// flaky fails some calls, before or after they have taken effect.
type flaky struct {
	state.Store
	mu   sync.Mutex
	rand *rand.Rand
}

var errFlaky = errors.New("injected")

func (f *flaky) fails() (before, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.rand.IntN(20)
	return n == 0, n == 1
}

func (f *flaky) Put(ctx context.Context, facts []state.Fact) error {
	before, after := f.fails()
	if before {
		return errFlaky
	}
	if err := f.Store.Put(ctx, facts); err != nil || !after {
		return err
	}
	return errFlaky
}

func (f *flaky) Get(ctx context.Context, keys []state.Key) (map[state.Key]*state.Set, error) {
	if before, after := f.fails(); before || after {
		return nil, errFlaky
	}
	return f.Store.Get(ctx, keys)
}

// flakySink fails some deliveries, before or after they have arrived.
type flakySink struct {
	collector
	rand *rand.Rand
}

func (f *flakySink) Send(ctx context.Context, findings []*finding.Finding) error {
	n := f.rand.IntN(3)
	if n == 0 {
		return errFlaky
	}
	if err := f.collector.Send(ctx, findings); err != nil || n != 1 {
		return err
	}
	return errFlaky
}

// TestFaultsLoseNothing: with a store and a sink that fail now and then, before or
// after taking effect, and batches repeated until they succeed, the final findings
// are the same.
func TestFaultsLoseNothing(t *testing.T) {
	events := traffic(t, simulate.Config{Seed: 12, Duration: 2 * 3600e9, Accounts: 1, Regions: []string{"us-east-1"}})
	want := &collector{}
	calm := worker(remote{state.NewMemory(1 << 20)}, want)
	run(t, calm, events)
	if err := calm.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := &flakySink{rand: rand.New(rand.NewPCG(1, 1))}
	p := worker(&flaky{Store: remote{state.NewMemory(1 << 20)}, rand: rand.New(rand.NewPCG(2, 2))}, got)
	ctx := context.Background()
	for part := range slices.Chunk(events, 150) {
		record := append(append([]byte(`{"Records":[`), bytes.Join(rawBytes(part), []byte(","))...), `]}`...)
		insist(t, func() error { return p.Process(ctx, []processor.Record{{Data: record, Stream: "s", Shard: "0"}}) })
	}
	insist(t, func() error { return p.Finish(ctx) })
	diff(t, saidAll(want.open()), saidAll(got.open()))
}

// insist repeats what fails, as the Kinesis worker does.
func insist(t *testing.T, f func() error) {
	t.Helper()
	for range 1000 {
		err := f()
		if err == nil {
			return
		}
		if !errors.Is(err, errFlaky) {
			t.Fatal(err)
		}
	}
	t.Fatal("does not succeed in 1000 attempts")
}

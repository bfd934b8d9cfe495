package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
)

// growth is one thing that grows.
type growth struct {
	name string // of the plot's file
	axis string // what grows
	log  bool   // the costs span powers of ten
	at   []int
	// subject makes the pipeline that is measured where the thing has come to a size.
	subject func(size int) (subject, error)
}

// subject is a pipeline, the sessions that it is to know, and how large their events are.
type subject struct {
	policy     *rules.Policy
	sessions   int
	eventBytes int
}

// fewSessions are known where it is not they that grow.
const fewSessions = 3000

func bySessions(most int) growth {
	g := growth{name: "sessions", axis: "known sessions"}
	for n := 1000; n <= most; n *= 10 {
		g.at = append(g.at, n)
	}
	g.subject = func(n int) (subject, error) { return subject{sessions: n}, nil }
	return g
}

func byNetworks() growth {
	return growth{name: "networks", axis: "configured networks", at: []int{10, 100, 1000, 10_000, 100_000},
		subject: func(n int) (subject, error) {
			return subject{sessions: fewSessions, policy: &rules.Policy{Known: network.NewList(networks(n))}}, nil
		}}
}

// networks are n networks of somebody's, of 256 addresses each.
func networks(n int) []network.Known {
	out := make([]network.Known, n)
	for i := range out {
		address := netip.AddrFrom4([4]byte{byte(64 + i>>16), byte(i >> 8), byte(i), 0})
		out[i] = network.Known{Prefix: netip.PrefixFrom(address, 24), Name: fmt.Sprintf("office %d", i), Owner: "us"}
	}
	return out
}

func byRules() growth {
	return growth{name: "rules", axis: "custom rules", at: []int{0, 1, 5, 20, 50, 100, 200},
		subject: func(n int) (subject, error) {
			if n == 0 {
				return subject{sessions: fewSessions}, nil
			}
			engine, err := custom.Parse("growth.yaml", ruleFile(n))
			return subject{sessions: fewSessions, policy: &rules.Policy{Custom: engine}}, err
		}}
}

// ruleFile is n rules: half over events and half over verdicts, of which none holds and
// every one has to be asked.
func ruleFile(n int) []byte {
	var b strings.Builder
	for i := range n {
		on, when := "event", fmt.Sprintf(`event.error_code == "" && event.address.startsWith("192.0.2.%d")`, i)
		if i%2 == 1 {
			on, when = "verdict", fmt.Sprintf(`glob(token.role_arn, "arn:aws:iam::*:role/scanner-%d-*")`, i)
		}
		fmt.Fprintf(&b, "- {name: rule-%d, owner: us, on: %s, when: %q, evidence: {weight: 5, text: it held}}\n", i, on, when)
	}
	return []byte(b.String())
}

func bySize() growth {
	return growth{name: "size", axis: "bytes an event", log: true, at: []int{1100, 2000, 4000, 8000, 16_000, 64_000},
		subject: func(n int) (subject, error) { return subject{sessions: fewSessions, eventBytes: n}, nil }}
}

// point is what an event costs at a size, in nanoseconds of processor time.
type point struct {
	x                  int
	gunzip, known, new float64
}

// measure measures one size after the other, so that none is in memory beside another.
func (g *growth) measure(ctx context.Context, count int) ([]point, error) {
	var out []point
	for _, x := range g.at {
		s, err := g.subject(x)
		if err != nil {
			return nil, err
		}
		t, err := newTrial(ctx, s)
		if err != nil {
			return nil, err
		}
		took, err := bench.Compare(count,
			func() error { return t.gunzip.Run(t.records) },
			func() error { return t.pipeline.Run(ctx, t.batches) },
			func() error { return t.learnMore(ctx) })
		if err != nil {
			return nil, err
		}
		median := func(task, n int) float64 { return bench.Median(bench.Per(took[task], n)) }
		out = append(out, point{x, median(0, t.events), median(1, t.events), median(2, newSessions)})
	}
	return out, nil
}

// trial is a pipeline that knows sessions, with uses of some of them.
type trial struct {
	fleet    bench.Fleet
	pipeline *bench.Pipeline
	learned  int
	gunzip   bench.Gunzip
	records  []bench.Record
	batches  [][]processor.Record
	events   int
}

// What one run processes: events of known sessions, and new sessions.
const (
	knownBytes  = 16 << 20
	newSessions = 500
	batchEvents = 500
	firstNew    = 1 << 23 // number of the first session that is new
	storeKeys   = 100_000
	taught      = 12 // uses of a known session before, more than are kept
)

func newTrial(ctx context.Context, s subject) (*trial, error) {
	t := &trial{fleet: bench.Fleet{EventBytes: s.eventBytes}, learned: firstNew}
	var err error
	t.pipeline, err = bench.NewPipeline(bench.Options{Policy: s.policy, Memory: 1<<30 + 400*int64(s.sessions), Store: bench.NewStore(storeKeys)})
	if err != nil {
		return nil, err
	}
	if err := t.fleet.LearnAll(ctx, t.pipeline, 0, s.sessions); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(7, 8))
	uses := make([]int, min(10_000, knownBytes/max(s.eventBytes, 1500))/bench.PerLog*bench.PerLog)
	for i := range uses {
		uses[i] = rng.IntN(s.sessions)
	}
	for n := 1; n < taught; n++ {
		for some := range slices.Chunk(uses, batchEvents) {
			if err := t.pipeline.Process(ctx, t.fleet.Batch("0", n, some...)); err != nil {
				return nil, err
			}
		}
	}
	if t.records, err = t.fleet.Packed(taught, uses...); err != nil {
		return nil, err
	}
	t.batches, t.events = bench.Batches("0", t.records, batchEvents), bench.Events(t.records)
	return t, nil
}

// learnMore lets the pipeline meet sessions that it has never seen, each time others.
func (t *trial) learnMore(ctx context.Context) error {
	t.learned += newSessions
	return t.fleet.Learn(ctx, t.pipeline, "0", t.learned-newSessions, t.learned)
}

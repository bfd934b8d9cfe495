package bench_test

import (
	"encoding/json"
	"testing"

	"github.com/straytoken/straytoken/bench"
)

// TestFleetIsLikeLogs: events are JSON, of about their size, and shrink as those of logs
// do; the pipeline knows a session by its first use, and a stolen one makes a finding.
func TestFleetIsLikeLogs(t *testing.T) {
	for _, want := range []int{1100, 1500, 6000, 64_000} {
		if e := (bench.Fleet{EventBytes: want}).Event(5, 1); !json.Valid(e) || len(e) < want*9/10 || len(e) > want*11/10 {
			t.Errorf("an event of %d bytes has %d: %.300s", want, len(e), e)
		}
	}
	f := bench.Fleet{}
	sessions := make([]int, 3*bench.PerLog)
	for i := range sessions {
		sessions[i] = i * 37 % 1000
	}
	records, err := f.Packed(0, sessions...)
	if err != nil {
		t.Fatal(err)
	}
	var g bench.Gunzip
	if err := g.Run(records); err != nil {
		t.Fatal(err)
	}
	if ratio := float64(g.Bytes) / float64(bench.Size(records)); ratio < 5 || ratio > 10 {
		t.Errorf("the events shrink by %.1f", ratio)
	}
}

func TestPipelineKnowsAFleet(t *testing.T) {
	f := bench.Fleet{}
	p, err := bench.NewPipeline(bench.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Learn(t.Context(), p, "0", 0, 1000); err != nil {
		t.Fatal(err)
	}
	written := p.Store.Written.Load()
	if err := f.Learn(t.Context(), p, "0", 0, 1000); err != nil {
		t.Fatal(err)
	}
	if more := p.Store.Written.Load() - written; written == 0 || more != 0 || p.Letters.Load() != 0 || p.Events() != 2000 {
		t.Errorf("%d facts written, %d of them again; %d dead letters; %d events", written, more, p.Letters.Load(), p.Events())
	}
	if err := p.Run(t.Context(), bench.Batches("0", []bench.Record{{Data: f.Stolen(7, 60), Events: 1}}, 1)); err != nil {
		t.Fatal(err)
	}
	if p.Findings.Load() != 1 {
		t.Errorf("%d findings of one theft", p.Findings.Load())
	}
}

package sink_test

import (
	"errors"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/sink"
)

func TestMulti(t *testing.T) {
	tests := map[string]struct {
		sinks *[3]fake
		want  [3]string
	}{
		"all accept":           {sinks: &[3]fake{}, want: [3]string{"st-1 st-2", "st-1 st-2", "st-1 st-2"}},
		"one refuses twice":    {sinks: &[3]fake{1: {fail: 2}}, want: [3]string{"st-1 st-2", "st-1 st-2", "st-1 st-2"}},
		"two refuse":           {sinks: &[3]fake{{fail: 1}, {fail: 3}, {}}, want: [3]string{"st-1 st-2", "st-1 st-2", "st-1 st-2"}},
		"accepted, then error": {sinks: &[3]fake{2: {fail: 1, late: true}}, want: [3]string{"st-1 st-2", "st-1 st-2", "st-1 st-2 | st-1 st-2"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sinks := tt.sinks
			s := sink.Multi(&sinks[0], &sinks[1], &sinks[2])
			refusals := max(sinks[0].fail, sinks[1].fail, sinks[2].fail)
			for range refusals {
				if err := s.Send(t.Context(), batch("st-1", "st-2")); !errors.Is(err, errDown) {
					t.Fatalf("got %v", err)
				}
			}
			if err := s.Send(t.Context(), batch("st-1", "st-2")); err != nil {
				t.Fatal(err)
			}
			for i := range sinks {
				if got := sinks[i].ids(); got != tt.want[i] {
					t.Errorf("sink %d got %q, want %q", i, got, tt.want[i])
				}
			}
		})
	}
}

func TestMultiTellsBatchesApart(t *testing.T) {
	good, bad := &fake{}, &fake{fail: 2}
	s := sink.Multi(good, bad)
	changed := batch("st-1")
	changed[0].EventCount = 2
	for _, send := range [][]*finding.Finding{batch("st-1"), changed} {
		if err := s.Send(t.Context(), send); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
	}
	for range 2 { // the second is a new sending of a batch that was done
		if err := s.Send(t.Context(), batch("st-1")); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := good.ids(), "st-1 | st-1 | st-1"; got != want {
		t.Errorf("good sink got %q, want %q", got, want)
	}
	if got, want := bad.ids(), "st-1 | st-1"; got != want {
		t.Errorf("bad sink got %q, want %q", got, want)
	}
}

func TestMultiOfNoneFails(t *testing.T) {
	if err := sink.Multi().Send(t.Context(), batch("st-1")); err == nil {
		t.Error("findings went nowhere and were accepted")
	}
}

func TestMultiOfOneIsThatOne(t *testing.T) {
	only := &fake{}
	if sink.Multi(only) != sink.Sink(only) {
		t.Error("wrapped")
	}
}

func TestMinSeverity(t *testing.T) {
	findings := batch("low", "medium", "high", "closed", "lowered")
	findings[0].Severity, findings[1].Severity = finding.Low, finding.Medium
	findings[3].Severity, findings[3].Activity = finding.Low, finding.Close
	findings[4].Severity, findings[4].Activity = finding.Low, finding.Update
	next := &fake{fail: 1}
	s := sink.MinSeverity(next, finding.Medium)
	if err := s.Send(t.Context(), findings); !errors.Is(err, errDown) {
		t.Fatalf("got %v", err)
	}
	if err := s.Send(t.Context(), findings); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), findings[:1]); err != nil {
		t.Fatal(err)
	}
	if got, want := next.ids(), "medium high closed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCounting(t *testing.T) {
	next := &fake{fail: 1}
	var sent, failed int
	s := sink.Counting(next, func(findings []*finding.Finding, took time.Duration, err error) {
		if took < 0 {
			t.Errorf("took %v", took)
		}
		if err != nil {
			failed++
			return
		}
		sent += len(findings)
	})
	if err := s.Send(t.Context(), batch("st-1", "st-2")); !errors.Is(err, errDown) {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), batch("st-1", "st-2")); err != nil {
		t.Fatal(err)
	}
	if sent != 2 || failed != 1 {
		t.Errorf("%d sent, %d failed", sent, failed)
	}
}

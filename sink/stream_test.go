package sink_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/sink"
)

func TestJSONWritesLines(t *testing.T) {
	var out bytes.Buffer
	if err := sink.JSON(&out).Send(t.Context(), batch("st-1", "st-2")); err != nil {
		t.Fatal(err)
	}
	checkIDs(t, out.Bytes(), 0, "st-1", "st-2")
}

func TestJSONFaults(t *testing.T) {
	tests := map[string]struct {
		writer shortWriter
		want   error
		broken int
	}{
		"before the write":    {shortWriter{take: 0}, errDown, 0},
		"inside a line":       {shortWriter{take: 20}, errDown, 1},
		"inside, silently":    {shortWriter{take: 20, silent: true}, io.ErrShortWrite, 1},
		"after the whole one": {shortWriter{take: 1 << 20}, errDown, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := tt.writer
			s := sink.JSON(&out)
			if err := s.Send(t.Context(), batch("st-1")); !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err := s.Send(t.Context(), batch("st-1", "st-2")); err != nil {
				t.Fatal(err)
			}
			ids, broken := idsOf(t, out.Bytes())
			if got := slices.Compact(ids); !slices.Equal(got, []string{"st-1", "st-2"}) || broken != tt.broken {
				t.Errorf("got %v and %d broken lines", ids, broken)
			}
		})
	}
}

func TestJSONConcurrentSenders(t *testing.T) {
	var out bytes.Buffer
	s := sink.JSON(&out)
	want := inParallel(t, 8, 50, func(ctx context.Context, id string) error { return s.Send(ctx, batch(id)) })
	ids, broken := idsOf(t, out.Bytes())
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) || broken > 0 {
		t.Errorf("%d of %d findings, %d broken lines", len(ids), len(want), broken)
	}
}

func TestStreamsHonourTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := sink.JSON(&out).Send(ctx, batch("st-1")); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("got %v and %q", err, out.String())
	}
}

func TestTextSaysWhatChanged(t *testing.T) {
	var out bytes.Buffer
	s := sink.Text(&out, finding.TextOptions{})
	first, second := batch("st-1")[0], batch("st-1")[0]
	second.Activity, second.Severity = finding.Update, finding.Critical
	closing := batch("st-1")[0]
	closing.Activity, closing.Reason = finding.Close, "explained"
	late := *second
	if err := s.Send(t.Context(), []*finding.Finding{first, second, closing, &late}); err != nil {
		t.Fatal(err)
	}
	texts := strings.Split(strings.TrimSpace(out.String()), "\n\n[")
	if len(texts) != 4 || !strings.Contains(texts[1], "severity: high → critical") || !strings.HasPrefix(texts[2], "CLOSED]") {
		t.Errorf("got %q", texts)
	}
	if strings.Contains(texts[3], "CHANGED") {
		t.Errorf("an update after the close compares with what was forgotten: %s", texts[3])
	}
}

func TestTextRemembersOnlyWhatWasWritten(t *testing.T) {
	out := &shortWriter{take: 3}
	s := sink.Text(out, finding.TextOptions{})
	update := batch("st-1")
	update[0].Activity = finding.Update
	if err := s.Send(t.Context(), update); !errors.Is(err, errDown) {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "CHANGED") || !strings.HasPrefix(text, "[HI\n[HIGH UPDATE]") {
		t.Errorf("got %q", text)
	}
}

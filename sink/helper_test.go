package sink_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/finding/jsonl"
)

// batch makes findings with the given ids.
func batch(ids ...string) []*finding.Finding {
	var findings []*finding.Finding
	for _, id := range ids {
		findings = append(findings, &finding.Finding{ID: id, Activity: finding.Create, Severity: finding.High})
	}
	return findings
}

// idsOf reads the ids of JSON lines and counts the broken lines.
func idsOf(t *testing.T, lines []byte) (ids []string, broken int) {
	t.Helper()
	for f, err := range finding.ReadAll(bytes.NewReader(lines)) {
		if lineErr := (*jsonl.LineError)(nil); errors.As(err, &lineErr) {
			broken++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, f.ID)
	}
	return ids, broken
}

// checkIDs asserts which findings lines hold, and how many broken lines.
func checkIDs(t *testing.T, lines []byte, wantBroken int, want ...string) {
	t.Helper()
	ids, broken := idsOf(t, lines)
	if !slices.Equal(ids, want) || broken != wantBroken {
		t.Errorf("got %v and %d broken lines, want %v and %d, in %q", ids, broken, want, wantBroken, lines)
	}
}

var errDown = errors.New("destination down")

// fake is a sink that records what it accepts and fails as told.
type fake struct {
	mu       sync.Mutex
	fail     int  // this many times
	late     bool // fail after taking effect
	accepted [][]*finding.Finding
}

func (s *fake) Send(_ context.Context, findings []*finding.Finding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	failing := s.fail > 0
	if failing {
		s.fail--
	}
	if !failing || s.late {
		s.accepted = append(s.accepted, findings)
	}
	if failing {
		return errDown
	}
	return nil
}

// ids lists the batches as "a b | c".
func (s *fake) ids() string {
	var text bytes.Buffer
	for i, findings := range s.accepted {
		if i > 0 {
			text.WriteString(" | ")
		}
		for j, f := range findings {
			if j > 0 {
				text.WriteByte(' ')
			}
			text.WriteString(f.ID)
		}
	}
	return text.String()
}

// shortWriter fails once, after it took some bytes.
type shortWriter struct {
	bytes.Buffer
	take   int // bytes to take before failing; < 0 never fails
	silent bool
}

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.take < 0 {
		return w.Buffer.Write(p)
	}
	n, _ := w.Buffer.Write(p[:min(w.take, len(p))])
	w.take = -1
	if w.silent {
		return n, nil
	}
	return n, errDown
}

// inParallel runs work for n senders with batches of their own and returns all ids.
func inParallel(t *testing.T, n, each int, send func(ctx context.Context, id string) error) []string {
	t.Helper()
	var wait sync.WaitGroup
	var want []string
	for sender := range n {
		for i := range each {
			want = append(want, fmt.Sprintf("st-%d-%d", sender, i))
		}
		wait.Go(func() {
			for i := range each {
				if err := send(t.Context(), fmt.Sprintf("st-%d-%d", sender, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return want
}

// all collects an iteration that must not fail.
func all[E any](t *testing.T, seq iter.Seq2[*E, error]) []E {
	t.Helper()
	var values []E
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, *v)
	}
	return values
}

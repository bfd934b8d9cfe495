package sink

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/straytoken/straytoken/finding"
)

// Final keeps the last state of every finding and sends it on when it is flushed:
// for a scan, which has an end, so that nobody reads what later events corrected.
// It is safe for concurrent use and holds one finding an ID.
type Final struct {
	next   Sink
	atOnce bool

	mu   sync.Mutex
	last map[string]*finding.Finding
}

// NewFinal makes a Final; with atOnce it also passes on everything as it comes,
// and Flush has nothing left to send.
func NewFinal(next Sink, atOnce bool) *Final {
	return &Final{next: next, atOnce: atOnce, last: map[string]*finding.Finding{}}
}

// Send implements Sink.
func (f *Final) Send(ctx context.Context, findings []*finding.Finding) error {
	f.mu.Lock()
	for _, one := range findings {
		f.last[one.ID] = one
	}
	f.mu.Unlock()
	if f.atOnce {
		return f.next.Send(ctx, findings)
	}
	return nil
}

// Flush sends the open findings, by the time of the intruder's first use, as new.
func (f *Final) Flush(ctx context.Context) error {
	if f.atOnce {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var open []*finding.Finding
	for _, one := range f.last {
		if one.Status == finding.Open {
			created := *one
			created.Activity = finding.Create
			open = append(open, &created)
		}
	}
	slices.SortFunc(open, func(a, b *finding.Finding) int {
		return cmp.Or(a.FirstTime.Compare(b.FirstTime), cmp.Compare(a.ID, b.ID))
	})
	return f.next.Send(ctx, open)
}

// Open counts the findings that are open at a severity or more.
func (f *Final) Open(least finding.Severity) int {
	return f.count(func(one *finding.Finding) bool { return one.Status == finding.Open && one.Severity >= least })
}

// Closed counts the findings that were closed again.
func (f *Final) Closed() int {
	return f.count(func(one *finding.Finding) bool { return one.Status == finding.Closed })
}

func (f *Final) count(want func(*finding.Finding) bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, one := range f.last {
		if want(one) {
			n++
		}
	}
	return n
}

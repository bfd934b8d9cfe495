package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/straytoken/straytoken/finding"
)

// clock measures how long it takes from putting an event into the stream to the finding that it causes.
type clock struct {
	events atomic.Int64 // events put so far

	mu    sync.Mutex
	sent  map[string]time.Time // by event id: when it was put
	waits []time.Duration      // one a new finding
}

func newClock() *clock { return &clock{sent: map[string]time.Time{}} }

// put notes when events were put. What is put twice counts from the first time.
func (c *clock) put(eventIDs []string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range eventIDs {
		if _, ok := c.sent[id]; !ok {
			c.sent[id] = at
		}
	}
}

// wait is the time from the put of the newest event that a finding names to its arrival. A new finding is noted for
// the quantiles. It is not ok when the finding names no event that was put.
func (c *clock) wait(f *finding.Finding, arrived time.Time) (wait time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var newest time.Time
	for _, id := range eventsOf(f) {
		if at := c.sent[id]; at.After(newest) && !at.After(arrived) {
			newest = at
		}
	}
	if newest.IsZero() {
		return 0, false
	}
	wait = arrived.Sub(newest)
	if f.Activity == finding.Create {
		c.waits = append(c.waits, wait)
	}
	return wait, true
}

// eventsOf are the events that a finding names.
func eventsOf(f *finding.Finding) []string {
	ids := slices.Clone(f.EventIDs)
	for _, o := range []*finding.Observation{f.FirstSeen, f.Observed} {
		if o != nil {
			ids = append(ids, o.EventID)
		}
	}
	return ids
}

// quantiles are the waits at the shares given, 0 to 1; nil without any.
func (c *clock) quantiles(shares ...float64) []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waits) == 0 {
		return nil
	}
	slices.Sort(c.waits)
	var out []time.Duration
	for _, share := range shares {
		out = append(out, c.waits[int(share*float64(len(c.waits)-1)+0.5)])
	}
	return out
}

package state

import (
	"context"
	"slices"
	"sync"
	"time"
)

// How many calls DynamoDB gets at once.
const (
	firstCalls = 16
	mostCalls  = 64
	// cutPause is how long the number is left alone after it was cut: calls that were
	// under way together are throttled together, and are one sign, not many.
	cutPause = 200 * time.Millisecond
)

// gate lets as many calls through at once as DynamoDB takes, of all shards: one more for
// every round of calls that went well, half as many when it throttles (additive increase,
// multiplicative decrease). Who has to wait is let in in order.
type gate struct {
	mu        sync.Mutex
	limit     float64
	inside    int
	waiting   []chan struct{}
	cut       time.Time // when the limit was last cut
	throttled int64
}

func newGate() *gate { return &gate{limit: firstCalls} }

// enter waits for its turn. Who entered must leave.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	if g.inside < int(g.limit) && len(g.waiting) == 0 {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		g.abandon(turn)
		return ctx.Err()
	}
}

// abandon gives a turn back that nobody waits for any more.
func (g *gate) abandon(turn chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, turn); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return
	}
	g.inside-- // it had come just now
	g.admit()
}

// leave ends a call and says whether it was throttled.
func (g *gate) leave(throttled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if throttled {
		g.throttled++
	}
	now := time.Now()
	switch rested := now.Sub(g.cut) >= cutPause; {
	case rested && throttled:
		g.limit, g.cut = max(g.limit/2, 1), now
	case rested:
		g.limit = min(g.limit+1/g.limit, mostCalls)
	}
	g.admit()
}

func (g *gate) admit() {
	for len(g.waiting) > 0 && g.inside < int(g.limit) {
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
		g.inside++
	}
}

// Calls gives how many calls the table may get at once now, and how many it has
// throttled, also in part.
func (d *Dynamo) Calls() (atOnce int, throttled int64) {
	d.gate.mu.Lock()
	defer d.gate.mu.Unlock()
	return int(d.gate.limit), d.gate.throttled
}

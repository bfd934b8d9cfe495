package replay

import (
	"context"
	"time"
)

// pacer says how long to wait before each event, so that the time between two
// events is that of their event times over the speed. Waits are measured from
// the start: neither a late event nor a slow stream makes the replay longer.
type pacer struct {
	speed    float64 // 0: never wait
	maxPause time.Duration

	start time.Time // when the event of time zero was put, on the wall clock
	zero  time.Time // that event's time
}

// delay is how long to wait at wall time now before an event; 0 for one that is
// due or older than its predecessors.
func (p *pacer) delay(event, now time.Time) time.Duration {
	if p.speed <= 0 {
		return 0
	}
	if p.start.IsZero() {
		p.start, p.zero = now, event
	}
	due := p.start.Add(time.Duration(float64(event.Sub(p.zero)) / p.speed))
	wait := max(due.Sub(now), 0)
	if p.maxPause > 0 && wait > p.maxPause {
		p.start = p.start.Add(p.maxPause - wait)
		wait = p.maxPause
	}
	return wait
}

// sleep waits, or returns early with the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

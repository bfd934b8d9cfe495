package replay

import (
	"context"

	"golang.org/x/time/rate"
)

// limiter bounds what is sent a second. A nil limiter inside bounds nothing.
type limiter struct {
	records, bytes *rate.Limiter
}

func newLimiter(o Options) limiter {
	return limiter{records: newRate(o.RecordRate), bytes: newRate(o.ByteRate)}
}

// newRate allows a tenth of a second's worth at once, to keep the flow even.
func newRate(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))
}

func (l limiter) wait(ctx context.Context, records, bytes int) error {
	if err := waitN(ctx, l.records, records); err != nil {
		return err
	}
	return waitN(ctx, l.bytes, bytes)
}

func waitN(ctx context.Context, l *rate.Limiter, n int) error {
	for n > 0 && l != nil {
		step := min(n, l.Burst())
		if err := l.WaitN(ctx, step); err != nil {
			return err
		}
		n -= step
	}
	return nil
}

package kinesis

import (
	"context"
	"math/rand/v2"
	"time"
)

// callTimeout bounds one AWS call, the SDK's own retries included: a hung socket must not hang a shard.
const callTimeout = 15 * time.Second

// backoff is a delay that doubles with each failure in a row up to a limit.
type backoff struct{ first, limit time.Duration }

// delay returns the time to wait after the n-th failure in a row, n from 1: half of it fixed, half of it random, so
// that workers that failed together do not come back together.
func (b backoff) delay(n int) time.Duration {
	full := min(b.first<<min(n-1, 20), b.limit)
	return full/2 + rand.N(full/2+1)
}

// pause waits for d and returns nil, or for the end of ctx and returns its error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// worthALine picks the attempts to log of many that fail in a row: the 1st, 2nd, 4th, 8th and so on.
func worthALine(attempt int) bool { return attempt&(attempt-1) == 0 }

package replay

import (
	"context"
	"hash/fnv"

	"golang.org/x/sync/semaphore"
)

// window is how many records a lane looks at to fill a request. A busy
// partition key then leaves room for others.
const window = 4 * maxBatchRecords

// lane sends the records of its share of the partition keys, one request at a
// time. Its fields belong to its goroutine, except in.
type lane struct {
	in        chan *record
	pending   []*record // in order
	closed    bool      // in has ended
	unordered bool
	sender    sender
	budget    *semaphore.Weighted // bytes of all lanes' records that wait or are on their way
}

// maxWaiting bounds the bytes of records that wait or are on their way.
const maxWaiting = 64 << 20

type lanes []*lane

func newLanes(client Client, o Options, t *tally) lanes {
	limit, budget := newLimiter(o), semaphore.NewWeighted(maxWaiting)
	all := make(lanes, o.Parallel)
	for i := range all {
		all[i] = &lane{
			in: make(chan *record, window), unordered: o.Unordered, budget: budget,
			sender: sender{client: client, stream: o.Stream, limit: limit, tally: t, attempts: o.Attempts},
		}
	}
	return all
}

// send hands a record to the lane of its partition key.
func (ls lanes) send(ctx context.Context, r *record) error {
	if err := ls[0].budget.Acquire(ctx, int64(r.size())); err != nil {
		return context.Cause(ctx)
	}
	h := fnv.New32a()
	h.Write([]byte(r.key))
	select {
	case ls[h.Sum32()%uint32(len(ls))].in <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close says that no record follows.
func (ls lanes) close() {
	for _, l := range ls {
		close(l.in)
	}
}

// run sends until the input has ended and nothing is pending. A request takes
// what is there: it is full under load and at once otherwise.
func (l *lane) run(ctx context.Context) error {
	for {
		if err := l.receive(ctx); err != nil {
			return err
		}
		if len(l.pending) == 0 {
			return nil
		}
		batch := l.pick()
		left, err := l.sender.send(ctx, batch)
		if err != nil {
			return err
		}
		l.settle(batch, left)
	}
}

// receive fills the window; it waits only while nothing is pending.
func (l *lane) receive(ctx context.Context) error {
	for !l.closed && len(l.pending) < window {
		if len(l.pending) > 0 && len(l.in) == 0 {
			return nil
		}
		select {
		case r, ok := <-l.in:
			if !ok {
				l.closed = true
				return nil
			}
			l.pending = append(l.pending, r)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// pick chooses the next request: the oldest records that fit, and of each
// partition key only the first, so that a failure in part swaps nothing. A large
// record is alone in its request: if the stream does not take it, others are spared.
func (l *lane) pick() []*record {
	var batch []*record
	size, taken := 0, map[string]bool{}
	for _, r := range l.pending {
		if taken[r.key] && !l.unordered {
			continue
		}
		if len(batch) == maxBatchRecords || size+r.size() > maxBatchBytes && !r.large() {
			break
		}
		taken[r.key] = true
		if r.large() {
			if len(batch) == 0 {
				return []*record{r}
			}
			continue
		}
		size += r.size()
		batch = append(batch, r)
	}
	return batch
}

// settle forgets the records of a request that are not left to be sent again.
// What is left keeps its place.
func (l *lane) settle(batch, left []*record) {
	done := make(map[*record]bool, len(batch))
	for _, r := range batch {
		done[r] = true
	}
	for _, r := range left {
		done[r] = false
	}
	l.budget.Release(int64(sizeOf(batch) - sizeOf(left)))
	kept := l.pending[:0]
	for _, r := range l.pending {
		if !done[r] {
			kept = append(kept, r)
		}
	}
	clear(l.pending[len(kept):])
	l.pending = kept
}

package processor

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Bounds of what one batch holds at once, besides its records.
const (
	// sliceBytes is how much of facts is gathered before they are learned.
	sliceBytes = 4 << 20
	// sliceLocks and sliceChanges are how many sessions are judged, and how many new
	// facts are followed, over one reading of the store.
	sliceLocks   = 32
	sliceChanges = 256
	// judging is how many such readings there are at once, of all shards.
	judging = 16
)

// grown is how much more a buffer takes while it grows than what it holds in the end.
const grown = 2

// What records unpack to, first of all: usual bytes for each of theirs, as logs shrink to
// a tenth or less, and at most small. What unpacks to more is decoded once more, with
// all that the limits allow.
const (
	usual = 16
	small = 4 << 20
)

// budget is what all shards may take at once to unpack records.
type budget struct {
	total int64
	free  *semaphore.Weighted
	taken atomic.Int64
	waits atomic.Int64
}

func newBudget(total int64) *budget {
	return &budget{total: total, free: semaphore.NewWeighted(total)}
}

// take waits until bytes are free, and gives how many are to be given back: more than
// there are in all are taken to be all.
func (b *budget) take(ctx context.Context, bytes int64) (taken int64, err error) {
	bytes = min(bytes, b.total)
	if !b.free.TryAcquire(bytes) {
		b.waits.Add(1)
		if err := b.free.Acquire(ctx, bytes); err != nil {
			return 0, err
		}
	}
	b.taken.Add(bytes)
	return bytes, nil
}

func (b *budget) give(taken int64) {
	b.taken.Add(-taken)
	b.free.Release(taken)
}

// first is what a record may unpack to at the first try.
func (p *Processor) first(record []byte) int64 {
	return min(p.cfg.Limits.Decompressed(), small, usual*int64(len(record))+64<<10)
}

// pool gives the decoders for what unpacks to at most some bytes. Decoders keep their
// buffers, so those that had a large record serve large ones only.
func (p *Processor) pool(within int64) *sync.Pool {
	if within <= small {
		return &p.decoders
	}
	return &p.largeDecoders
}

// Decoding gives the bytes that are reserved for unpacking records now, and how many
// times a record had to wait for them.
func (p *Processor) Decoding() (bytes, waits int64) {
	return p.budget.taken.Load(), p.budget.waits.Load()
}

// unpack decodes a record within its share of the budget.
func (p *Processor) unpack(ctx context.Context, record []byte, within int64, yield func(*cloudtrail.Event) error) (cloudtrail.Summary, error) {
	taken, err := p.budget.take(ctx, grown*within)
	if err != nil {
		return cloudtrail.Summary{}, err
	}
	defer p.budget.give(taken)
	pool := p.pool(within)
	d := pool.Get().(*cloudtrail.Decoder)
	defer pool.Put(d)
	return d.DecodeWithin(within, record, yield)
}

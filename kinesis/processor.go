package kinesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/interfaces"
)

var _ interfaces.IRecordProcessorFactory = (*processors)(nil)

// processors makes a processor for each shard that the library begins to read.
type processors struct {
	cfg     Config
	handler Handler
	leases  *leases
	journal *journal
	log     *slog.Logger
	hung    func(error) // reports a Handler that does not return
}

// CreateProcessor is called by the library once per acquired lease.
func (p *processors) CreateProcessor() interfaces.IRecordProcessor { return &processor{processors: p} }

// processor handles the batches of one shard under one lease. The library calls it from one goroutine and waits for
// it, which is the back-pressure.
type processor struct {
	*processors
	shard   string
	lease   *lease
	dropped bool // a batch was not made durable: nothing later may be handled or checkpointed under this lease
}

// Initialize is called first.
func (p *processor) Initialize(in *interfaces.InitializationInput) {
	p.shard = in.ShardId
	p.lease = p.leases.get(p.shard)
	p.dropped = p.lease == nil
}

// ProcessRecords handles and checkpoints one batch, however long that takes.
func (p *processor) ProcessRecords(in *interfaces.ProcessRecordsInput) {
	if p.dropped || len(in.Records) == 0 {
		return
	}
	b := Batch{Stream: p.cfg.Stream, Shard: p.shard, Records: unguard(in.Records),
		Behind: time.Duration(in.MillisBehindLatest) * time.Millisecond}
	err := p.deliver(b)
	if err == nil {
		err = in.Checkpointer.Checkpoint(&b.Records[len(b.Records)-1].SequenceNumber)
	}
	if err != nil {
		p.dropped = true
		p.log.Info("batch not finished, the shard's next owner repeats it", "shard", p.shard, "err", err)
	}
}

// Shutdown is called when the shard has ended, or at a stop; not when the lease is lost.
func (p *processor) Shutdown(in *interfaces.ShutdownInput) {
	if p.dropped || in.ShutdownReason != interfaces.TERMINATE {
		return // every finished batch is checkpointed already
	}
	if err := in.Checkpointer.Checkpoint(nil); err != nil {
		p.log.Info("end of shard not recorded, the shard's next owner repeats it", "shard", p.shard, "err", err)
		return
	}
	p.journal.record(Event{Kind: ShardEnded, Shard: p.shard})
}

// deliver calls the Handler until it succeeds. It gives up when the lease has ended, or is to be released.
func (p *processor) deliver(b Batch) error {
	wait := backoff{first: 100 * time.Millisecond, limit: 10 * time.Second}
	for n := 1; p.lease.valid(); n++ {
		start := time.Now()
		err := p.call(b)
		if err == nil {
			p.journal.record(Event{Kind: BatchDone, Shard: p.shard, Records: len(b.Records), Bytes: b.bytes(),
				Took: time.Since(start)})
			return nil
		}
		p.failed(err, n, time.Since(start))
		if pause(p.lease.reading, wait.delay(n)) != nil {
			break
		}
	}
	return errLeaseEnded
}

func (p *processor) failed(err error, attempt int, took time.Duration) {
	p.journal.record(Event{Kind: BatchFailed, Shard: p.shard, Attempt: attempt, Took: took, Err: err})
	if !worthALine(attempt) {
		return
	}
	var crash *panicError
	if errors.As(err, &crash) {
		p.log.Error("the handler panicked", "shard", p.shard, "err", err, "stack", string(crash.stack))
		return
	}
	p.log.Warn("the handler failed, will try again", "shard", p.shard, "err", err, "attempt", attempt)
}

// call makes one call of the Handler, under the watchdog.
func (p *processor) call(b Batch) (err error) {
	ctx, cancel := context.WithTimeout(p.lease.life, p.cfg.HandlerTimeout)
	defer cancel()
	defer p.watch(ctx)()
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return p.handler.HandleBatch(ctx, b)
}

// watch begins when ctx ends: a Handler that is still running some time later hangs. Its lease is no longer renewed
// then, so that another worker takes the shard, and Run ends.
func (p *processor) watch(ctx context.Context) (stop func()) {
	returned, done := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		if returned.Err() == nil && pause(returned, p.hangTime()) == nil {
			err := &Error{Problem: HandlerHung, Resource: p.shard,
				Advice: "restart the process; look for a call in the handler that ignores its context"}
			p.lease.lose(err)
			p.hung(err)
		}
	})
	return done
}

// hangTime is how long a Handler may take to return after its context has ended.
func (p *processor) hangTime() time.Duration { return min(p.cfg.HandlerTimeout, 10*time.Second) }

// panicError is a panic of a Handler.
type panicError struct {
	value any
	stack []byte
}

// Error names the panic without its stack, which is logged once.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// bytes returns the sum of the records' data.
func (b Batch) bytes() (n int) {
	for _, r := range b.Records {
		n += len(r.Data)
	}
	return n
}

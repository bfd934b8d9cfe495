package processor

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// Record is one record of a stream or one trail file, and where it came from.
type Record struct {
	Data           []byte
	Stream         string // Kinesis stream; "" for files
	Shard          string
	SequenceNumber string
	PartitionKey   string
	Arrival        time.Time // approximate, at the stream; zero for files
	Source         string    // file or object; "" for Kinesis
}

// Config is what a Processor works with. Facts, Findings and DeadLetters are
// required.
type Config struct {
	Facts       *state.Facts
	Policy      *rules.Policy   // until SetPolicy; default the zero value
	Extractor   rules.Extractor // its Ranges and Custom are the policy's where they are nil
	Findings    sink.Sink
	DeadLetters sink.DeadLetterSink
	Limits      cloudtrail.Limits
	// Memory bounds what unpacked records take at once, of all shards: who finds it
	// taken waits. A record that may take more by itself is unpacked alone. Default
	// 256 MiB.
	Memory int64
	// Lateness is how long after a use an event that explains it may still arrive;
	// until then a finding is provisional. Default 15 minutes.
	Lateness time.Duration
	// Report is the least severity of findings. Default medium.
	Report finding.Severity
	// Name tells this process from all others, of all times, in what is remembered of
	// its lines. Default random.
	Name   string
	Logger *slog.Logger     // default slog.Default()
	Now    func() time.Time // default time.Now
}

// Processor turns batches of records into findings. It is safe for concurrent
// use, one batch a shard at a time.
type Processor struct {
	cfg                     Config
	budget                  *budget
	judging                 *semaphore.Weighted
	policy                  atomic.Pointer[rules.Policy]
	version                 atomic.Uint64 // of the policy, for Prints
	decoders, largeDecoders sync.Pool
	batches                 sync.Pool
	counts                  *Counts
	newest                  atomic.Int64 // newest event time seen, seconds since 1970
	moved                   atomic.Int64 // when newest last moved, wall clock, seconds since 1970
	swept                   atomic.Int64 // when it was last looked up what is left to be said, as moved
	ended                   atomic.Bool  // nothing more will come

	mu      sync.Mutex
	owed    map[string]debt      // by shard: what an error interrupted
	pending map[string]time.Time // by lock: when to say what is left to say of an open finding
}

// New makes a Processor.
func New(cfg Config) *Processor {
	if cfg.Policy == nil {
		cfg.Policy = &rules.Policy{}
	}
	if cfg.Lateness <= 0 {
		cfg.Lateness = 15 * time.Minute
	}
	if cfg.Report == finding.Informational {
		cfg.Report = finding.Medium
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Memory <= 0 {
		cfg.Memory = 256 << 20
	}
	if cfg.Name == "" {
		cfg.Name = rand.Text()[:13]
	}
	p := &Processor{cfg: cfg, budget: newBudget(cfg.Memory), judging: semaphore.NewWeighted(judging), owed: map[string]debt{}, pending: map[string]time.Time{}, counts: newCounts()}
	p.policy.Store(cfg.Policy)
	p.moved.Store(cfg.Now().Unix())
	p.decoders.New = func() any { return cloudtrail.NewDecoder(cfg.Limits) }
	p.largeDecoders.New = p.decoders.New
	p.batches.New = func() any { return p.newBatch() }
	return p
}

// SetPolicy judges by another policy from now on. A judgement under way ends by the
// policy that it began with. Sessions judged before are judged anew when something
// new is known of them. The policy must not be changed afterwards.
func (p *Processor) SetPolicy(policy *rules.Policy) {
	p.policy.Store(policy)
	p.version.Add(1) // what is noted under this version comes of this policy
}

// Counts gives the counters, which go on counting.
func (p *Processor) Counts() *Counts { return p.counts }

// Process makes a batch of one shard durable: after nil, nothing of it will be
// needed again. After an error it must be processed again as a whole; that repeats
// nothing but what was not confirmed.
func (p *Processor) Process(ctx context.Context, records []Record) error {
	letters, err := p.decode(ctx, records)
	if err != nil {
		return err
	}
	return p.took(ctx, records, letters)
}

// took counts records and writes the dead letters among them.
func (p *Processor) took(ctx context.Context, records []Record, letters []sink.DeadLetter) error {
	if len(letters) > 0 {
		if err := p.cfg.DeadLetters.Send(ctx, letters); err != nil {
			return fmt.Errorf("write %d dead letters: %w", len(letters), err)
		}
		p.counts.buried(letters)
	}
	p.counts.Records.Add(int64(len(records)))
	return nil
}

func shardOf(records []Record) string {
	if len(records) == 0 {
		return ""
	}
	return records[0].Stream + "/" + records[0].Shard
}

// maxRounds bounds how often the consequences of verdicts are followed for one
// batch. Each round follows one more step of a chain (a thief's session made a
// credential, that made another); longer chains than this have no known cause.
const maxRounds = 16

// settle judges what the changes touch, and what their verdicts touch in turn. What
// an error interrupts stays owed to the shard: its facts are already known, so
// processing the batch again would not find it. It tells whether a session came to be
// disputed.
func (p *Processor) settle(ctx context.Context, shard string, changes []state.Change) (disputed bool, err error) {
	work := p.takeOwed(shard)
	work.changes = append(work.changes, changes...)
	disputed, left, err := p.follow(ctx, work, newSettlement())
	if err != nil {
		p.owe(shard, left)
	}
	return disputed, err
}

// follow judges what work touches, until nothing is left to do. With an error it gives
// what is.
func (p *Processor) follow(ctx context.Context, work debt, done settlement) (disputed bool, left debt, err error) {
	for range maxRounds {
		locks, err := p.touched(ctx, &work)
		if err != nil {
			return disputed, work, err
		}
		if len(locks) == 0 {
			return disputed, debt{}, nil
		}
		next, err := p.judgeAll(ctx, locks, done)
		if err != nil {
			return disputed, next, err
		}
		disputed = disputed || slices.ContainsFunc(next.changes, isDispute)
		work = next
	}
	p.cfg.Logger.Warn("consequences of verdicts do not end", "sessions", work.locks[:min(len(work.locks), 3)])
	return disputed, debt{}, nil
}

func isDispute(c state.Change) bool { return c.New && c.Member == state.ContestedClass }

// debt is work still to be done: facts whose sessions are to be found, and
// sessions to be judged.
type debt struct {
	changes []state.Change
	locks   []string
}

// touched finds the locks that work touches, some changes at a time: what is found
// moves from its changes to its locks, so that an error costs none of it.
func (p *Processor) touched(ctx context.Context, work *debt) ([]string, error) {
	for len(work.changes) > 0 {
		some := work.changes[:min(len(work.changes), sliceChanges)]
		var found []string
		err := p.read(ctx, func(view state.View) {
			found = nil
			for _, c := range some {
				found = append(found, rules.Affected(c, view)...)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("find the sessions that new facts touch: %w", err)
		}
		work.changes, work.locks = work.changes[len(some):], append(work.locks, found...)
	}
	return rules.Locks(work.locks), nil
}

// judgeAll judges locks, some at a time, and gives what is left to do. With an error
// that includes those that were not judged.
func (p *Processor) judgeAll(ctx context.Context, locks []string, done settlement) (debt, error) {
	var left debt
	for len(locks) > 0 {
		some := locks[:min(len(locks), sliceLocks)]
		next, err := p.judgeSome(ctx, some, done)
		left.changes, left.locks = append(left.changes, next.changes...), append(left.locks, next.locks...)
		if err != nil {
			left.locks = append(left.locks, locks...)
			return left, err
		}
		locks = locks[len(some):]
	}
	return left, nil
}

// judgeSome waits for its turn to judge.
func (p *Processor) judgeSome(ctx context.Context, locks []string, done settlement) (debt, error) {
	if err := p.judging.Acquire(ctx, 1); err != nil {
		return debt{}, err
	}
	defer p.judging.Release(1)
	return p.judge(ctx, locks, done)
}

func (p *Processor) takeOwed(shard string) debt {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.owed[shard]
	delete(p.owed, shard)
	return d
}

func (p *Processor) owe(shard string, d debt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owed[shard] = d
}

// read runs a pure function over a View until every Set that it asks for is
// there, fresh from the store.
func (p *Processor) read(ctx context.Context, f func(state.View)) error {
	if view := p.cfg.Facts.View(); view != nil {
		f(view)
		return nil
	}
	var snapshot state.Snapshot
	for {
		f(&snapshot)
		wanted := snapshot.Wanted()
		if len(wanted) == 0 {
			return nil
		}
		sets, err := p.cfg.Facts.Sets(ctx, wanted)
		if err != nil {
			return err
		}
		snapshot.Fill(sets)
	}
}

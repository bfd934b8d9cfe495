package kinesis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// retakeDelay keeps a worker from taking a shard again right after it gave it up.
const retakeDelay = time.Second

// leases is this worker's part of the lease table: what it holds, and what it may take.
type leases struct {
	cfg     Config
	table   *table
	shards  *directory
	journal *journal
	log     *slog.Logger

	mu       sync.Mutex
	held     map[string]*lease
	known    snapshot
	target   int // fair share
	stopping bool
	resting  map[string]time.Time // shards not to be taken again before
}

func newLeases(cfg Config, t *table, d *directory, j *journal) *leases {
	return &leases{cfg: cfg, table: t, shards: d, journal: j, log: cfg.Logger,
		held: map[string]*lease{}, resting: map[string]time.Time{}}
}

// maintain keeps the worker's heartbeat and its view of the table up to date until ctx ends.
func (ls *leases) maintain(ctx context.Context) {
	for pause(ctx, ls.cfg.scanInterval()) == nil {
		err := ls.tick(ctx)
		ls.journal.update(func(s *Status) { s.LastLook = time.Now() })
		if err != nil && ctx.Err() == nil {
			ls.journal.record(Event{Kind: LeaseTableFailed, Err: err})
			ls.log.Warn("a look at the lease table failed, will try again", "err", err)
		}
	}
}

// tick is one heartbeat and one look at the table.
func (ls *leases) tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, min(ls.cfg.Failover, callTimeout))
	defer cancel()
	if err := ls.table.heartbeat(ctx, ls.cfg.MaxShards); err != nil {
		return err
	}
	now := time.Now()
	c, err := ls.table.scan(ctx)
	if err != nil {
		return err
	}
	ls.learn(c, now)
	return ls.sweep(ctx, c)
}

// learn takes in what a scan found and gives up what is more than a fair share.
func (ls *leases) learn(c contents, now time.Time) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ended := ls.known.ended()
	ls.known.advance(c, now)
	if ls.known.ended() > ended {
		ls.shards.hurry() // there are children to look for
	}
	open := ls.open()
	mine := ls.keeping()
	members := ls.known.members(ls.table.owner, ls.cfg.MaxShards, ls.cfg.Failover)
	ls.target = share(members, open, ls.table.owner)
	for _, l := range mine[:max(0, len(mine)-ls.target)] {
		ls.log.Info("giving a shard to another worker", "shard", l.shard, "workers", len(members), "share", ls.target)
		l.drain()
	}
	ls.journal.update(func(s *Status) {
		s.LastScan, s.Workers, s.OpenShards, s.Target = now, len(members), open, ls.target
	})
}

// open counts the shards that can be read now: not ended, and not waiting for a parent. It needs ls.mu.
func (ls *leases) open() (n int) {
	for _, shard := range ls.shards.names() {
		if ls.readable(shard) {
			n++
		}
	}
	return n
}

// readable reports whether shard is neither ended nor waiting for a parent. It needs ls.mu.
func (ls *leases) readable(shard string) bool {
	waits := func(parent string) bool { return !ls.known.shards[parent].row.ended() }
	return !ls.known.shards[shard].row.ended() && !slices.ContainsFunc(ls.shards.parents(shard), waits)
}

// keeping returns the leases that are not on their way out, the youngest first. It needs ls.mu.
func (ls *leases) keeping() []*lease {
	var out []*lease
	for _, l := range ls.held {
		if !l.draining() {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *lease) int { return b.acquired.Compare(a.acquired) })
	return out
}

// acquire takes the lease of shard if this worker may. It returns nil without an error when it may not.
func (ls *leases) acquire(ctx context.Context, shard string) (*lease, error) {
	seen, ok := ls.candidate(shard)
	if !ok {
		return nil, nil
	}
	token, start := rand.Text(), time.Now()
	call, cancel := context.WithTimeout(ctx, ls.cfg.Failover/3)
	defer cancel()
	now, err := ls.table.acquire(call, shard, token, seen)
	if errors.Is(err, errFenced) {
		return nil, nil // another worker was faster, or the owner lives after all
	}
	if err != nil {
		return nil, fmt.Errorf("acquire the lease of shard %s: %w", shard, err)
	}
	return ls.take(ctx, &lease{shard: shard, token: token, saved: now.checkpoint, renewed: start, acquired: start,
		table: ls.table, failover: ls.cfg.Failover, record: ls.journal.record}, now), nil
}

// candidate reports whether this worker may try to take shard, and the row that it saw.
func (ls *leases) candidate(shard string) (row, bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	_, held := ls.held[shard]
	may := !held && !ls.stopping && !ls.known.at.IsZero() && len(ls.keeping()) < ls.target && ls.readable(shard) &&
		ls.known.free(shard, ls.table.owner, ls.cfg.Failover) && time.Now().After(ls.resting[shard])
	return ls.known.shards[shard].row, may
}

func (ls *leases) take(ctx context.Context, l *lease, now row) *lease {
	ls.journal.record(Event{Kind: LeaseAcquired, Shard: l.shard})
	ls.log.Info("lease acquired", "shard", l.shard, "seq", l.saved)
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.start(ctx)
	ls.held[l.shard] = l
	ls.known.shards[l.shard] = seen[row]{now, l.renewed}
	if ls.stopping {
		l.drain()
	}
	return l
}

// get returns the lease of shard, or nil.
func (ls *leases) get(shard string) *lease {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.held[shard]
}

// release gives the lease of shard up and tells the table, so that another worker can take it at once. A lease that
// is not held is left alone.
func (ls *leases) release(ctx context.Context, shard string) error {
	l := ls.get(shard)
	if l == nil {
		return nil
	}
	lost := l.lost()
	l.end(nil)
	<-l.kept
	var err error
	if !lost {
		call, cancel := context.WithTimeout(ctx, ls.cfg.Failover/3)
		defer cancel()
		err = ls.table.release(call, shard, l.token)
		ls.log.Info("lease released", "shard", shard, "seq", l.checkpointed())
		ls.journal.record(Event{Kind: LeaseReleased, Shard: shard})
	}
	ls.forget(l, !lost && err == nil)
	return err
}

// forget updates the view after a release; freed says that the table knows of it.
func (ls *leases) forget(l *lease, freed bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.held[l.shard] != l {
		return
	}
	delete(ls.held, l.shard)
	ls.resting[l.shard] = time.Now().Add(retakeDelay)
	if freed {
		ls.known.shards[l.shard] = seen[row]{row{checkpoint: l.checkpointed()}, time.Now()}
	}
}

// stop takes no more leases and gives up all, each after its running batch.
func (ls *leases) stop() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.stopping = true
	for _, l := range ls.held {
		l.drain()
	}
}

// names returns the shards held, sorted.
func (ls *leases) names() []string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return slices.Sorted(maps.Keys(ls.held))
}

// checkpointOf returns the checkpoint of any shard, held or not.
func (ls *leases) checkpointOf(shard string) string {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.held[shard]; l != nil {
		return l.checkpointed()
	}
	return ls.known.shards[shard].row.checkpoint
}

// beginningOf returns where to start a shard that has no checkpoint.
func (ls *leases) beginningOf(shard string) Position {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.known.begin.of(shard)
}

package kinesis

import "context"

// deadFactor times the failover time is how long a worker's heartbeat rests before its row is deleted.
const deadFactor = 20

// sweep deletes rows that nobody needs: of workers long dead, of shards read to their end that the stream no longer
// lists, and of former incarnations of the stream. The row of a shard that was not read to its end stays, whatever
// ListShards says.
func (ls *leases) sweep(ctx context.Context, c contents) error {
	for _, owner := range ls.dead() {
		err := ls.table.remove(ctx, ls.table.workerKey(owner), "LeaseCounter = :c",
			item{":c": number(c.workers[owner].counter)})
		if err != nil {
			return err
		}
	}
	for shard, r := range c.shards {
		if !r.ended() || !ls.shards.gone(shard) {
			continue
		}
		err := ls.table.remove(ctx, ls.table.shardKey(shard), "LeaseCheckpoint = :end", item{":end": text(shardEnd)})
		if err != nil {
			return err
		}
	}
	return ls.sweepFormer(ctx, c)
}

// sweepFormer waits for the beginning of this incarnation to be recorded, which looks at the former one's rows.
func (ls *leases) sweepFormer(ctx context.Context, c contents) error {
	if c.begin == nil {
		return nil
	}
	for _, key := range c.former {
		if err := ls.table.remove(ctx, item{attrKey: text(key)}, "", nil); err != nil {
			return err
		}
	}
	return nil
}

// dead returns the workers whose heartbeat has rested for very long.
func (ls *leases) dead() (owners []string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for owner, w := range ls.known.workers {
		if ls.known.stale(w.since, deadFactor*ls.cfg.Failover) {
			owners = append(owners, owner)
		}
	}
	return owners
}

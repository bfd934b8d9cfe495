package kinesis

import "time"

// snapshot is what this worker knows of the lease table, from its last scan and its own writes since. Nobody's clock
// counts but this process's monotonic one: a row is stale when its counter stood still for long enough.
type snapshot struct {
	shards  map[string]seen[row]
	workers map[string]seen[workerRow]
	begin   *beginning
	at      time.Time // start of the last scan; zero before the first
}

// seen is a row and when this worker first saw it as it is.
type seen[T comparable] struct {
	row   T
	since time.Time
}

// advance replaces the snapshot by the result of a scan that began at now.
func (s *snapshot) advance(c contents, now time.Time) {
	s.shards = age(s.shards, c.shards, now)
	s.workers = age(s.workers, c.workers, now)
	s.begin, s.at = c.begin, now
}

func age[T comparable](old map[string]seen[T], rows map[string]T, now time.Time) map[string]seen[T] {
	aged := make(map[string]seen[T], len(rows))
	for key, r := range rows {
		if before, ok := old[key]; ok && before.row == r {
			aged[key] = before
			continue
		}
		aged[key] = seen[T]{r, now}
	}
	return aged
}

// stale reports whether the last scan still found, after d, what was first seen at since.
func (s *snapshot) stale(since time.Time, d time.Duration) bool { return s.at.Sub(since) >= d }

// free reports whether worker me may try to acquire the shard: nobody holds it, its owner is dead, or me owns it by a
// write whose answer was lost.
func (s *snapshot) free(shard, me string, failover time.Duration) bool {
	r := s.shards[shard]
	return r.row.owner == "" || r.row.owner == me || s.stale(r.since, failover)
}

// members returns the worker me and the other live workers, with what the table says that they hold: also what a worker
// has lost and nobody has taken since. Whoever divides the shards by the same table comes to the same shares then; were
// me to count what it holds in truth, two workers could each leave a shard to the other for ever.
func (s *snapshot) members(me string, maxShards int, failover time.Duration) []member {
	held := map[string]int{}
	for _, r := range s.shards {
		if !r.row.ended() {
			held[r.row.owner]++
		}
	}
	members := []member{{me, held[me], maxShards}}
	for owner, w := range s.workers {
		if owner != me && !s.stale(w.since, failover) {
			members = append(members, member{owner, held[owner], w.row.maxShards})
		}
	}
	return members
}

// ended counts the shards that were read to their end.
func (s *snapshot) ended() (n int) {
	for _, r := range s.shards {
		if r.row.ended() {
			n++
		}
	}
	return n
}

package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/straytoken/straytoken/kinesis"
)

// Alive says what only a restart would mend: that the worker's loop or a shard's has
// given no sign of life, not even a failure. What AWS does not answer is not that.
func Alive(s kinesis.Status, now time.Time) error {
	if !s.Running {
		return nil // it is starting or stopping, and bounds both by itself
	}
	if silent := now.Sub(s.LastLook); silent > 10*s.Failover {
		return fmt.Errorf("the lease table was not looked at for %s", silent.Round(time.Second))
	}
	for i := range s.Shards {
		sh := &s.Shards[i]
		if silent := now.Sub(sh.LastSign); silent > s.Handler+10*s.Failover {
			return fmt.Errorf("shard %s has given no sign of life for %s", sh.Shard, silent.Round(time.Second))
		}
	}
	return nil
}

// Ready says what keeps a worker from doing its work: a lease table that does not
// answer, or a shard that fails or stands still.
func Ready(s kinesis.Status, now time.Time) error {
	if !s.Running || now.Sub(s.LastScan) > s.Failover {
		return errors.New("the lease table was not read within the failover time")
	}
	for i := range s.Shards {
		sh := &s.Shards[i]
		if sh.Failing != "" {
			return fmt.Errorf("shard %s has not moved for %s: %s", sh.Shard, sh.Still(now).Round(time.Second), sh.Failing)
		}
		if isStill(s, sh, now) {
			return fmt.Errorf("shard %s has not moved for %s: %s", sh.Shard, sh.Still(now).Round(time.Second), why(sh))
		}
	}
	return nil
}

// isStill tells whether a shard stands still for longer than a batch and a takeover
// usually take.
func isStill(s kinesis.Status, sh *kinesis.ShardStatus, now time.Time) bool {
	return sh.Still(now) >= 4*s.Failover
}

func why(sh *kinesis.ShardStatus) string {
	switch {
	case sh.Failing != "":
		return sh.Failing
	case sh.InHand > 0:
		return fmt.Sprintf("a batch of %d records is not done yet", sh.InHand)
	}
	return "nothing is read"
}

// Stalls says in the log which shards stand still, each at rising intervals. It is for
// one goroutine.
type Stalls struct {
	log  *slog.Logger
	next map[string]time.Duration // by shard: how long it stands still at the next line
}

// NewStalls logs to log.
func NewStalls(log *slog.Logger) *Stalls {
	return &Stalls{log: log, next: map[string]time.Duration{}}
}

// Look is to be called every few seconds.
func (l *Stalls) Look(s kinesis.Status, now time.Time) {
	next := map[string]time.Duration{}
	for i := range s.Shards {
		sh := &s.Shards[i]
		still, due := sh.Still(now), l.next[sh.Shard]
		switch {
		case isStill(s, sh, now):
			if still >= due {
				l.log.Warn("a shard stands still", "shard", sh.Shard, "for", still.Round(time.Second), "behind", sh.Behind.Round(time.Second), "why", why(sh))
				due = 2 * still
			}
			next[sh.Shard] = cmp.Or(due, still)
		case due > 0:
			l.log.Info("a shard moves again", "shard", sh.Shard, "behind", sh.Behind.Round(time.Second))
		}
	}
	l.next = next
}

package processor

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// judge judges locks, remembers what follows from the verdicts and reports them.
// It gives what is left to do: the sessions that the consequences touch, and those
// just reported, once more. Another worker may have learned, after our reading and
// before its own, what changes a verdict: it then saw no dispute to look at, but
// we see its facts now. So whoever speaks last has seen everything. With an error it
// gives the consequences that are known by now: nobody will find them again.
func (p *Processor) judge(ctx context.Context, locks []string, done settlement) (debt, error) {
	verdicts, err := p.verdicts(ctx, locks)
	if err != nil {
		return debt{}, err
	}
	p.counts.Judged.Add(int64(len(verdicts)))
	var facts []state.Fact
	for i := range verdicts {
		facts = append(facts, verdicts[i].Consequences()...)
	}
	changes, err := p.cfg.Facts.Absorb(ctx, facts)
	if err != nil {
		return debt{}, fmt.Errorf("remember consequences: %w", err)
	}
	p.counts.met(changes)
	reported, err := p.report(ctx, verdicts, false, done)
	if err != nil {
		p.cfg.Logger.Warn("findings are not delivered yet", "err", err)
		return debt{changes: changes}, err
	}
	freed, err := p.freed(ctx, verdicts, done.lapses)
	if err != nil {
		return debt{changes: changes}, err
	}
	return debt{changes: changes, locks: append(reported, freed...)}, nil
}

// settlement is what was done already while something is settled, and would be done
// for ever otherwise.
type settlement struct {
	lapses   map[string]bool // locks whose lapsed convictions were followed
	answered map[string]bool // lines that may have been heard and were contradicted
	said     map[string]sent // by finding: the line that waits for the second reading
}

func newSettlement() settlement {
	return settlement{lapses: map[string]bool{}, answered: map[string]bool{}, said: map[string]sent{}}
}

// freed finds the locks that were judged by convictions which no longer hold.
func (p *Processor) freed(ctx context.Context, verdicts []rules.Verdict, lapses map[string]bool) ([]string, error) {
	var freed, from []string
	policy := p.policy.Load()
	err := p.read(ctx, func(view state.View) {
		freed, from = nil, nil
		for i := range verdicts {
			v := &verdicts[i]
			if lapses[v.Lock] {
				continue
			}
			if locks := policy.Lapsed(v, view); len(locks) > 0 {
				freed, from = append(freed, locks...), append(from, v.Lock)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("find the sessions that lapsed convictions touched: %w", err)
	}
	for _, lock := range from {
		lapses[lock] = true
	}
	return freed, nil
}

// verdicts judges locks over one fresh reading of the store. A judgement that
// panics is a defect of ours: it costs that session, with a dead letter, and
// nobody else.
func (p *Processor) verdicts(ctx context.Context, locks []string) ([]rules.Verdict, error) {
	var out []rules.Verdict
	var failed map[string]error
	policy := p.policy.Load()
	err := p.read(ctx, func(view state.View) {
		out, failed = nil, map[string]error{}
		for _, lock := range locks {
			verdicts, err := judgeSafely(policy, lock, view)
			if err != nil {
				failed[lock] = err
				continue
			}
			out = append(out, verdicts...)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read what is known of %d sessions: %w", len(locks), err)
	}
	for lock, err := range failed {
		if err := p.giveUp(ctx, lock, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func judgeSafely(policy *rules.Policy, lock string, view state.View) (v []rules.Verdict, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errDefect, r, debug.Stack())
		}
	}()
	return policy.Judge(lock, view), nil
}

func (p *Processor) giveUp(ctx context.Context, lock string, cause error) error {
	p.cfg.Logger.Error("a session cannot be judged", "session", lock, "err", cause)
	p.counts.Defects.Add(1)
	letter := sink.DeadLetter{Time: p.cfg.Now().UTC(), Session: lock, Reason: string(reasonDefect), Error: cause.Error()}
	if err := p.cfg.DeadLetters.Send(ctx, []sink.DeadLetter{letter}); err != nil {
		return fmt.Errorf("write dead letter: %w", err)
	}
	return nil
}

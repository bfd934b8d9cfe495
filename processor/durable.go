package processor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/straytoken/straytoken/state"
)

// Members under a day's pending key: which findings were left provisional, and
// which of those have had their last word. Both name the finding and the sequence
// of the line.
const (
	classOpen = "open"
	classDone = "done"
)

const (
	pendingLife = 48 * time.Hour
	maxPending  = 4096
	// sweepEvery is how often it is looked up what other workers left to be said.
	sweepEvery = 5 * time.Minute
)

// pendingKey holds what was left to be said on a day of the wall clock, so that a
// worker's end takes no finding's last word with it.
func pendingKey(day time.Time) state.Key {
	return state.NewKey("pending", day.UTC().Format(time.DateOnly))
}

// owes are the facts to write before lines are sent: that there will be more to say.
func (p *Processor) owes(lines []line) []state.Fact {
	var facts []state.Fact
	for _, l := range lines {
		if l.now.provisional() && !l.last.provisional() {
			facts = append(facts, p.pendingFact(l, classOpen))
		}
	}
	return facts
}

// pays are the facts to write after lines were sent: that nothing is left to say.
func (p *Processor) pays(lines []line) []state.Fact {
	var facts []state.Fact
	for _, l := range lines {
		if !l.now.provisional() && l.last.provisional() {
			facts = append(facts, p.pendingFact(l, classDone))
		}
	}
	return facts
}

func (p *Processor) pendingFact(l line, class string) state.Fact {
	now, id, sequence := p.cfg.Now(), findingID(l.verdict), strconv.Itoa(l.now.Sequence)
	return state.Fact{
		Key: pendingKey(now), Member: state.NewMember(class, id, sequence),
		Observation: state.Observation{Time: now.Unix(), EventID: id + sequence, Session: l.verdict.Lock},
		Retention:   state.Retention{Members: maxPending, Life: pendingLife},
	}
}

// sweep takes up what workers left to be said, this one before its start or others
// that may be gone. Who is alive goes first: hence the delay.
func (p *Processor) sweep(ctx context.Context) error {
	now := p.cfg.Now()
	if now.Unix() < p.swept.Load()+int64(sweepEvery/time.Second) {
		return nil
	}
	days := []state.Key{pendingKey(now.AddDate(0, 0, -1)), pendingKey(now), pendingKey(now.AddDate(0, 0, 1))} // a clock may be ahead
	sets, err := p.cfg.Facts.Sets(ctx, days)
	if err != nil {
		return fmt.Errorf("read what is left to be said: %w", err)
	}
	for lock, at := range left(sets[days[0]], sets[days[1]], sets[days[2]]) {
		p.laterAt(lock, at.Add(p.cfg.Lateness+sweepEvery))
	}
	p.swept.Store(now.Unix())
	return nil
}

// left are the locks of the findings without a last word, and since when.
func left(days ...*state.Set) map[string]time.Time {
	done := map[string]int{}
	eachPending(days, classDone, func(id string, sequence int, _ *state.Observation) {
		done[id] = max(done[id], sequence)
	})
	locks := map[string]time.Time{}
	eachPending(days, classOpen, func(id string, sequence int, o *state.Observation) {
		if sequence > done[id] {
			locks[o.Session] = o.At()
		}
	})
	return locks
}

func eachPending(days []*state.Set, class string, f func(id string, sequence int, o *state.Observation)) {
	for _, day := range days {
		for _, m := range day.Class(class) {
			parts := state.Parts(m.Name)
			if len(parts) != 2 {
				continue
			}
			if sequence, err := strconv.Atoi(parts[1]); err == nil {
				f(parts[0], sequence, m.First())
			}
		}
	}
}

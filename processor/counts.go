package processor

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// Counts are the processor's counters, since its start.
type Counts struct {
	Records     atomic.Int64
	Events      atomic.Int64
	Quiet       atomic.Int64 // events that were known to add nothing before their facts were made
	DeadLetters atomic.Int64
	Judged      atomic.Int64 // verdicts reached
	Defects     atomic.Int64 // judgements and events that failed by a fault of ours
	Created     atomic.Int64 // findings by what they did
	Updated     atomic.Int64
	Closed      atomic.Int64
	Suppressed  atomic.Int64 // findings that an exception or a custom rule keeps from being reported

	Skipped   [cloudtrail.SkipReasons]atomic.Int64   // parts of records, by cloudtrail.SkipReason
	Envelopes [cloudtrail.EnvelopeKinds]atomic.Int64 // envelopes opened, by cloudtrail.Envelope
	Bad       map[cloudtrail.Reason]*atomic.Int64    // dead letters, by cloudtrail.Reason; fixed keys

	mu     sync.Mutex
	staged map[string]int64 // sessions that met a staged rule, by its name
}

func newCounts() *Counts {
	bad := map[cloudtrail.Reason]*atomic.Int64{}
	for _, r := range Reasons() {
		bad[r] = new(atomic.Int64)
	}
	return &Counts{Bad: bad, staged: map[string]int64{}}
}

// Stage counts for staged rules too. One that was counted before counts on.
func (c *Counts) Stage(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		c.staged[name] += 0
	}
}

// Staged gives how many sessions met each staged rule, by its name.
func (c *Counts) Staged() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.staged)
}

func (c *Counts) decoded(s *cloudtrail.Summary) {
	c.Events.Add(int64(s.Events))
	for i, n := range s.Skipped {
		c.Skipped[i].Add(int64(n))
	}
	for i, n := range s.Envelopes {
		c.Envelopes[i].Add(int64(n))
	}
}

// met counts the staged rules that were met for the first time.
func (c *Counts) met(changes []state.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range changes {
		if rule, ok := rules.StagedRule(&changes[i].Fact); ok && changes[i].New {
			c.staged[rule]++
		}
	}
}

// buried counts dead letters that their sink has accepted.
func (c *Counts) buried(letters []sink.DeadLetter) {
	c.DeadLetters.Add(int64(len(letters)))
	for i := range letters {
		c.Bad[cloudtrail.Reason(letters[i].Reason)].Add(1)
	}
}

func (c *Counts) sent(findings []*finding.Finding) {
	for _, f := range findings {
		switch f.Activity {
		case finding.Create:
			c.Created.Add(1)
		case finding.Update:
			c.Updated.Add(1)
		case finding.Close:
			c.Closed.Add(1)
		}
	}
}

// Reasons of dead letters that are not the decoder's.
const (
	reasonDefect cloudtrail.Reason = "defect"
	reasonOther  cloudtrail.Reason = "other"
)

// Reasons lists the reasons of dead letters.
func Reasons() []cloudtrail.Reason { return append(cloudtrail.Reasons(), reasonDefect, reasonOther) }

func reasonOf(err error) cloudtrail.Reason {
	if errors.Is(err, errDefect) {
		return reasonDefect
	}
	if r := cloudtrail.ReasonOf(err); r != "" {
		return r
	}
	return reasonOther
}

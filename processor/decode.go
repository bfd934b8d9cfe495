package processor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// decode reads the facts of a batch and learns them, a slice at a time. What cannot be
// read becomes a dead letter: one bad record or event stops nobody. Of a session that is
// disputed from this batch on, more is worth remembering than was looked at: so the
// batch is read once more.
func (p *Processor) decode(ctx context.Context, records []Record) ([]sink.DeadLetter, error) {
	b := p.batches.Get().(*batch)
	defer b.end()
	b.begin(ctx, records)
	if err := b.first(records); err != nil {
		return nil, err
	}
	if b.again = b.disputed; b.again {
		return b.letters, b.pass(records)
	}
	return b.letters, nil
}

// first is the first pass.
func (b *batch) first(records []Record) error {
	before := b.p.newest.Load()
	if err := b.pass(records); err != nil {
		return err
	}
	if b.p.newest.Load() > before {
		b.p.moved.Store(b.p.cfg.Now().Unix())
	}
	return nil
}

// pass reads the records of the batch.
func (b *batch) pass(records []Record) error {
	for i := range records {
		if err := b.record(&records[i]); err != nil {
			return err
		}
	}
	return b.learn()
}

// batch collects what records say. It is used again for other batches, with the room that
// it has; so that a record costs no allocation, its context stands in it and not in a
// closure.
type batch struct {
	p    *Processor
	take func(*cloudtrail.Event) error // its method event

	ctx       context.Context
	shard     string
	extractor rules.Extractor
	facts     []state.Fact      // not learned yet
	by        []state.Statement // which events they come from
	bytes     int64             // of both
	quiet     int64             // events that add nothing, not counted yet
	letters   []sink.DeadLetter
	outcome   outcome // of the record that is being decoded
	disputed  bool    // a session came to be disputed
	again     bool    // it is the second pass, for disputed sessions: all is counted, and all letters are written
	survey    bool    // nothing is judged
}

// outcome is what came of decoding a record.
type outcome struct {
	summary cloudtrail.Summary
	err     error // of the record
	defects int
	defect  error // the first
	stopped error // the facts could not be learned, or the context has ended
}

func (p *Processor) newBatch() *batch {
	b := &batch{p: p}
	b.take = b.event
	return b
}

func (b *batch) begin(ctx context.Context, records []Record) {
	b.ctx, b.shard, b.extractor = ctx, shardOf(records), b.p.cfg.Extractor
	b.extractor.Version = b.p.version.Load() // before the policy: see SetPolicy
	policy := b.p.policy.Load()
	if b.extractor.Ranges == nil {
		b.extractor.Ranges = policy.Ranges
	}
	if b.extractor.Custom == nil {
		b.extractor.Custom = policy.Custom
	}
}

func (b *batch) end() {
	b.clear()
	b.ctx, b.letters, b.outcome, b.quiet, b.extractor = nil, nil, outcome{}, 0, rules.Extractor{}
	b.disputed, b.again, b.survey = false, false, false
	b.p.batches.Put(b)
}

func (b *batch) clear() {
	clear(b.facts)
	b.facts, b.by, b.bytes = b.facts[:0], b.by[:0], 0
}

// record decodes a record: first within what records usually unpack to, so that many
// are decoded at once, and where that is too little within the limit. What the first
// try found is then found again, which changes nothing.
func (b *batch) record(r *Record) error {
	first, most := b.p.first(r.Data), b.p.cfg.Limits.Decompressed()
	o := &b.outcome
	b.decode(r, first)
	if o.err != nil && first < most && cloudtrail.ReasonOf(o.err) == cloudtrail.ErrTooLarge && o.stopped == nil {
		b.decode(r, most)
	}
	if o.stopped != nil {
		return o.stopped
	}
	if b.again {
		return nil
	}
	b.p.counts.decoded(&o.summary)
	b.p.counts.Quiet.Add(b.quiet)
	b.quiet = 0
	if o.defects > 0 {
		b.p.counts.Defects.Add(int64(o.defects))
	}
	if o.err == nil {
		o.err = partly(&o.summary, o.defects, o.defect)
	}
	if o.err != nil {
		b.letter(r, o.err)
	}
	return nil
}

// decode decodes a record, as far as some bytes go.
func (b *batch) decode(r *Record, within int64) {
	o := &b.outcome
	*o = outcome{}
	o.summary, o.err = b.p.unpack(b.ctx, r.Data, within, b.take)
	if err := b.ctx.Err(); err != nil && o.stopped == nil {
		o.stopped = err
	}
}

// event takes an event, and learns what was gathered when that is enough.
func (b *batch) event(e *cloudtrail.Event) error {
	o := &b.outcome
	if err := b.read(e); err != nil {
		o.defects, o.defect = o.defects+1, cmp.Or(o.defect, err)
	}
	if b.bytes < sliceBytes {
		return nil
	}
	o.stopped = b.learn()
	return o.stopped
}

// learn learns the facts gathered so far.
func (b *batch) learn() error {
	changes, err := b.p.cfg.Facts.Absorb(b.ctx, b.facts, b.by...)
	b.clear()
	if err != nil {
		return fmt.Errorf("remember facts: %w", err)
	}
	if b.survey {
		return nil
	}
	disputed, err := b.p.settle(b.ctx, b.shard, changes)
	b.disputed = b.disputed || disputed
	return err
}

// partly is the error of a record of which only a part is good: one dead letter
// with the whole record, since what is good in it may be processed twice.
func partly(s *cloudtrail.Summary, defects int, defect error) error {
	var err error
	if s.BadTotal > 0 {
		err = s.Bad[0].Err
	}
	if defects > 0 {
		err = defect
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%d of %d parts: %w", s.BadTotal+defects, s.BadTotal+s.Events, err)
}

// read adds the facts of one event, unless they are known to add nothing. A panic is a
// defect of ours: it must cost this event, not its shard.
func (b *batch) read(e *cloudtrail.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: event %.64q: %.1000s", errDefect, e.ID, fmt.Sprint(r))
		}
	}()
	at := e.Time.Unix()
	b.p.noteTime(at)
	reading := b.extractor.Read(e)
	if b.again && !b.p.cfg.Facts.Louder(&reading.Print) {
		return nil
	}
	known := b.p.cfg.Facts.Knows(&reading.Print, at)
	if known == state.AllKnown {
		b.quiet++
		return nil
	}
	base, use, more := reading.Facts(known)
	b.by = append(b.by, state.Statement{Print: reading.Print, At: at, Known: known, Base: len(base), Use: len(use), More: len(more)})
	b.bytes += int64(unsafe.Sizeof(state.Statement{}))
	b.add(base)
	b.add(use)
	b.add(more)
	return nil
}

func (b *batch) add(facts []state.Fact) {
	for i := range facts {
		b.bytes += facts[i].Bytes()
	}
	b.facts = append(b.facts, facts...)
}

var errDefect = errors.New("straytoken failed on this record; please report it")

func (b *batch) letter(r *Record, err error) {
	b.letters = append(b.letters, sink.DeadLetter{
		Time: b.p.cfg.Now().UTC(), Stream: r.Stream, Shard: r.Shard, SequenceNumber: r.SequenceNumber,
		PartitionKey: r.PartitionKey, Arrival: r.Arrival, Source: r.Source,
		Reason: string(reasonOf(err)), Error: err.Error(), Data: r.Data,
	})
}

// noteTime keeps the newest event time.
func (p *Processor) noteTime(t int64) {
	for {
		old := p.newest.Load()
		if t <= old || p.newest.CompareAndSwap(old, t) {
			return
		}
	}
}

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
// read becomes a dead letter: one bad record or event stops nobody.
func (p *Processor) decode(ctx context.Context, records []Record) ([]sink.DeadLetter, error) {
	b := batch{p: p, shard: shardOf(records), extractor: p.cfg.Extractor}
	b.extractor.Version = p.version.Load() // before the policy: see SetPolicy
	policy := p.policy.Load()
	if b.extractor.Ranges == nil {
		b.extractor.Ranges = policy.Ranges
	}
	if b.extractor.Custom == nil {
		b.extractor.Custom = policy.Custom
	}
	work := p.slices.Get().(*slice)
	defer func() {
		work.reset()
		p.slices.Put(work)
	}()
	b.slice = work
	before := p.newest.Load()
	for i := range records {
		if err := b.record(ctx, &records[i]); err != nil {
			return nil, err
		}
	}
	if p.newest.Load() > before {
		p.moved.Store(p.cfg.Now().Unix())
	}
	return b.letters, b.learn(ctx)
}

// batch collects what records say.
type batch struct {
	p         *Processor
	shard     string
	extractor rules.Extractor
	*slice
	bytes   int64 // of facts
	quiet   int64 // events that add nothing, not counted yet
	letters []sink.DeadLetter
}

// slice is what is not learned yet.
type slice struct {
	facts []state.Fact
	by    []state.Statement // which events they come from
}

func (s *slice) reset() {
	clear(s.facts)
	s.facts, s.by = s.facts[:0], s.by[:0]
}

// record decodes a record: first within what records usually unpack to, so that many
// are decoded at once, and where that is too little within the limit. What the first
// try found is then found again, which changes nothing.
func (b *batch) record(ctx context.Context, r *Record) error {
	first, most := b.p.first(r.Data), b.p.cfg.Limits.Decompressed()
	o := b.decode(ctx, r, first)
	if first < most && cloudtrail.ReasonOf(o.err) == cloudtrail.ErrTooLarge && o.stopped == nil {
		o = b.decode(ctx, r, most)
	}
	if o.stopped != nil {
		return o.stopped
	}
	b.p.counts.decoded(&o.summary)
	b.p.counts.Quiet.Add(b.quiet)
	b.quiet = 0
	b.p.counts.Defects.Add(int64(o.defects))
	if o.err == nil {
		o.err = partly(&o.summary, o.defects, o.defect)
	}
	if o.err != nil {
		b.letter(r, o.err)
	}
	return nil
}

// outcome is what came of decoding a record.
type outcome struct {
	summary cloudtrail.Summary
	err     error // of the record
	defects int
	defect  error // the first
	stopped error // the facts could not be learned, or the context has ended
}

func (b *batch) decode(ctx context.Context, r *Record, within int64) (o outcome) {
	o.summary, o.err = b.p.unpack(ctx, r.Data, within, func(e *cloudtrail.Event) error {
		if err := b.event(e); err != nil {
			o.defects, o.defect = o.defects+1, cmp.Or(o.defect, err)
		}
		if b.bytes < sliceBytes {
			return nil
		}
		o.stopped = b.learn(ctx)
		return o.stopped
	})
	if err := ctx.Err(); err != nil && o.stopped == nil {
		o.stopped = err
	}
	return o
}

// learn learns the facts gathered so far.
func (b *batch) learn(ctx context.Context) error {
	err := b.p.learn(ctx, b.shard, b.facts, b.by)
	b.reset()
	b.bytes = 0
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

// event adds the facts of one event, unless they are known to add nothing. A panic is a defect of ours: it must cost
// this event, not its shard.
func (b *batch) event(e *cloudtrail.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: event %.64q: %.1000s", errDefect, e.ID, fmt.Sprint(r))
		}
	}()
	at := e.Time.Unix()
	b.p.noteTime(at)
	reading := b.extractor.Read(e)
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

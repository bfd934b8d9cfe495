package processor

import (
	"errors"
	"fmt"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// decode reads the facts of a batch. What cannot be read becomes a dead letter:
// one bad record or event stops nobody.
func (p *Processor) decode(records []Record) ([]state.Fact, []sink.DeadLetter) {
	d := p.decoders.Get().(*cloudtrail.Decoder)
	defer p.decoders.Put(d)
	b := batch{p: p, decoder: d, extractor: p.cfg.Extractor}
	policy := p.policy.Load()
	if b.extractor.Ranges == nil {
		b.extractor.Ranges = policy.Ranges
	}
	if b.extractor.Custom == nil {
		b.extractor.Custom = policy.Custom
	}
	before := p.newest.Load()
	for i := range records {
		b.record(&records[i])
	}
	if p.newest.Load() > before {
		p.moved.Store(p.cfg.Now().Unix())
	}
	return b.facts, b.letters
}

// batch collects what records say.
type batch struct {
	p         *Processor
	decoder   *cloudtrail.Decoder
	extractor rules.Extractor
	facts     []state.Fact
	letters   []sink.DeadLetter
}

func (b *batch) record(r *Record) {
	var defects []error
	summary, err := b.decoder.Decode(r.Data, func(e *cloudtrail.Event) error {
		if err := b.event(e); err != nil {
			defects = append(defects, err)
		}
		return nil
	})
	b.p.counts.decoded(&summary)
	b.p.counts.Defects.Add(int64(len(defects)))
	if err == nil {
		err = partly(&summary, defects)
	}
	if err != nil {
		b.letter(r, err)
	}
}

// partly is the error of a record of which only a part is good: one dead letter
// with the whole record, since what is good in it may be processed twice.
func partly(s *cloudtrail.Summary, defects []error) error {
	var err error
	if s.BadTotal > 0 {
		err = s.Bad[0].Err
	}
	if len(defects) > 0 {
		err = defects[0]
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%d of %d parts: %w", s.BadTotal+len(defects), s.BadTotal+s.Events, err)
}

// event adds the facts of one event. A panic is a defect of ours: it must cost
// this event, not its shard.
func (b *batch) event(e *cloudtrail.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: event %s: %v", errDefect, e.ID, r)
		}
	}()
	b.p.noteTime(e.Time.Unix())
	b.facts = append(b.facts, b.extractor.Facts(e)...)
	return nil
}

var errDefect = errors.New("straytoken failed on this record; please report it")

func (b *batch) letter(r *Record, err error) {
	reason := reasonOf(err)
	b.p.counts.Bad[reason].Add(1)
	b.letters = append(b.letters, sink.DeadLetter{
		Time: b.p.cfg.Now().UTC(), Stream: r.Stream, Shard: r.Shard, SequenceNumber: r.SequenceNumber,
		PartitionKey: r.PartitionKey, Arrival: r.Arrival, Source: r.Source,
		Reason: string(reason), Error: err.Error(), Data: r.Data,
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

package cloudtrail

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
)

// Decoder decodes records. It keeps buffers and the gzip reader for the next
// record; one goroutine at a time may use it, and a callback must not call it.
type Decoder struct {
	limits Limits
	yield  func(*Event) error
	sum    Summary
	left   int64 // what the record may still unpack to
	quota  int   // what sum.seen may come to in this record

	doc     document
	work    workspace
	guesses guesses
	buffers buffers
	packed  bytes.Reader
	gzip    gzip.Reader
}

// NewDecoder returns a Decoder that holds to limits.
func NewDecoder(limits Limits) *Decoder {
	return &Decoder{limits: limits.withDefaults()}
}

// Decode calls yield for every event of one record, in order. The Event and all that
// it holds are valid until yield returns; record must not change before Decode
// returns.
//
// An error means that the record as a whole could not be decoded: it has a
// [Reason], and events that were yielded before it was met are good. When yield
// returns an error, Decode stops and returns that error as it is. A part that could
// not be decoded in a record that holds something good is in Summary.Bad instead.
func (d *Decoder) Decode(record []byte, yield func(*Event) error) (Summary, error) {
	return d.DecodeWithin(d.limits.MaxDecompressed, record, yield)
}

// DecodeWithin is Decode with a lower bound on what the record may unpack to. Where
// that was too little the error's [Reason] is [ErrTooLarge].
func (d *Decoder) DecodeWithin(bytes int64, record []byte, yield func(*Event) error) (Summary, error) {
	d.start(yield)
	d.budget()
	d.left = min(d.left, bytes)
	return d.finish(d.content(record, 0))
}

func (d *Decoder) start(yield func(*Event) error) {
	d.yield, d.sum = yield, Summary{}
}

// budget grants a record what it may use.
func (d *Decoder) budget() {
	d.left = d.limits.MaxDecompressed
	d.quota = d.sum.seen() + d.limits.MaxEvents
	d.work.unescaped = d.work.unescaped[:0]
}

// finish turns what ended a record into what Decode returns. A record in which
// nothing was recognised is bad as a whole, by its first error.
func (d *Decoder) finish(err error) (Summary, error) {
	sum := d.sum
	d.start(nil)
	if halt, ok := err.(stopped); ok {
		return sum, halt.err
	}
	if err == nil && sum.BadTotal > 0 && !sum.recognised() {
		err = sum.Bad[0].Err
		sum.Bad, sum.BadTotal = nil, 0
	}
	return sum, err
}

// report notes that raw could not be decoded, and lets the record go on unless err
// ends it.
func (d *Decoder) report(err error, raw string) error {
	if err == nil || ends(err) {
		return err
	}
	d.sum.addBad(err, raw)
	return d.counted()
}

// skip counts what is known and not wanted.
func (d *Decoder) skip(reason SkipReason) error {
	d.sum.Skipped[reason]++
	return d.counted()
}

// counted fails when the record holds more than it may.
func (d *Decoder) counted() error {
	if d.sum.seen() > d.quota {
		return fault(ErrTooLarge, "more than %d events", d.limits.MaxEvents)
	}
	return nil
}

// event yields the event that was just read.
func (d *Decoder) event() error {
	if reason, ok := d.doc.event.skip(); ok {
		return d.skip(reason)
	}
	if err := d.doc.complete(); err != nil {
		return err
	}
	d.sum.Events++
	if err := d.counted(); err != nil {
		d.sum.Events--
		return err
	}
	if err := d.yield(&d.doc.event); err != nil {
		return stopped{err}
	}
	return nil
}

package replay

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/trail"
)

// maxGroupBytes bounds the events of one record before it is encoded: where JSON
// is put into a JSON string it can double.
const maxGroupBytes = 448 << 10

// feeder turns files into records: decode, pace, group, encode. It belongs to
// one goroutine.
type feeder struct {
	decoder *cloudtrail.Decoder
	pacer   pacer
	formats []Format // taken in turn
	turn    int
	limit   int // events a group
	encoder Encoder
	lanes   lanes
	tally   *tally

	group      []Source // of one partition key, waiting for its record
	groupBytes int
}

func newFeeder(o Options, l lanes, t *tally) *feeder {
	formats := []Format{o.Format}
	if o.Format == Mixed {
		formats = envelopes()
	}
	return &feeder{
		decoder: cloudtrail.NewDecoder(o.Limits),
		pacer:   pacer{speed: o.Speed, maxPause: o.MaxPause},
		formats: formats, limit: o.Group, lanes: l, tally: t,
	}
}

func (f *feeder) run(ctx context.Context, files iter.Seq2[trail.File, error]) error {
	for file, err := range files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			f.tally.problem(err, 0)
			continue
		}
		if err := f.file(ctx, file); err != nil {
			return err
		}
	}
	return f.flush(ctx)
}

// file forwards one file. What cannot be decoded is reported; an error that ends
// the replay is returned.
func (f *feeder) file(ctx context.Context, file trail.File) error {
	var ended error
	sum, err := f.decoder.Decode(file.Body, func(e *cloudtrail.Event) error {
		ended = f.event(ctx, e)
		return ended
	})
	if ended != nil {
		return ended
	}
	if err != nil {
		f.undecodable(file, err, 0)
	}
	for _, bad := range sum.Bad {
		f.undecodable(file, bad.Err, 1)
	}
	if more := sum.BadTotal - len(sum.Bad); more > 0 {
		f.undecodable(file, fmt.Errorf("%d more", more), more)
	}
	return nil
}

func (f *feeder) undecodable(file trail.File, err error, events int) {
	f.tally.problem(&trail.FileError{Name: file.Name, Err: fmt.Errorf("decode: %w", err)}, events)
}

func (f *feeder) event(ctx context.Context, e *cloudtrail.Event) error {
	source, err := NewSource(e)
	if err != nil {
		f.tally.problem(&RecordError{EventIDs: []string{strings.Clone(e.ID)}, Err: err}, 1)
		return nil
	}
	if err := f.pause(ctx, source.Time); err != nil {
		return err
	}
	if !f.fits(source) {
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	f.group = append(f.group, source)
	f.groupBytes += len(source.JSON)
	return nil
}

// pause waits until an event is due. What was due before does not wait with it.
func (f *feeder) pause(ctx context.Context, at time.Time) error {
	wait := f.pacer.delay(at, time.Now())
	if wait <= 0 {
		return nil
	}
	if err := f.flush(ctx); err != nil {
		return err
	}
	return sleep(ctx, wait)
}

// fits tells whether an event may join the group.
func (f *feeder) fits(e Source) bool {
	if len(f.group) == 0 {
		return true
	}
	return f.format().groups() && len(f.group) < f.limit &&
		e.PartitionKey == f.group[0].PartitionKey && f.groupBytes+len(e.JSON) <= maxGroupBytes
}

func (f *feeder) format() Format { return f.formats[f.turn%len(f.formats)] }

// flush sends the group on its way, and turns to the next format.
func (f *feeder) flush(ctx context.Context) error {
	if len(f.group) == 0 {
		return nil
	}
	r, err := f.pack()
	f.turn++
	f.group, f.groupBytes = nil, 0
	if err != nil {
		f.tally.problem(&RecordError{EventIDs: r.ids, Err: err}, r.events)
		return nil
	}
	return f.lanes.send(ctx, r)
}

// pack encodes the group. Its record is complete but for the data even when
// Kinesis would not take it.
func (f *feeder) pack() (*record, error) {
	r := newRecord(f.group)
	data, err := f.encoder.Encode(f.format(), f.group)
	if err != nil {
		return r, err
	}
	r.data = data
	if r.large() {
		return r, fmt.Errorf("%d bytes as %s: a record holds %d", r.size(), f.format(), maxRecordBytes)
	}
	return r, nil
}

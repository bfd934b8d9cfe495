// Package replay forwards the events of CloudTrail files into a Kinesis stream,
// in any envelope in which CloudTrail events travel, as fast as the stream
// takes them or at the pace at which they happened. It also puts whole records back.
//
// The partition key of a record is the access key id of its events; see
// PartitionKey. Records of one partition key arrive in the order of the files.
package replay

import (
	"context"
	"iter"
	"time"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/trail"
)

// Options say where events go, and how. Only Stream is required.
type Options struct {
	// Stream is the name or the ARN of the stream.
	Stream string
	// Format is the envelope; empty means Event, the bare event.
	Format Format
	// Group is how many consecutive events of one partition key share a record,
	// in the envelopes that hold several; 0 means 100.
	Group int
	// Speed paces by event time: 1 is real time, 60 an hour in a minute, 0 as
	// fast as possible. The clock is the newest event so far: an older one, and
	// one after a delay, is put at once.
	Speed float64
	// MaxPause cuts a pause of Speed short, as when the files have a gap of
	// months; 0 means never.
	MaxPause time.Duration
	// RecordRate and ByteRate bound what is sent a second, repeated attempts
	// included; 0 means no bound.
	RecordRate, ByteRate float64
	// Parallel is the number of requests in flight; a partition key is never in
	// two of them. 0 means 4.
	Parallel int
	// Unordered lets one request carry several records of a partition key. It is
	// faster where few keys are busy, but a request that fails in part can swap
	// them: Kinesis does not order the records of a request.
	Unordered bool
	// Attempts is how often one record is sent before it is given up; 0 means 100.
	Attempts int
	// Limits bound the decoding of files.
	Limits cloudtrail.Limits

	// The hooks are called one at a time, and hold up the replay while they run.

	// OnPut learns of the events that a successful request carried, and when that
	// request was sent.
	OnPut func(eventIDs []string, at time.Time)
	// OnProgress is called after each request.
	OnProgress func(Counts)
	// OnProblem learns of what was left out: a *trail.FileError (unreadable
	// or undecodable, in whole or in part) or a *RecordError.
	OnProblem func(error)
}

const (
	defaultGroup    = 100
	defaultParallel = 4
	defaultAttempts = 100
)

func (o Options) withDefaults() Options {
	if o.Format == "" {
		o.Format = Event
	}
	if o.Group <= 0 {
		o.Group = defaultGroup
	}
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	return o
}

// Run forwards the events of the files, which trail.Listing.Files yields. What
// cannot be forwarded is reported to Options.OnProblem, counted, and left out.
// Run ends early only with its context or with a *StreamError, when the stream
// takes nothing at all; the Summary then says how far it came.
func Run(ctx context.Context, client Client, files iter.Seq2[trail.File, error], o Options) (Summary, error) {
	o = o.withDefaults()
	return run(ctx, client, o, func(ctx context.Context, l lanes, t *tally) error {
		return newFeeder(o, l, t).run(ctx, files)
	})
}

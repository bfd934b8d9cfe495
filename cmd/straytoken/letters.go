package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/trail"
)

// lettersBack puts the records of dead letters back into the stream, as they were.
type lettersBack struct {
	reasons []string // of the letters wanted; none: all

	letters    int // read, of whatever reason
	others     int // of reasons not wanted
	sessions   int // about a session, which hold no record
	unreadable int // broken lines, files, and records that were not kept whole
	refused    int // records that the stream did not take
}

// putLetters is replay --dead-letter.
func (o *replayOptions) putLetters(ctx context.Context, paths []string) error {
	l := &lettersBack{reasons: o.reasons}
	if err := l.check(); err != nil {
		return err
	}
	cfg, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	o.OnProblem = l.problem
	sum, err := replay.Put(ctx, o.aws.kinesis(cfg), l.records(paths), o.Options)
	if !o.quiet {
		say("%d of %d dead letters are back in %s: %d bytes, to %d shards; %d left out, %d about a session, %d of other reasons",
			sum.Records, l.letters, o.Stream, sum.Bytes, len(sum.Shards), l.unreadable+l.refused, l.sessions, l.others)
	}
	switch {
	case err != nil:
		return err
	case l.refused > 0:
		return coded{exitFailure, errLeftOut}
	case l.unreadable > 0:
		return coded{exitInput, errLeftOut}
	}
	return nil
}

// check refuses a reason that no dead letter has.
func (l *lettersBack) check() error {
	for _, r := range l.reasons {
		if !slices.Contains(processor.Reasons(), cloudtrail.Reason(r)) {
			return usageError("unknown reason %q: want one of %v", r, processor.Reasons())
		}
	}
	return nil
}

// problem is called by one goroutine at a time.
func (l *lettersBack) problem(err error) {
	var record *replay.RecordError
	if errors.As(err, &record) {
		l.refused++
	} else {
		l.unreadable++
	}
	say("straytoken: left out: %v", err)
}

// records are the records of all files.
func (l *lettersBack) records(paths []string) iter.Seq2[replay.Record, error] {
	return func(yield func(replay.Record, error) bool) {
		for _, path := range paths {
			for r, err := range l.file(path) {
				if err != nil {
					err = &trail.FileError{Name: path, Err: err}
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
}

// file are the records of one file, as long as it is now: a worker may append to it
// what is put back and fails again.
func (l *lettersBack) file(path string) iter.Seq2[replay.Record, error] {
	return func(yield func(replay.Record, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(replay.Record{}, err)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			yield(replay.Record{}, err)
			return
		}
		var in io.Reader = f
		if info.Mode().IsRegular() {
			in = io.LimitReader(f, info.Size())
		}
		for letter, err := range sink.ReadDeadLetters(in) {
			if err == nil && !l.wanted(letter) {
				continue
			}
			if !yield(recordOf(letter, err)) {
				return
			}
		}
	}
}

// wanted tells whether the record of a letter is to be put back.
func (l *lettersBack) wanted(letter *sink.DeadLetter) bool {
	l.letters++
	switch {
	case len(l.reasons) > 0 && !slices.Contains(l.reasons, letter.Reason):
		l.others++
	case letter.Session != "":
		l.sessions++
	default:
		return true
	}
	return false
}

// recordOf is the record of a letter. One whose partition key was not kept gets one
// that depends on its bytes alone.
func recordOf(letter *sink.DeadLetter, err error) (replay.Record, error) {
	if err != nil {
		return replay.Record{}, err
	}
	name := fmt.Sprintf("%q", cmp.Or(letter.SequenceNumber, letter.Source))
	switch {
	case letter.Reason == "":
		return replay.Record{}, errors.New("a line is no dead letter")
	case !letter.Whole():
		return replay.Record{}, fmt.Errorf("record %s: %d of %d bytes were kept", name, len(letter.Data), letter.Size)
	}
	sum := sha256.Sum256(letter.Data)
	return replay.Record{Name: "record " + name, PartitionKey: cmp.Or(letter.PartitionKey, hex.EncodeToString(sum[:])), Data: letter.Data}, nil
}

package trail

import (
	"context"
	"io"
	"iter"
	"sync"
)

// streamAbove is the size in bytes above which a file is not read ahead but
// streamed, in parts. CloudTrail's own files are smaller, as a rule; a smaller
// one of any origin stays within the decoder's limits when it is unpacked.
const streamAbove = 2 << 20

// File is the content of one file, or one part of a large one.
type File struct {
	Entry
	// Part counts the parts of a file that is streamed, from 0.
	Part int
	// Body is as stored, possibly gzip; the parts of a stream are decompressed
	// and cut between JSON documents or lines. It belongs to the receiver.
	Body []byte
}

// Files reads the entries in order, ahead of its consumer: at most
// Options.Parallel files of 2 MiB each. Standard input and larger files are
// streamed when their turn comes, as several Files of one name.
//
// A file that cannot be read (to its end) is yielded with its *FileError, and
// the next one follows: the consumer decides. Only the end of the context ends
// the reading, with the context's error. progress, if not nil, is called after
// each file and each part, from the consumer's goroutine.
func (l Listing) Files(ctx context.Context, progress func(Progress)) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		r := reading{ahead: l.readAhead(ctx, &wg), yield: yield}
		r.tracker = tracker{report: progress, now: Progress{TotalFiles: len(l.Entries), TotalBytes: l.Bytes()}}
		for _, e := range l.Entries {
			if !r.next(ctx, e) {
				return
			}
			r.fileDone(e)
		}
	}
}

// fetched is a whole file that was read ahead.
type fetched struct {
	body []byte
	err  error
}

// readAhead starts reading the entries in order. The channel holds a slot an
// entry; its capacity is what bounds the readers.
func (l Listing) readAhead(ctx context.Context, wg *sync.WaitGroup) <-chan chan fetched {
	slots := make(chan chan fetched, max(l.parallel-1, 0))
	wg.Go(func() {
		for _, e := range l.Entries {
			slot := make(chan fetched, 1)
			select {
			case slots <- slot:
			case <-ctx.Done():
				return
			}
			if e.streamed() {
				continue
			}
			wg.Go(func() {
				body, err := readAll(ctx, e)
				slot <- fetched{body, err}
			})
		}
	})
	return slots
}

func (e Entry) streamed() bool { return e.Size < 0 || e.Size > streamAbove }

// reading is one run of Files, in the consumer's goroutine.
type reading struct {
	tracker
	ahead <-chan chan fetched
	yield func(File, error) bool
}

// next yields one entry; it returns false if that was the last.
func (r *reading) next(ctx context.Context, e Entry) bool {
	var got fetched
	select {
	case slot := <-r.ahead:
		if e.streamed() {
			return r.stream(ctx, e)
		}
		got = <-slot
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		r.yield(File{}, context.Cause(ctx))
		return false
	}
	if got.err != nil {
		return r.yield(File{Entry: e}, &FileError{Name: e.Name, Err: got.err})
	}
	return r.yield(File{Entry: e, Body: got.body}, nil)
}

// stream yields a file in parts.
func (r *reading) stream(ctx context.Context, e Entry) bool {
	part, stopped := 0, false
	err := r.eachPart(ctx, e, func(body []byte) bool {
		stopped = !r.yield(File{Entry: e, Part: part, Body: body}, nil)
		part++
		r.partDone(e)
		return !stopped && ctx.Err() == nil
	})
	switch {
	case stopped:
		return false
	case ctx.Err() != nil:
		r.yield(File{}, context.Cause(ctx))
		return false
	case err != nil:
		return r.yield(File{Entry: e, Part: part}, &FileError{Name: e.Name, Err: err})
	}
	return true
}

func (r *reading) eachPart(ctx context.Context, e Entry, yield func([]byte) bool) error {
	stored, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer stored.Close()
	plain, err := gunzipped(countingReader{stored, &r.partBytes})
	if err != nil {
		return err
	}
	return split(plain, yield)
}

func readAll(ctx context.Context, e Entry) ([]byte, error) {
	r, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body := make([]byte, e.Size)
	n, err := io.ReadFull(r, body)
	return body[:n], err
}

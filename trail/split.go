package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// readSize is how much is read from a stream at a time.
	readSize = 256 << 10
	// maxPart bounds the memory that one part of a stream may take. It is what
	// the decoder takes by default.
	maxPart = 64 << 20
	// maxFirstLine is how far to look for the first line's end: a longer line is
	// a document, not one of many events.
	maxFirstLine = 1 << 20
)

// errPartTooLarge says that a stream has a JSON document, or a line, that is
// larger than memory should hold.
var errPartTooLarge = fmt.Errorf("a single JSON document of more than %d MiB", maxPart>>20)

// split cuts a stream of JSON into parts that can be decoded by themselves, and
// yields what is complete after every read, so that a stream that pauses holds
// nothing back. A stream whose first line is a JSON document of its own is cut
// at line ends, many lines a part; any other between its top-level documents,
// one document a part, as concatenated trail files need. What is left at the
// end is the last part, complete or not: the decoder reports it. yield owns the
// part; it returns false to stop.
func split(r io.Reader, yield func(part []byte) bool) error {
	s := splitter{buf: make([]byte, 0, readSize)}
	for {
		err := s.fill(r)
		for part := s.next(err != nil); part != nil; part = s.next(err != nil) {
			if !yield(part) {
				return nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(s.buf) > maxPart:
			return errPartTooLarge
		}
	}
}

type splitMode int

const (
	undecided splitMode = iota
	byLine
	byDocument
)

type splitter struct {
	mode splitMode
	buf  []byte // read and not yet yielded
	doc  documentScanner
}

// fill reads once, into memory that no part shares.
func (s *splitter) fill(r io.Reader) error {
	if cap(s.buf)-len(s.buf) < readSize/2 {
		s.buf = append(make([]byte, 0, max(2*len(s.buf), readSize)), s.buf...)
	}
	n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	return err
}

// next cuts the next complete part, nil if there is none. After the last read
// all that is left is complete.
func (s *splitter) next(last bool) []byte {
	for {
		end := s.end(last)
		if end == 0 {
			return nil
		}
		part := s.buf[:end:end]
		s.buf, s.doc = s.buf[end:], documentScanner{}
		if len(bytes.Trim(part, " \t\r\n")) > 0 {
			return part
		}
	}
}

func (s *splitter) end(last bool) int {
	if s.mode == undecided {
		s.mode = decideMode(s.buf, last)
	}
	end := 0
	switch s.mode {
	case byLine:
		end = bytes.LastIndexByte(s.buf, '\n') + 1
	case byDocument:
		end = s.doc.end(s.buf)
	}
	if end == 0 && last {
		return len(s.buf)
	}
	return end
}

func decideMode(head []byte, last bool) splitMode {
	line, _, ended := bytes.Cut(head, []byte("\n"))
	switch {
	case ended && json.Valid(line):
		return byLine
	case ended, last, len(head) > maxFirstLine:
		return byDocument
	}
	return undecided
}

// documentScanner finds the end of a JSON object or array without judging it.
// It resumes where the last look ended.
type documentScanner struct {
	pos      int
	depth    int
	inString bool
	escaped  bool
}

// end returns the index after the first document in buf, 0 if it is not complete.
func (d *documentScanner) end(buf []byte) int {
	for ; d.pos < len(buf); d.pos++ {
		if d.step(buf[d.pos]) {
			return d.pos + 1
		}
	}
	return 0
}

// step takes one byte and tells whether it ends the document.
func (d *documentScanner) step(b byte) bool {
	switch {
	case d.escaped:
		d.escaped = false
	case d.inString:
		d.escaped = b == '\\'
		d.inString = b != '"'
	case b == '"':
		d.inString = d.depth > 0
	case b == '{' || b == '[':
		d.depth++
	case b == '}' || b == ']':
		d.depth--
		return d.depth <= 0
	}
	return false
}

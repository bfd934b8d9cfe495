package cloudtrail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// DecodeStream decodes all that r holds: what Decode accepts, and text with a value
// a line (plain or gzip) of any length, of which it holds one line at a time. Every
// line is a record of its own, with Limits of its own; a bad or too long line is
// reported in Summary.Bad and the others go on. Input that begins in another form is
// one record.
//
// Errors are as with Decode, or r's own, wrapped.
func (d *Decoder) DecodeStream(r io.Reader, yield func(*Event) error) (Summary, error) {
	d.start(yield)
	return d.finish(d.stream(r))
}

func (d *Decoder) stream(r io.Reader) error {
	lines, err := d.openLines(r)
	if err != nil {
		return err
	}
	line, err := lines.next()
	if err == nil && d.isPart(line) {
		return d.rest(lines, line)
	}
	for ; err == nil; line, err = lines.next() {
		if err := d.line(line); err != nil {
			return err
		}
	}
	if err != io.EOF {
		return err
	}
	if lines.count == 0 {
		return fault(ErrEmpty, "no content")
	}
	return nil
}

// openLines looks through gzip.
func (d *Decoder) openLines(r io.Reader) (*lineReader, error) {
	in := bufio.NewReader(r)
	magic, err := in.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("cloudtrail: read: %w", err)
	}
	lines := &lineReader{in: in, max: d.limits.MaxDecompressed}
	if string(magic) == gzipMagic {
		d.sum.Envelopes[EnvelopeGzip]++
		// Not the Decoder's own reader, which a line may need.
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, gzipFault(err)
		}
		lines.in, lines.zipped = bufio.NewReader(unzipped), true
	}
	return lines, nil
}

// isPart reports whether the first line of the input is part of something larger: of
// binary content, or of a JSON value that goes on in the next line.
func (d *Decoder) isPart(line []byte) bool {
	if bytes.HasPrefix(line, []byte(gzipMagic)) || bytes.HasPrefix(line, []byte(aggregateMagic)) {
		return true
	}
	s := strings.TrimLeft(strings.TrimPrefix(view(line), byteOrderMark), jsonSpace)
	if s == "" || !startsJSON(s) {
		return false
	}
	c := d.cursor(s)
	return c.fails() && c.unfinished()
}

// rest decodes the whole input as one record.
func (d *Decoder) rest(lines *lineReader, head []byte) error {
	record, err := lines.all(head)
	if err != nil {
		return err
	}
	d.budget()
	return d.content(record, 0)
}

// line decodes one line as a record.
func (d *Decoder) line(line []byte) error {
	err := tooLong(line, d.limits.MaxDecompressed)
	if err == nil {
		d.budget()
		err = d.content(line, 0)
	}
	if _, halted := err.(stopped); halted {
		return err
	}
	if err != nil {
		d.sum.addBad(err, view(line))
	}
	return nil
}

package cloudtrail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// lineReader reads lines that are not blank.
type lineReader struct {
	in     *bufio.Reader
	zipped bool  // in unpacks gzip, so its faults are gzip's
	max    int64 // of a longer line no more than one read beyond it is kept
	line   []byte
	count  int
}

// next returns the next line, valid until the next call, or io.EOF. A line that in's
// fault cuts off is not returned.
func (l *lineReader) next() ([]byte, error) {
	for {
		err := l.read()
		if err != nil && err != io.EOF {
			return nil, l.fault(err)
		}
		if len(bytes.Trim(l.line, jsonSpace)) > 0 {
			l.count++
			return l.line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// read reads up to the end of the line or of the input.
func (l *lineReader) read() error {
	l.line = l.line[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if int64(len(l.line)) <= l.max {
			l.line = append(l.line, part...)
		}
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}

// all returns head, the line read last, and all that follows.
func (l *lineReader) all(head []byte) ([]byte, error) {
	rest, err := io.ReadAll(io.LimitReader(l.in, l.max-int64(len(head))+1))
	if err != nil {
		return nil, l.fault(err)
	}
	all := append(head, rest...)
	return all, tooLong(all, l.max)
}

func (l *lineReader) fault(err error) error {
	if l.zipped {
		return gzipFault(err)
	}
	return fmt.Errorf("cloudtrail: read: %w", err)
}

// tooLong fails when b, a line or a whole input, is longer than a record may be.
func tooLong(b []byte, limit int64) error {
	if int64(len(b)) > limit {
		return fault(ErrTooLarge, "a record of more than %d bytes", limit)
	}
	return nil
}

package jsonl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// ErrTooLong is wrapped by the LineError of a line that exceeds the bound.
var ErrTooLong = errors.New("line too long")

// A LineError tells which line could not be read. Reading goes on after it.
type LineError struct {
	Line int // counted from 1
	Err  error
}

// Error names the line and the reason.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// Read decodes the lines of r, one value a line, of at most limit bytes each.
// Fields that T does not have are ignored, blank lines are skipped, and a last
// line needs no newline. A broken or overlong line yields a *LineError, after
// which the loop may go on with the next line; an error of r itself ends it.
func Read[T any](r io.Reader, limit int) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		lines := lineReader{in: bufio.NewReaderSize(r, 64<<10), limit: limit}
		for number := 1; ; number++ {
			line, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, ErrTooLong) {
				yield(nil, fmt.Errorf("read line %d: %w", number, err))
				return
			}
			if err == nil && len(line) == 0 {
				continue
			}
			if !yield(decode[T](line, number, err)) {
				return
			}
		}
	}
}

func decode[T any](line []byte, number int, err error) (*T, error) {
	value := new(T)
	if err == nil {
		err = json.Unmarshal(line, value)
	}
	if err != nil {
		return nil, &LineError{Line: number, Err: err}
	}
	return value, nil
}

// lineReader cuts in into lines and keeps at most limit bytes of one.
type lineReader struct {
	in    *bufio.Reader
	limit int
	line  []byte
}

// next returns the next line without the space around it, valid until the call
// after it. A line over the limit is read to its end and reported as
// ErrTooLong; io.EOF comes only when no byte is left.
func (l *lineReader) next() ([]byte, error) {
	l.line = l.line[:0]
	tooLong := false
	for {
		part, err := l.in.ReadSlice('\n')
		tooLong = tooLong || len(l.line)+len(bytes.TrimSuffix(part, []byte("\n"))) > l.limit
		if !tooLong {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (tooLong || len(l.line) > 0):
			err = nil
		}
		if err == nil && tooLong {
			err = fmt.Errorf("%w: over %d bytes", ErrTooLong, l.limit)
		}
		return bytes.TrimSpace(l.line), err
	}
}

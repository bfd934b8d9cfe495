package cloudtrail

import (
	"errors"
	"fmt"
)

// Reason says why bytes could not be decoded. It is an error to be tested for
// with errors.Is and a label of a closed set: see [Reasons].
type Reason string

// The reasons. Every error of this package that is not the caller's own is one
// of them, with detail around it.
const (
	ErrEmpty         Reason = "empty"          // no bytes, or white space only
	ErrNotJSON       Reason = "not_json"       // breaks the JSON grammar, also when cut off
	ErrTruncatedGzip Reason = "truncated_gzip" // the gzip stream ends too early
	ErrBadGzip       Reason = "bad_gzip"       // the gzip stream is damaged
	ErrTooLarge      Reason = "too_large"      // more bytes or events than Limits allow
	ErrTooDeep       Reason = "too_deep"       // more nesting or layers than Limits allow
	ErrBadBase64     Reason = "bad_base64"     // looks like base64, does not decode
	ErrBadAggregate  Reason = "bad_aggregate"  // KPL magic, but checksum or protobuf is wrong
	ErrUnknownShape  Reason = "unknown_shape"  // valid JSON that is no CloudTrail
	ErrIncomplete    Reason = "incomplete"     // an event without eventTime, eventSource or eventName
)

// Error returns the label.
func (r Reason) Error() string { return string(r) }

// Reasons lists every Reason, for metrics whose series start at zero.
func Reasons() []Reason {
	return []Reason{
		ErrEmpty, ErrNotJSON, ErrTruncatedGzip, ErrBadGzip, ErrTooLarge,
		ErrTooDeep, ErrBadBase64, ErrBadAggregate, ErrUnknownShape, ErrIncomplete,
	}
}

// ReasonOf returns the Reason in err's tree, or "" when there is none.
func ReasonOf(err error) Reason {
	var r Reason
	errors.As(err, &r)
	return r
}

// fault wraps a Reason with what was found.
func fault(r Reason, format string, args ...any) error {
	return fmt.Errorf("cloudtrail: %w: %w", r, fmt.Errorf(format, args...))
}

// stopped carries the caller's own error through the layers of a record.
type stopped struct{ err error }

func (s stopped) Error() string { return s.err.Error() }

// ends reports whether err ends the whole record, not just the part that it
// was met in: the caller wants no more, or a limit of the record is used up.
func ends(err error) bool {
	_, halted := err.(stopped)
	return halted || ReasonOf(err) == ErrTooLarge
}

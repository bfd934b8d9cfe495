package replay

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Format is an envelope in which CloudTrail events travel through Kinesis.
type Format string

// The envelopes. Those that hold several events take all that Encode is given.
const (
	Event          Format = "event"           // one bare event
	EventBridge    Format = "eventbridge"     // one event of an EventBridge rule
	CloudWatchLogs Format = "cloudwatch-logs" // a gzipped batch of a subscription filter
	Trail          Format = "trail"           // a gzipped trail file
	Lookup         Format = "lookup"          // the output of LookupEvents
	NDJSON         Format = "ndjson"          // an event a line
	KPL            Format = "kpl"             // a record aggregated by the Kinesis Producer Library
	Base64         Format = "base64"          // one bare event, base64-encoded once more by its producer
	Mixed          Format = "mixed"           // all of the above in turn; for a replay, not for Encode
)

// Formats are all formats, Mixed last.
func Formats() []Format { return append(envelopes(), Mixed) }

func envelopes() []Format {
	return []Format{Event, EventBridge, CloudWatchLogs, Trail, Lookup, NDJSON, KPL, Base64}
}

// ParseFormat is the format of a name.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("unknown format %q: use one of %s", name, strings.Join(names, ", "))
}

// groups tells whether the envelope holds several events.
func (f Format) groups() bool {
	switch f {
	case CloudWatchLogs, Trail, Lookup, NDJSON, KPL:
		return true
	}
	return false
}

// Encoder puts events into envelopes. The zero value is ready; it is not safe
// for concurrent use.
type Encoder struct {
	gzip *gzip.Writer
}

// Encode puts events into one envelope; one that holds a single event takes
// exactly one. The result is the caller's.
func (e *Encoder) Encode(f Format, events []Source) ([]byte, error) {
	if len(events) == 0 || !f.groups() && len(events) > 1 {
		return nil, fmt.Errorf("format %s: cannot hold %d events", f, len(events))
	}
	switch f {
	case Event:
		return bytes.Clone(events[0].JSON), nil
	case Base64:
		return base64.StdEncoding.AppendEncode(nil, events[0].JSON), nil
	case NDJSON:
		return joinJSON(events, "", "\n", "\n"), nil
	case Trail:
		return e.compress(joinJSON(events, `{"Records":[`, ",", "]}"))
	case EventBridge:
		return eventBridge(events[0])
	case Lookup:
		return lookup(events)
	case CloudWatchLogs:
		plain, err := cloudWatchLogs(events)
		if err != nil {
			return nil, err
		}
		return e.compress(plain)
	case KPL:
		return aggregate(events), nil
	}
	return nil, fmt.Errorf("format %q has no envelope of its own", f)
}

func (e *Encoder) compress(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	if e.gzip == nil {
		e.gzip = gzip.NewWriter(&b)
	} else {
		e.gzip.Reset(&b)
	}
	if _, err := e.gzip.Write(plain); err != nil {
		return nil, err
	}
	err := e.gzip.Close()
	return b.Bytes(), err
}

func joinJSON(events []Source, before, between, after string) []byte {
	b := []byte(before)
	for i, e := range events {
		if i > 0 {
			b = append(b, between...)
		}
		b = append(b, e.JSON...)
	}
	return append(b, after...)
}

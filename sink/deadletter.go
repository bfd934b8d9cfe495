package sink

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/straytoken/straytoken/finding/jsonl"
)

// MaxDeadLetterData is how many bytes of a record a DeadLetter keeps: the largest
// record that Kinesis takes, so that each can be put back. Of a longer trail file the
// beginning is kept, and DeadLetter.Whole tells.
const MaxDeadLetterData = 10 << 20

// maxDeadLetterError bounds DeadLetter.Error, in bytes.
const maxDeadLetterError = 4 << 10

// maxDeadLetterLine holds the data in base64, the error fully escaped and the rest.
const maxDeadLetterLine = 16 << 20

// DeadLetter is a record, or one event of a record, that could not be processed
// and was left behind so that its shard could move on. Data is log content: the
// file deserves the protection that the trail has.
type DeadLetter struct {
	Time           time.Time `json:"time"`                      // when it was given up
	Stream         string    `json:"stream,omitempty"`          // Kinesis stream
	Shard          string    `json:"shard,omitempty"`           // Kinesis shard id
	SequenceNumber string    `json:"sequence_number,omitempty"` // Kinesis sequence number
	PartitionKey   string    `json:"partition_key,omitempty"`   // that the record was put with
	Arrival        time.Time `json:"arrival,omitzero"`          // approximate, at the stream
	// SubSequenceNumber counts the user records inside an aggregated Kinesis record.
	SubSequenceNumber int64  `json:"sub_sequence_number,omitempty"`
	Source            string `json:"source,omitempty"` // file or object, where it did not come from Kinesis
	// Session is the lock of a session that could not be judged. Such a letter is
	// about what is remembered of the session, and holds no record.
	Session string `json:"session,omitempty"`
	// Reason is one of a few fixed words, fit for a metric's label.
	Reason string `json:"reason"`
	Error  string `json:"error"` // what exactly went wrong, at most 4 KiB
	// EventIndex counts from 0 the event of the record that failed; nil when the
	// record as a whole did.
	EventIndex *int `json:"event_index,omitempty"`
	// Data is the record as it arrived (base64 in JSON), at most MaxDeadLetterData.
	Data []byte `json:"data"`
	// Size is the length of the record, whatever was kept. A sink fills it in
	// where it is 0.
	Size int `json:"size"`
}

// Whole tells whether Data is the whole record and can be put back.
func (d *DeadLetter) Whole() bool { return d.Size == len(d.Data) }

// DeadLetterSink takes dead letters over. Its contract is Sink's: Send returns
// nil only when all letters are accepted, and may be called again with the same
// letters and from several goroutines.
type DeadLetterSink interface {
	Send(ctx context.Context, letters []DeadLetter) error
}

// DeadLetterFile appends dead letters to a file as JSON lines, as durably as
// File appends findings.
type DeadLetterFile struct {
	out *appender
}

// OpenDeadLetterFile opens path for appending and creates it (0600) where it
// does not exist. Close it after use.
func OpenDeadLetterFile(path string) (*DeadLetterFile, error) {
	out, err := openAppender(path, openFile)
	if err != nil {
		return nil, err
	}
	return &DeadLetterFile{out: out}, nil
}

// Send implements DeadLetterSink.
func (f *DeadLetterFile) Send(ctx context.Context, letters []DeadLetter) error {
	var lines []byte
	for _, letter := range letters {
		var err error
		if lines, err = jsonl.Append(lines, bounded(letter)); err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return f.out.append(ctx, lines)
}

// Reopen opens the path anew, as File.Reopen does.
func (f *DeadLetterFile) Reopen() error { return f.out.reopen() }

// Close closes the file. Send fails after it.
func (f *DeadLetterFile) Close() error { return f.out.close() }

// bounded is a letter as it is written.
func bounded(d DeadLetter) DeadLetter {
	if d.Size == 0 {
		d.Size = len(d.Data)
	}
	d.Data = d.Data[:min(len(d.Data), MaxDeadLetterData)]
	if d.Data == nil {
		d.Data = []byte{} // "" and not null in JSON
	}
	d.Error = strings.ToValidUTF8(d.Error[:min(len(d.Error), maxDeadLetterError)], "\ufffd")
	d.Time, d.Arrival = d.Time.UTC(), d.Arrival.UTC()
	return d
}

// ReadDeadLetters decodes the lines of a dead-letter file. A broken line yields
// a *jsonl.LineError, after which reading goes on.
func ReadDeadLetters(r io.Reader) iter.Seq2[*DeadLetter, error] {
	return jsonl.Read[DeadLetter](r, maxDeadLetterLine)
}

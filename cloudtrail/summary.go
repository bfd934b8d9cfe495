package cloudtrail

// MaxBad bounds Summary.Bad, and MaxBadBytes the copy in each of its elements.
const (
	MaxBad      = 1000
	MaxBadBytes = 4096
)

// Summary tells what a record held.
type Summary struct {
	Events    int                // events yielded
	Skipped   [SkipReasons]int   // by SkipReason
	Envelopes [EnvelopeKinds]int // how often each Envelope was opened
	// Bad holds the first MaxBad parts that could not be decoded while others
	// could; BadTotal counts them all.
	Bad      []BadEvent
	BadTotal int
}

// BadEvent is a part of a record that could not be decoded.
type BadEvent struct {
	Err error  // has a Reason
	Raw []byte // a copy of its first MaxBadBytes bytes
}

// SkipReason says why something known was left out. It indexes Summary.Skipped.
type SkipReason uint8

// The reasons for skipping.
const (
	SkipControlMessage SkipReason = iota // CloudWatch Logs tests the subscription
	SkipDigest                           // a digest file, which signs trail files
	SkipInsight                          // an Insight event: a statistic, no call
	SkipAggregated                       // a summary of data events, without addresses

	// SkipReasons is the number of reasons.
	SkipReasons = 4
)

// String returns the reason as a label.
func (r SkipReason) String() string {
	return [SkipReasons]string{"control_message", "digest", "insight", "aggregated"}[r]
}

// Envelope is a kind of wrapping. It indexes Summary.Envelopes.
type Envelope uint8

// The envelopes.
const (
	EnvelopeGzip         Envelope = iota
	EnvelopeBase64                // text in base64
	EnvelopeAggregate             // Kinesis Producer Library
	EnvelopeRecords               // trail file
	EnvelopeEventBridge           // "detail"
	EnvelopeLogs                  // CloudWatch Logs subscription
	EnvelopeLookup                // LookupEvents output or one element of it
	EnvelopeNotification          // SNS or SQS
	EnvelopeArray                 // a bare JSON array
	EnvelopeSequence              // several values, one a line or back to back
	EnvelopeString                // JSON in a JSON string

	// EnvelopeKinds is the number of envelopes.
	EnvelopeKinds = 11
)

// String returns the envelope as a label.
func (e Envelope) String() string {
	return [EnvelopeKinds]string{
		"gzip", "base64", "aggregate", "records", "eventbridge", "logs",
		"lookup", "notification", "array", "sequence", "string",
	}[e]
}

// seen counts everything that the record held so far.
func (s *Summary) seen() int {
	n := s.Events + s.BadTotal
	for _, skipped := range s.Skipped {
		n += skipped
	}
	return n
}

// recognised reports whether any part of the record was CloudTrail.
func (s *Summary) recognised() bool { return s.seen() > s.BadTotal }

func (s *Summary) addBad(err error, raw string) {
	s.BadTotal++
	if len(s.Bad) < MaxBad {
		s.Bad = append(s.Bad, BadEvent{Err: err, Raw: []byte(raw[:min(len(raw), MaxBadBytes)])})
	}
}

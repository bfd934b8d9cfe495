package replay

import (
	"time"
)

// Limits of PutRecords (Kinesis API Reference). Sizes are data and partition key. A
// stream may be set to take larger records than maxRecordBytes.
const (
	maxRecordBytes  = 1 << 20
	maxBatchBytes   = 5 << 20
	maxBatchRecords = 500
)

// record is one Kinesis record on its way.
type record struct {
	name        string // of a record that is put as it is
	key         string
	data        []byte
	ids         []string // event ids, the empty ones left out
	events      int
	first, last time.Time // event times
	attempts    int
}

// newRecord is the record of events of one partition key, without its data.
func newRecord(events []Source) *record {
	r := &record{key: events[0].PartitionKey, events: len(events)}
	r.first, r.last = events[0].Time, events[0].Time
	for _, e := range events {
		if e.ID != "" {
			r.ids = append(r.ids, e.ID)
		}
		if e.Time.Before(r.first) {
			r.first = e.Time
		}
		if e.Time.After(r.last) {
			r.last = e.Time
		}
	}
	return r
}

func (r *record) size() int { return len(r.data) + len(r.key) }

// large tells whether only a stream that is set to it takes the record.
func (r *record) large() bool { return r.size() > maxRecordBytes }

// delivered is a record in the stream.
type delivered struct {
	*record
	shard string
}

package cloudtrail

import "strings"

// document is a JSON object that may be an event or an envelope: which one, only
// its members tell, and they come in any order. So one pass reads both.
type document struct {
	event     Event
	eventTime string
	timestamp string // @timestamp, which Logstash puts in eventTime's place
	eventLike bool   // has a member that only events have
	wrapping  wrapping
}

// wrapping holds what the known envelopes wrap.
type wrapping struct {
	digest      bool // a digest file's own member is there
	listed      bool // a list was met and its elements are decoded
	messageType string
	logEvents   Raw
	records     Raw
	detail      Raw
	lookups     Raw // "Events"
	lookup      Raw // "CloudTrailEvent"
	message     Raw // SNS's "Message"
	body        Raw // SQS's "Body", or "body" as Lambda has it
}

// member reads a member of an envelope, or passes one that is none.
func (w *wrapping) member(c *cursor, n name, i int) int {
	switch n {
	case nameDigestStartTime, nameDigestEndTime, nameDigestS3Object:
		var value Raw
		value, i = c.raw(i)
		w.digest = value.Exists()
	case nameMessageType:
		w.messageType, i = c.str(i)
	case nameLogEvents:
		w.logEvents, i = c.raw(i)
	case nameRecords:
		w.records, i = c.raw(i)
	case nameDetail:
		w.detail, i = c.raw(i)
	case nameEvents:
		w.lookups, i = c.raw(i)
	case nameCloudTrailEvent:
		w.lookup, i = c.raw(i)
	case nameMessageOfSNS:
		w.message, i = c.raw(i)
	case nameBodyOfSQS, nameBody:
		w.body, i = c.raw(i)
	default:
		i = c.skip(i)
	}
	return i
}

// isEvent reports whether the document means to be a CloudTrail event. Lambda's and
// S3's notifications have the same members, and a source without a dot.
func (d *document) isEvent() bool {
	return d.eventLike && !strings.HasPrefix(d.event.Source, "aws:")
}

// skip returns why an event is to be left out, if it is.
func (e *Event) skip() (reason SkipReason, ok bool) {
	switch {
	case e.Category == "Insight" || e.Type == "AwsCloudTrailInsight":
		return SkipInsight, true
	case e.Category == "Aggregated" || e.Type == "AwsAggregatedEvent":
		return SkipAggregated, true
	}
	return 0, false
}

// complete sets the event's time and checks what every event must have.
func (d *document) complete() error {
	e := &d.event
	var ok bool
	if e.Time, ok = parseTime(d.eventTime); !ok {
		if e.Time, ok = parseTime(d.timestamp); !ok {
			return fault(ErrIncomplete, "eventTime %.40q", d.eventTime)
		}
	}
	if e.Source == "" || e.Name == "" {
		return fault(ErrIncomplete, "eventSource %.40q, eventName %.40q", e.Source, e.Name)
	}
	return nil
}

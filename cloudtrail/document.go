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
	messageType string
	logEvents   Raw
	records     Raw
	detail      Raw
	lookups     Raw // "Events"
	lookup      Raw // "CloudTrailEvent"
	message     Raw // SNS's "Message"
	body        Raw // SQS's "Body", or "body" as Lambda has it
}

// read reads the object at the cursor.
func (d *document) read(c *cursor) {
	start := c.pos
	c.object(func(key string) { d.member(c, key) })
	if c.fault == "" {
		d.event.Raw = Raw{c.text[start:c.pos]}
	}
}

func (d *document) member(c *cursor, key string) {
	switch key {
	case "eventTime":
		d.eventTime = c.str()
	case "@timestamp":
		d.timestamp = c.str()
		return
	default:
		if !d.event.member(c, key) {
			d.wrapping.member(c, key)
			return
		}
	}
	d.eventLike = true
}

// member reads a member of an envelope, or passes one that is none.
func (w *wrapping) member(c *cursor, key string) {
	switch key {
	case "digestStartTime", "digestEndTime", "digestS3Object":
		w.digest = c.raw().Exists()
	case "messageType":
		w.messageType = c.str()
	case "logEvents":
		w.logEvents = c.raw()
	case "Records":
		w.records = c.raw()
	case "detail":
		w.detail = c.raw()
	case "Events":
		w.lookups = c.raw()
	case "CloudTrailEvent":
		w.lookup = c.raw()
	case "Message":
		w.message = c.raw()
	case "Body", "body":
		w.body = c.raw()
	default:
		c.skip()
	}
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

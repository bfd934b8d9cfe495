package cloudtrail

import "strings"

// value decodes the JSON value that s begins with, and returns its length: all of
// s when the value is broken.
func (d *Decoder) value(s string, layer int) (n int, err error) {
	switch s[0] {
	case '{':
		return d.object(s, layer)
	case '[':
		c := d.cursor(s)
		list := c.raw()
		if err := c.err(); err != nil {
			return len(s), err
		}
		return c.pos, d.list(list, EnvelopeArray, layer, d.value)
	case '"':
		return d.quoted(s, layer)
	default:
		c := d.cursor(s)
		c.skip()
		if err := c.err(); err != nil {
			return len(s), err
		}
		return c.pos, fault(ErrUnknownShape, "a number or literal")
	}
}

// object decodes an event or an envelope. Nothing of it is used before all of it
// has been read.
func (d *Decoder) object(s string, layer int) (n int, err error) {
	c := d.cursor(s)
	d.doc = document{}
	d.doc.read(&c)
	if err := c.err(); err != nil {
		return len(s), err
	}
	switch {
	case d.doc.wrapping.digest:
		return c.pos, d.skip(SkipDigest)
	case d.doc.isEvent():
		return c.pos, d.event()
	default:
		return c.pos, d.unwrap(d.doc.wrapping, layer)
	}
}

// unwrap decodes what an envelope holds.
func (d *Decoder) unwrap(w wrapping, layer int) error {
	switch {
	case w.messageType == "CONTROL_MESSAGE":
		return d.skip(SkipControlMessage)
	case w.logEvents.kind() == '[':
		return d.list(w.logEvents, EnvelopeLogs, layer, d.logEvent)
	case w.records.kind() == '[':
		return d.list(w.records, EnvelopeRecords, layer, d.value)
	case w.lookups.kind() == '[':
		return d.list(w.lookups, EnvelopeLookup, layer, d.value)
	case w.detail.kind() == '{':
		return d.inner(w.detail, EnvelopeEventBridge, layer)
	case w.lookup.Exists():
		return d.inner(w.lookup, EnvelopeLookup, layer)
	case w.message.Exists():
		return d.inner(w.message, EnvelopeNotification, layer)
	case w.body.Exists():
		return d.inner(w.body, EnvelopeNotification, layer)
	default:
		return fault(ErrUnknownShape, "an object without a member of CloudTrail's")
	}
}

// inner decodes the one value of an envelope.
func (d *Decoder) inner(value Raw, kind Envelope, layer int) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[kind]++
	_, err = d.value(value.text, layer)
	return err
}

// list decodes the elements of an array, which has been checked, each on its own: a
// bad one is reported and the others go on. decode returns the element's length.
func (d *Decoder) list(list Raw, kind Envelope, layer int, decode func(s string, layer int) (int, error)) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[kind]++
	for s := afterComma(list.text[1:]); s != "" && s[0] != ']'; {
		n, err := decode(s, layer)
		if err := d.report(err, s[:n]); err != nil {
			return err
		}
		s = afterComma(s[n:])
	}
	return nil
}

// afterComma returns what comes next in a checked array.
func afterComma(s string) string { return strings.TrimLeft(s, jsonSpace+",") }

// logEvent decodes an element of a CloudWatch Logs subscription.
func (d *Decoder) logEvent(s string, layer int) (n int, err error) {
	var message Raw
	c := d.cursor(s)
	c.object(func(key string) {
		value := c.raw()
		if key == "message" {
			message = value
		}
	})
	if !message.Exists() {
		return c.pos, fault(ErrUnknownShape, "a log event without message")
	}
	_, err = d.value(message.text, layer)
	return c.pos, err
}

// quoted decodes content that stands in a JSON string.
func (d *Decoder) quoted(s string, layer int) (n int, err error) {
	c := d.cursor(s)
	span, verbatim := c.quoted()
	if err := c.err(); err != nil {
		return len(s), err
	}
	if layer, err = d.deeper(layer); err != nil {
		return c.pos, err
	}
	d.sum.Envelopes[EnvelopeString]++
	buffer := d.buffers.take()
	defer d.buffers.give(&buffer)
	if verbatim {
		buffer = append(buffer, span...)
	} else {
		buffer = appendUnescaped(buffer, span)
	}
	if err := d.spend(len(buffer)); err != nil {
		return c.pos, err
	}
	return c.pos, d.content(buffer, layer)
}

package cloudtrail

// value decodes the JSON value that comes next. When its text is broken the cursor
// stands at the end, and the error is the cursor's.
func (d *Decoder) value(c *cursor, layer int) error {
	switch c.peek() {
	case '{':
		return d.object(c, layer)
	case '[':
		if layer < d.limits.MaxLayers {
			return d.list(c, EnvelopeArray, layer)
		}
		return d.passed(c, d.tooDeep())
	case '"':
		return d.quoted(c, layer)
	default:
		return d.passed(c, fault(ErrUnknownShape, "a number or literal"))
	}
}

// passed passes a value and returns err, or what is wrong with the value's text.
func (d *Decoder) passed(c *cursor, err error) error {
	if c.fails() {
		return c.err()
	}
	return err
}

// object decodes an event or an envelope. The list of an envelope is decoded where it
// is met; nothing else of an object is used before all of it has been read.
func (d *Decoder) object(c *cursor, layer int) error {
	if err := d.read(c, layer); err != nil {
		return err
	}
	switch {
	case d.doc.wrapping.digest:
		return d.skip(SkipDigest)
	case d.doc.isEvent():
		return d.event()
	default:
		return d.unwrap(d.doc.wrapping, layer)
	}
}

// read reads the object at the cursor into the document.
func (d *Decoder) read(c *cursor, layer int) error {
	d.doc = document{}
	start := c.pos
	n, i := c.first(inDocument, start)
	for ; n != noName; n, i = c.next(inDocument, n, i) {
		if n == nameRecords || n == nameLogEvents || n == nameEvents {
			c.pos = i
			if done, err := d.listAtOnce(c, n, layer); err != nil {
				return err
			} else if done {
				i = c.pos
				continue
			}
		}
		i = d.doc.member(c, n, i)
	}
	if c.pos = i; c.fault != "" {
		return c.err()
	}
	d.doc.event.Raw = Raw{c.text[start:i], c.isWrapped()}
	return nil
}

// listAtOnce decodes the list of an envelope, the value of n, where it stands, and
// reports whether it did: not when the object may be something else by what was read
// of it. The list is most of what Decode is given; it is not read twice.
func (d *Decoder) listAtOnce(c *cursor, n name, layer int) (done bool, err error) {
	w := &d.doc.wrapping
	if d.doc.eventLike || w.digest || c.peek() != '[' || c.isWrapped() || layer >= d.limits.MaxLayers {
		return false, nil
	}
	if n == nameLogEvents && w.messageType != "DATA_MESSAGE" {
		return false, nil
	}
	outer := document{timestamp: d.doc.timestamp, wrapping: *w}
	outer.wrapping.listed = true
	switch n {
	case nameLogEvents:
		err = d.list(c, EnvelopeLogs, layer)
	case nameRecords:
		err = d.list(c, EnvelopeRecords, layer)
	default:
		err = d.list(c, EnvelopeLookup, layer)
	}
	d.doc = outer
	return true, err
}

// unwrap decodes what an envelope holds.
func (d *Decoder) unwrap(w wrapping, layer int) error {
	switch {
	case w.messageType == "CONTROL_MESSAGE":
		return d.skip(SkipControlMessage)
	case w.logEvents.kind() == '[':
		return d.listIn(w.logEvents, EnvelopeLogs, layer)
	case w.records.kind() == '[':
		return d.listIn(w.records, EnvelopeRecords, layer)
	case w.lookups.kind() == '[':
		return d.listIn(w.lookups, EnvelopeLookup, layer)
	case w.listed:
		return nil
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
	c := d.cursor(value.text)
	return d.value(&c, layer)
}

// listIn decodes the elements of an array that has been passed before.
func (d *Decoder) listIn(list Raw, kind Envelope, layer int) error {
	c := d.cursor(list.text)
	return d.list(&c, kind, layer)
}

// list decodes the elements of the array at the cursor, each on its own: a bad one is
// reported and the others go on.
func (d *Decoder) list(c *cursor, kind Envelope, layer int) error {
	layer, err := d.deeper(layer)
	if err != nil {
		return err
	}
	d.sum.Envelopes[kind]++
	unescaped := len(d.work.unescaped)
	for more := c.enter(']'); more; more = c.another(']') {
		start := c.start()
		var err error
		if kind == EnvelopeLogs {
			err = d.logEvent(c, layer)
		} else {
			err = d.value(c, layer)
		}
		if c.fault != "" {
			break
		}
		if err := d.report(err, c.text[start:c.pos]); err != nil {
			return err
		}
		d.work.unescaped = d.work.unescaped[:unescaped]
	}
	return c.err()
}

// logEvent decodes an element of a CloudWatch Logs subscription.
func (d *Decoder) logEvent(c *cursor, layer int) error {
	if c.peek() != '{' {
		return d.passed(c, fault(ErrUnknownShape, "a log event that is no object"))
	}
	var message Raw
	var read bool
	n, i := c.first(inLogEvent, c.pos)
	for ; n != noName; n, i = c.next(inLogEvent, n, i) {
		if n != nameMessage {
			i = c.skip(i)
			continue
		}
		c.pos = i
		if message, read = d.message(c, layer); read {
			i = c.pos
		} else {
			message, i = c.raw(i)
		}
	}
	c.pos = i
	switch {
	case c.fault != "":
		return c.err()
	case read:
		return d.readMessage(message)
	case message.Exists():
		inner := d.cursor(message.text)
		return d.value(&inner, layer)
	default:
		return fault(ErrUnknownShape, "a log event without message")
	}
}

// message reads a log event's message into the document as it stands, and reports
// whether it is one event and nothing else, in the usual notation. If not, the cursor
// stays where it is.
func (d *Decoder) message(c *cursor, layer int) (message Raw, ok bool) {
	if c.peek() != '"' || layer >= d.limits.MaxLayers {
		return Raw{}, false
	}
	start, depth := c.pos, c.depth
	c.notation, c.pos, c.depth = wrapped, start+1, 0
	ok = c.peek() == '{' && d.read(c, layer) == nil && !d.doc.wrapping.digest && d.doc.isEvent() && c.take('"')
	c.notation, c.depth = plain, depth
	if !ok {
		c.pos, c.fault = start, ""
	}
	return Raw{text: c.text[start:c.pos]}, ok
}

// readMessage yields the event that was read as it stands. What it would unpack to is
// counted as if it had been.
func (d *Decoder) readMessage(message Raw) error {
	d.sum.Envelopes[EnvelopeString]++
	if err := d.spend(len(message.text)); err != nil {
		return err
	}
	return d.event()
}

// quoted decodes content that stands in a JSON string.
func (d *Decoder) quoted(c *cursor, layer int) error {
	span, verbatim := c.quoted()
	if c.fault != "" {
		return c.err()
	}
	layer, err := d.deeper(layer)
	if err != nil {
		return err
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
		return err
	}
	return d.content(buffer, layer)
}

package cloudtrail

import (
	"bytes"
	"strings"
)

const (
	byteOrderMark = "\xef\xbb\xbf"
	gzipMagic     = "\x1f\x8b"
	jsonSpace     = " \t\r\n"
)

// deeper returns the layer inside layer, or fails when that is too deep.
func (d *Decoder) deeper(layer int) (int, error) {
	if layer >= d.limits.MaxLayers {
		return 0, d.tooDeep()
	}
	return layer + 1, nil
}

func (d *Decoder) tooDeep() error {
	return fault(ErrTooDeep, "more than %d envelopes in each other", d.limits.MaxLayers)
}

// content decodes bytes of any kind.
func (d *Decoder) content(b []byte, layer int) error {
	switch {
	case bytes.HasPrefix(b, []byte(gzipMagic)):
		return d.gunzip(b, layer)
	case bytes.HasPrefix(b, []byte(aggregateMagic)):
		return d.aggregate(b, layer)
	default:
		return d.text(strings.TrimPrefix(view(b), byteOrderMark), layer)
	}
}

// text decodes JSON values or base64.
func (d *Decoder) text(s string, layer int) error {
	s = strings.Trim(s, jsonSpace)
	switch {
	case s == "":
		return fault(ErrEmpty, "no content")
	case startsJSON(s):
		if d.byLine(s) {
			return d.lines(s, layer)
		}
		return d.values(s, layer)
	case d.complete(s):
		return fault(ErrUnknownShape, "a number or literal")
	case looksLikeBase64(s):
		return d.base64(s, layer)
	default:
		return fault(ErrNotJSON, "begins with %.8q", s)
	}
}

// startsJSON reports whether s can be an object, an array or a string.
func startsJSON(s string) bool { return strings.IndexByte(`{["`, s[0]) >= 0 }

// lines decodes text with a value a line. A bad line does not touch the next.
func (d *Decoder) lines(s string, layer int) error {
	d.sum.Envelopes[EnvelopeSequence]++
	for line := range strings.Lines(s) {
		if line = strings.Trim(line, jsonSpace); line == "" {
			continue
		}
		if err := d.report(d.text(line, layer), line); err != nil {
			return err
		}
	}
	return nil
}

// values decodes one value, or several back to back. Behind a broken one nothing
// can be told apart, so it takes the rest with it.
func (d *Decoder) values(s string, layer int) error {
	c := d.cursor(s)
	err := d.value(&c, layer)
	if c.start() == len(s) {
		return err
	}
	d.sum.Envelopes[EnvelopeSequence]++
	for start := 0; ; {
		if err := d.report(err, s[start:c.pos]); err != nil {
			return err
		}
		if start = c.start(); start == len(s) {
			return nil
		}
		err = d.value(&c, layer)
	}
}

// byLine reports whether s has a value a line, rather than one value over several.
// A first line that is complete, or broken in itself, says so. One that is unfinished
// begins a longer value, unless that is broken too and the second line is complete.
func (d *Decoder) byLine(s string) bool {
	first, rest, several := strings.Cut(s, "\n")
	if !several {
		return false
	}
	if c := d.cursor(first); c.fails() && c.unfinished() {
		c = d.cursor(s)
		second, _, _ := strings.Cut(strings.TrimLeft(rest, jsonSpace), "\n")
		return c.fails() && strings.HasPrefix(second, "{") && d.complete(second)
	}
	return true
}

// complete reports whether s is one valid value.
func (d *Decoder) complete(s string) bool {
	c := d.cursor(s)
	return !c.fails() && c.start() == len(s)
}

func (d *Decoder) cursor(s string) cursor {
	return cursor{text: s, maxDepth: d.limits.MaxDepth, work: &d.work, guesses: &d.guesses, notation: plain}
}

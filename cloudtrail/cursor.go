package cloudtrail

import "strings"

// cursor reads one JSON text from left to right, once, and checks its grammar as
// it goes. Objects are walked with [cursor.first] and [cursor.next]; what nobody
// reads is passed by [cursor.skip]. A reader that meets another type than it wants
// passes the value and returns the zero value.
//
// The readers of the frequent take the offset of a value and return the one behind it:
// an offset that goes through memory at every step is what such a reader waits for.
// The readers of the rare, which they call, move pos.
//
// The text may stand inside of a JSON string, as a message of CloudWatch Logs does.
// Such a text is read as it stands, wrapped:
//
//	text     {"name":"a \"b\" \n c"}
//	wrapped  {\"name\":\"a \\\"b\\\" \\n c\"}
//
// A quote is \" there, a backslash \\, and everything else, the brackets among it,
// is as ever. Other ways to wrap a character exist (\u0022, \/, \n) and are faults
// here, as is the end of the outer string: whoever reads a wrapped text then unwraps
// it first, and reads it again.
//
// After a fault the cursor stands at the end, as the offsets do that are returned,
// where nothing can be read, so callers look at the fault only when they are done. Nothing read from a faulty
// text may be used.
type cursor struct {
	text     string
	pos      int // for those readers that are given no offset
	depth    int // of objects and arrays that are being walked
	maxDepth int
	work     *workspace
	guesses  *guesses
	notation

	fault   Reason // "" while the text is good
	faultAt int    // offset of the fault; len(text) when the text ends too early
}

// notation is how quotes are written.
type notation struct {
	width    int    // of a quote, bytes
	quote    uint16 // a quote in the low bytes of a little-endian word
	mask     uint16 // the bytes that it takes
	patterns *patterns
}

var (
	plain   = notation{1, '"', 0xff, plainPatterns}
	wrapped = notation{2, '\\' | '"'<<8, 0xffff, wrappedPatterns}
)

// isWrapped reports whether the text stands in a JSON string.
func (n *notation) isWrapped() bool { return n.width == 2 }

// workspace is memory that cursors use again: one cursor at a time.
type workspace struct {
	open      []byte // closing brackets that skip still waits for
	unescaped []byte // text of strings that are no views of the source
}

func (c *cursor) fail(r Reason) {
	if c.fault == "" {
		c.fault, c.faultAt = r, c.pos
	}
	c.pos = len(c.text)
}

// err returns the fault as an error, nil when there is none.
func (c *cursor) err() error {
	if c.fault == "" {
		return nil
	}
	return fault(c.fault, "at byte %d of %d", c.faultAt, len(c.text))
}

// fails passes a value and reports whether it is broken.
func (c *cursor) fails() bool {
	c.pos = c.skip(c.pos)
	return c.fault != ""
}

// unfinished reports whether the fault is that the text ends too early.
func (c *cursor) unfinished() bool { return c.fault == ErrNotJSON && c.faultAt == len(c.text) }

// peek passes white space and returns the next byte, 0 at the end.
func (c *cursor) peek() byte {
	if c.pos < len(c.text) && c.text[c.pos] > ' ' {
		return c.text[c.pos]
	}
	return c.space()
}

// peekAt is peek from i on.
func (c *cursor) peekAt(i int) byte {
	c.pos = i
	return c.peek()
}

// space is peek where white space may come. In a wrapped text that is only blanks: a
// line end would be wrapped itself.
func (c *cursor) space() byte {
	for ; c.pos < len(c.text); c.pos++ {
		b := c.text[c.pos]
		if b != ' ' && (c.isWrapped() || b != '\t' && b != '\n' && b != '\r') {
			return b
		}
	}
	return 0
}

// start passes white space and returns the offset of what comes next.
func (c *cursor) start() int {
	c.peek()
	return c.pos
}

// take passes the byte b if it comes next.
func (c *cursor) take(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.pos++
	return true
}

// object calls member for each member of the object at the cursor. member must pass
// the value. The key is valid until member returns.
func (c *cursor) object(member func(key string)) {
	for more := c.enter('}'); more; more = c.another('}') {
		if key := c.key(); c.fault == "" {
			member(key)
		}
	}
}

// array calls element for each element of the array at the cursor. element must pass
// the value.
func (c *cursor) array(element func()) {
	for more := c.enter(']'); more; more = c.another(']') {
		element()
	}
}

// enter passes an opening bracket and reports whether something comes before
// the closing one.
func (c *cursor) enter(closing byte) bool {
	c.pos++
	if c.take(closing) {
		return false
	}
	c.depth++
	if c.depth > c.maxDepth {
		c.fail(ErrTooDeep)
	}
	return c.fault == ""
}

// another passes a comma and returns true, or passes the closing bracket.
func (c *cursor) another(closing byte) bool {
	switch c.peek() {
	case ',':
		c.pos++
		return true
	case closing:
		c.pos++
	default:
		c.fail(ErrNotJSON)
	}
	c.depth--
	return false
}

// key reads a member's name and the colon.
func (c *cursor) key() string {
	if c.peek(); !c.atQuote() {
		c.fail(ErrNotJSON)
		return ""
	}
	key, next := c.str(c.pos)
	c.pos = next
	if !c.take(':') {
		c.fail(ErrNotJSON)
	}
	return key
}

// str reads the string at i, "" for any other type.
func (c *cursor) str(i int) (s string, next int) {
	if c.quoteAt(i) {
		start := i + c.width
		if end := plainEnd(c.text, start); c.quoteAt(end) {
			return c.text[start:end], end + c.width
		}
	}
	return c.anyStr(i)
}

// anyStr is str for what is not simple.
func (c *cursor) anyStr(i int) (s string, next int) {
	c.pos = i
	if c.peek(); !c.atQuote() {
		return "", c.skip(c.pos)
	}
	span, verbatim := c.quoted()
	if verbatim {
		return span, c.pos
	}
	if c.isWrapped() {
		span = c.unescape(span)
	}
	return c.unescape(span), c.pos
}

// unescape returns the text of a string in the workspace, given what stands between
// its quotes.
func (c *cursor) unescape(span string) string {
	start := len(c.work.unescaped)
	c.work.unescaped = appendUnescaped(c.work.unescaped, span)
	return view(c.work.unescaped[start:])
}

// flag reads true at i, also as a string; anything else is false.
func (c *cursor) flag(i int) (is bool, next int) {
	if end := c.wordEnd("false", i); end != 0 {
		return false, end
	}
	if end := c.wordEnd("true", i); end != 0 {
		return true, end
	}
	if c.peekAt(i); c.atQuote() {
		s, next := c.str(c.pos)
		return s == "true", next
	}
	value, next := c.raw(c.pos)
	return value.text == "true", next
}

// wordEnd returns the offset behind the literal if it is at i, 0 otherwise.
func (c *cursor) wordEnd(literal string, i int) int {
	if !strings.HasPrefix(c.text[i:], literal) {
		return 0
	}
	return i + len(literal)
}

// raw reads any value at i as a span of the text; null reads as absent.
func (c *cursor) raw(i int) (r Raw, next int) {
	if end := c.wordEnd("null", i); end != 0 {
		return Raw{}, end
	}
	c.peekAt(i)
	start := c.pos
	next = c.skip(start)
	if c.fault != "" || c.text[start] == 'n' {
		return Raw{}, next
	}
	return Raw{c.text[start:next], c.isWrapped()}, next
}

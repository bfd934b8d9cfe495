package cloudtrail

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// view returns b as a string without copying. It is the one place where a string
// shares memory that changes: Decoder keeps the bytes until the callback that sees
// the string has returned, which is the lifetime that Event documents.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// quoted passes a string and returns what is between its quotes, and whether
// that is the text itself: without escapes and in valid UTF-8.
func (c *cursor) quoted() (span string, verbatim bool) {
	start := c.pos + c.width
	escaped, ascii := c.quotes()
	if c.fault != "" {
		return "", true
	}
	span = c.text[start : c.pos-c.width]
	return span, !escaped && (ascii || utf8.ValidString(span))
}

// atQuote reports whether a quote comes next, with nothing before it.
func (c *cursor) atQuote() bool {
	if c.isWrapped() {
		return strings.HasPrefix(c.text[c.pos:], `\"`)
	}
	return c.pos < len(c.text) && c.text[c.pos] == '"'
}

// quotes passes a string, from quote to quote.
func (c *cursor) quotes() (escaped, ascii bool) {
	ascii = true
	for c.pos += c.width; ; {
		c.pos = plainEnd(c.text, c.pos)
		if c.pos == len(c.text) {
			c.fail(ErrNotJSON)
			return escaped, ascii
		}
		switch b := c.text[c.pos]; {
		case c.atQuote():
			c.pos += c.width
			return escaped, ascii
		case b == '\\':
			escaped = true
			c.escape()
		case b >= utf8.RuneSelf:
			ascii = false
			c.pos++
		default:
			c.fail(ErrNotJSON)
		}
	}
}

// escape passes a backslash and what belongs to it. In a wrapped text the backslash is
// two, and a quote or backslash behind it is wrapped as well: \\\" and \\\\.
func (c *cursor) escape() {
	c.pos++
	escapes := `"\/bfnrtu`
	if c.isWrapped() {
		if !c.option(`\`) {
			c.fail(ErrNotJSON)
			return
		}
		escapes = `/bfnrtu`
		if c.option(`\`) {
			escapes = `"\`
		}
	}
	if !c.option(escapes) {
		c.fail(ErrNotJSON)
		return
	}
	if c.text[c.pos-1] == 'u' {
		c.hexDigits()
	}
}

// hexDigits passes the four digits of a \u escape.
func (c *cursor) hexDigits() {
	for range 4 {
		if !c.option("0123456789abcdefABCDEF") {
			c.fail(ErrNotJSON)
			return
		}
	}
}

// simple returns the offset behind the string at i, if every byte of it stands for
// itself and is ASCII, as in nearly all strings; 0 otherwise, or when no string is
// there.
func (c *cursor) simple(i int) int {
	if c.quoteAt(i) {
		if end := plainEnd(c.text, i+c.width); c.quoteAt(end) {
			return end + c.width
		}
	}
	return 0
}

// quoteAt reports whether a quote is at i. It does not see one at the end of the text.
func (c *cursor) quoteAt(i int) bool {
	return i+2 < len(c.text) && half(c.text, i)&c.mask == c.quote
}

// word returns the eight bytes of s from i on, which must be there. That is checked
// where words are read, once for all of them; checks in each take 5 % of the time of
// decoding.
func word(s string, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))[:])
}

// half is word for two bytes.
func half(s string, i int) uint16 {
	return binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))[:])
}

// plainEnd returns the offset, from i on, of the first byte that needs a look: a
// quote, a backslash, a control character or one beyond ASCII.
func plainEnd(s string, i int) int {
	for ; i+16 <= len(s); i += 16 {
		low, high := special(word(s, i)), special(word(s, i+8))
		if (low|high)&tops == 0 {
			continue
		}
		if low &= tops; low == 0 {
			low, i = high&tops, i+8
		}
		return i + bits.TrailingZeros64(low)/8
	}
	for i < len(s) && s[i] != '"' && s[i] != '\\' && ' ' <= s[i] && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// special finds the bytes of x, eight of a string, that need a look: quotes,
// backslashes, control characters and bytes beyond ASCII. The top bit of a byte of the
// result is set when it is one of them, and false alarms lie only above a true one, so
// the lowest is right; the other bits mean nothing.
//
// Turning its second bit makes a quote 0x20 and leaves control characters below that,
// so that one subtraction finds both.
func special(x uint64) uint64 {
	const ones = 0x0101010101010101
	quoteOrControl := (x ^ 0x02*ones) - 0x21*ones
	backslash := (x ^ '\\'*ones) - ones
	return quoteOrControl | backslash | x
}

// tops are the bits of special that mean something.
const tops = 0x8080808080808080

// appendUnescaped appends the text of a string, given what stands between its
// quotes. Escapes must have been checked by [cursor.quotes].
func appendUnescaped(dst []byte, span string) []byte {
	for i := 0; i < len(span); {
		end := plainEnd(span, i)
		dst = append(dst, span[i:end]...)
		if i = end; i == len(span) {
			break
		}
		r, size := utf8.DecodeRuneInString(span[i:])
		if r == '\\' {
			r, size = unescape(span[i:])
		}
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst
}

// unescape returns the character of the escape that s begins with, and the
// escape's length. A lone surrogate is U+FFFD.
func unescape(s string) (r rune, size int) {
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unescapeUnicode(s)
	default:
		return rune(s[1]), 2
	}
}

func unescapeUnicode(s string) (r rune, size int) {
	const length = len(`\u0000`)
	r = hex4(s[2:length])
	if !utf16.IsSurrogate(r) {
		return r, length
	}
	if len(s) >= 2*length && s[length] == '\\' && s[length+1] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s[length+2:2*length])); pair != utf8.RuneError {
			return pair, 2 * length
		}
	}
	return utf8.RuneError, length
}

// hex4 returns the value of four hexadecimal digits.
func hex4(digits string) (r rune) {
	for i := range len(digits) {
		b := rune(digits[i])
		switch {
		case b <= '9':
			b -= '0'
		default:
			b = b&^0x20 - 'A' + 10
		}
		r = r<<4 | b
	}
	return r
}

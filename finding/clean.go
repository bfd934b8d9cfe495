package finding

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a string from the log safe and predictable on a terminal: what
// could move the cursor, forge a line, reorder text or hide is written as a
// visible escape (\n, \x1b, \u202e, \xff), and what takes more than limit
// columns ends in an ellipsis. Every rune of the result takes one column, and no
// space stands at either end.
func clean(s string, limit int) string {
	s = strings.Trim(s, " ")
	var b strings.Builder
	for columns := 0; s != ""; {
		r, size := utf8.DecodeRuneInString(s)
		shown := escape(r)
		switch {
		case r == utf8.RuneError && size == 1:
			shown = fmt.Sprintf(`\x%02x`, s[0])
		case showable(r):
			shown = s[:size]
		}
		columns += utf8.RuneCountInString(shown)
		if columns > limit {
			b.WriteRune('…')
			break
		}
		b.WriteString(shown)
		s = s[size:]
	}
	return b.String()
}

// word is clean for what has no spaces in AWS: an id, a name, an address. A
// space is written as an escape too, so that the value cannot look like words
// of the text around it.
func word(s string) string {
	return clean(strings.ReplaceAll(clean(s, nameLimit), " ", `\x20`), nameLimit)
}

// words is a list of the first limit values as words.
func words(values []string, limit int) string {
	shown := make([]string, 0, limit)
	for _, value := range values[:min(len(values), limit)] {
		shown = append(shown, word(value))
	}
	return strings.Join(shown, ", ")
}

// showable tells whether r may stand in a text as it is: printable, written from
// left to right and one column wide. That is Latin, Greek and Cyrillic and the
// signs used with them. Right-to-left scripts are out because they reorder the
// neutral characters around them, combining marks because they pile up.
func showable(r rune) bool {
	switch {
	case r < 0x0530, r >= 0x1e00 && r < 0x2000: // alphabets
	case r > 0x200f && r < 0x2070, r >= 0x20a0 && r < 0x20c0: // punctuation, currency
	case r >= 0x2100 && r < 0x2300: // letter-like signs, arrows, mathematics
	default:
		return false
	}
	return unicode.IsPrint(r) && !unicode.Is(unicode.M, r)
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

package state

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Short clones the beginning of a text, of at most n bytes. No character is cut in two:
// the half would be another character after it was stored, and another fact.
func Short(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.Clone(s)
}

// hashed is what Bounded puts in the place of the rest of a text.
const hashed = 1 + 2*sha256.Size

// Bounded is a text of at most n bytes, which are to be more than 65. Of a longer one it
// keeps the beginning and, behind it, a hash of all: equal texts stay equal, and others
// differ. A text that is short enough is given as it is.
func Bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return Short(s, n-hashed) + "#" + hex.EncodeToString(sum[:])
}

package rules

import (
	"strconv"
	"strings"
)

// packed is texts as one, to be remembered with a fact: cheaper to read than JSON, which
// judgement does all the time. A tab in a text becomes a space.
func packed(texts []*string) string {
	var b strings.Builder
	for i, t := range texts {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(strings.ReplaceAll(*t, "\t", " "))
	}
	return b.String()
}

// unpack reads what packed wrote. What is missing becomes "".
func unpack(text string, into []*string) {
	for _, t := range into {
		*t, text, _ = strings.Cut(text, "\t")
	}
}

// seconds writes a time, in seconds since 1970, or nothing for 0.
func seconds(t int64) string {
	if t == 0 {
		return ""
	}
	return strconv.FormatInt(t, 10)
}

// secondsOf reads what seconds wrote, and 0 from anything else.
func secondsOf(text string) int64 {
	t, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return t
}

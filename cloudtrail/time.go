package cloudtrail

import "time"

// timeLayouts are the forms of time in CloudTrail and in what re-exports it.
// RFC 3339 takes a fraction of any length.
var timeLayouts = [...]string{
	time.RFC3339,
	"2006-01-02 15:04:05", // SIEM exports; a fraction may follow
	"20060102T150405Z",    // creationDate in older records
}

// parseTime returns the instant in UTC and whole seconds: CloudTrail has no finer
// ones, and a fraction that a re-export adds must not decide an order. The zero
// time is no time: it is what an event without one has.
func parseTime(s string) (t time.Time, ok bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC().Truncate(time.Second)
			return t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

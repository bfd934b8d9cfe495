package cloudtrail

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// What is read as it stands, and what must be unescaped first: both give the same
// events, so only this test tells which way was taken.
func TestWhichMessagesAreReadInPlace(t *testing.T) {
	const event = `{\"eventTime\":\"2026-03-01T12:00:00Z\",\"eventSource\":\"a.b\",\"eventName\":\"X\"`
	tests := []struct {
		name    string
		message string // with its quotes
		want    bool
	}{
		{"event", `"` + event + `}"`, true},
		{"blanks", `"` + strings.ReplaceAll(event, ",", " , ") + ` } "`, true},
		{"escapes in its strings", `"` + event + `,\"userAgent\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}"`, true},
		{"escaped name", `"` + event + `,\"\\u0061wsRegion\":\"r\"}"`, true},
		{"not ASCII", `"` + event + `,\"userAgent\":\"é` + "\xff" + `\"}"`, true},
		{"Insight", `"{\"eventCategory\":\"Insight\"}"`, true},

		{"quote as a code point", `"` + event + `,\u0022a\u0022:1}"`, false},
		{"slash that need not be escaped", `"` + event + `,\"a\":\"\/\"}"`, false},
		{"letter as a code point", `"` + event + `,\"a\":\"\u0061\"}"`, false},
		{"line end", `"` + event + `}\n"`, false},
		{"line end that is not escaped", `"` + event + "\n}\"", false},
		{"tab in a string", `"` + event + ",\\\"a\\\":\\\"\t\\\"}\"", false},
		{"quote that is not escaped", `"` + event + `,\"a\":"\"}"`, false},
		{"backslash before the end", `"` + event + `,\"a\":\"\\"}"`, false},
		{"three backslashes", `"` + event + `,\"a\":\"\\\"}"`, false},
		{"unfinished", `"` + event + `"`, false},
		{"cut", `"` + event, false},
		{"two values", `"` + event + `}{}"`, false},
		{"text behind", `"` + event + `}x"`, false},
		{"envelope", `"{\"Records\":[` + event + `}]}"`, false},
		{"digest", `"` + event + `,\"digestEndTime\":1}"`, false},
		{"array", `"[` + event + `}]"`, false},
		{"object that is no string", `{}`, false},
		{"null", `null`, false},
		{"empty", `""`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := NewDecoder(Limits{})
			d.budget()
			for range 2 { // the second time names are guessed right
				c := d.cursor(tt.message + "," + strings.Repeat(" ", 50))
				_, got := d.message(&c, 0)
				if got != tt.want {
					t.Fatalf("read in place: %v", got)
				}
				if want := map[bool]int{true: len(tt.message)}[got]; c.pos != want || c.fault != "" || c.isWrapped() || c.depth != 0 {
					t.Errorf("the cursor is at %d, want %d: %+v", c.pos, want, c)
				}
			}
		})
	}
}

// Every day that parseUsual knows, and all that it must leave to time.Parse.
func TestUsualTimesAgreeWithTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	first := time.Date(1899, 12, 1, 0, 0, 0, 0, time.UTC)
	for day := range 201 * 366 {
		at := first.AddDate(0, 0, day).Add(time.Duration(r.IntN(86400)) * time.Second)
		checkUsual(t, at.Format(time.RFC3339))
	}
	for range 200_000 {
		s := []byte("2024-02-29T23:59:59Z")
		for range 1 + r.IntN(2) {
			s[r.IntN(len(s))] = "0123456789-:TZ \x00\xff/"[r.IntN(18)]
		}
		checkUsual(t, string(s))
	}
	checkUsual(t, "")
	checkUsual(t, "2024-02-28T23:59:59")
	checkUsual(t, "2024-02-28T23:59:59.5Z")
}

// checkUsual checks that what parseUsual takes is what time.Parse takes it for, and
// that it takes the ordinary.
func checkUsual(t *testing.T, s string) {
	t.Helper()
	want, err := time.Parse(time.RFC3339, s)
	seconds, ok := parseUsual(s)
	if ok && (err != nil || seconds != want.Unix()) {
		t.Fatalf("%q: got %d, want %d, %v", s, seconds, want.Unix(), err)
	}
	leapDay := err == nil && want.Month() == time.February && want.Day() == 29
	if err == nil && !ok && len(s) == 20 && want.Year() >= 1900 && want.Year() < 2100 && !leapDay {
		t.Fatalf("%q is not taken", s)
	}
}

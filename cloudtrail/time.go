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
	if s == "" {
		return t, false
	}
	if seconds, ok := parseUsual(s); ok {
		return time.Unix(seconds, 0).UTC(), true
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC().Truncate(time.Second)
			return t, !t.IsZero()
		}
	}
	return time.Time{}, false
}

// parseUsual reads the form that CloudTrail writes, 2006-01-02T15:04:05Z, of the years
// 1900 to 2099, as Unix time. What it does not take, a 29th of February say, is for
// [time.Parse] to judge.
func parseUsual(s string) (seconds int64, ok bool) {
	if len(s) != len("2006-01-02T15:04:05Z") {
		return 0, false
	}
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	century, year, month, day := twoDigits(s, 0), twoDigits(s, 2), twoDigits(s, 5), twoDigits(s, 8)
	hour, minute, second := twoDigits(s, 11), twoDigits(s, 14), twoDigits(s, 17)
	if century-19 > 1 || year > 99 || month-1 > 11 || day-1 >= daysOf[month-1] || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return days(100*century+year, month, day)*86400 + int64(hour*3600+minute*60+second), true
}

// twoDigits returns the number that stands at i, 100 or more when none does.
func twoDigits(s string, i int) uint {
	tens, ones := uint(s[i]-'0'), uint(s[i+1]-'0')
	if tens > 9 || ones > 9 {
		return 100
	}
	return 10*tens + ones
}

// daysOf is the number of days of each month of any year.
var daysOf = [12]uint{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// daysBefore is the number of days before each month, from March on: the leap day is
// the last of its year then.
var daysBefore = [12]uint{306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275}

// days returns the days from 1970-01-01 to a date of the years 1900 to 2099.
func days(year, month, day uint) int64 {
	if month <= 2 {
		year--
	}
	const before1970 = 719468 // days from 0000-03-01 on
	return int64(year*365+year/4-year/100+year/400+daysBefore[month-1]+day-1) - before1970
}

package cloudtrail_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// Lists are decoded where they are met. What stands around them, in any order, still
// says what the object is.
func TestListsAmongOtherMembers(t *testing.T) {
	a, b := small("A"), small("B")
	messages := func(events ...string) string {
		return strings.TrimSuffix(subscription(events...)[strings.Index(subscription(events...), `"logEvents"`):], "}")
	}
	list := func(events ...string) string { return `"Records":[` + strings.Join(events, ",") + `]` }
	tests := []struct {
		name    string
		record  string
		want    []string
		skipped map[cloudtrail.SkipReason]int
	}{
		{"type before the log events", `{"messageType":"DATA_MESSAGE",` + messages(a, b) + `}`, []string{"A", "B"}, nil},
		{"type behind the log events", `{` + messages(a, b) + `,"messageType":"DATA_MESSAGE"}`, []string{"A", "B"}, nil},
		{"no type", `{` + messages(a, b) + `}`, []string{"A", "B"}, nil},
		{"control message", `{"messageType":"CONTROL_MESSAGE",` + messages("CWL CONTROL MESSAGE") + `}`, nil, map[cloudtrail.SkipReason]int{cloudtrail.SkipControlMessage: 1}},
		{"control message, type last", `{` + messages("CWL CONTROL MESSAGE") + `,"messageType":"CONTROL_MESSAGE"}`, nil, map[cloudtrail.SkipReason]int{cloudtrail.SkipControlMessage: 1}},
		{"escaped type", `{"messageType":"DATA\u005fMESSAGE",` + messages(a, b) + `}`, []string{"A", "B"}, nil},
		{"two lists", `{` + list(a) + `,` + list(b) + `}`, []string{"A", "B"}, nil},
		{"trail file with other members", `{"x":{"Records":1},` + list(a) + `,"detail":{},"Message":"x","y":[]}`, []string{"A"}, nil},
		{"list that is none, then one", `{"Records":null,` + list(a) + `}`, []string{"A"}, nil},
		{"digest before the list", `{"digestEndTime":"x",` + list(a) + `}`, nil, map[cloudtrail.SkipReason]int{cloudtrail.SkipDigest: 1}},
		{"digest behind the list", `{` + list(a) + `,"digestEndTime":"x"}`, []string{"A"}, map[cloudtrail.SkipReason]int{cloudtrail.SkipDigest: 1}},
		{"event with a list in it", strings.TrimSuffix(a, "}") + `,` + list(b) + `}`, []string{"A"}, nil},
		{"event with a list before it", `{` + list(b) + `,` + a[1:], []string{"B", "A"}, nil},
		{"log events in an event in a list", records(strings.TrimSuffix(a, "}")+`,`+messages(b)+`}`, b), []string{"A", "B"}, nil},
		{"lists in lists", records(records(a), subscription(b), records()), []string{"A", "B"}, nil},
		{"empty log events", `{"messageType":"DATA_MESSAGE","logEvents":[]}`, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, cloudtrail.Limits{}, tt.record)
			if got.err != nil && len(tt.want) > 0 || got.sum.BadTotal != 0 {
				t.Fatalf("bad %v, error %v", got.sum.Bad, got.err)
			}
			if !slices.Equal(got.names, tt.want) {
				t.Errorf("got %v, want %v", got.names, tt.want)
			}
			for reason, n := range got.sum.Skipped {
				if n != tt.skipped[cloudtrail.SkipReason(reason)] {
					t.Errorf("skipped %v", got.sum.Skipped)
				}
			}
		})
	}
}

// Of a log event's messages the last one counts, whichever way it is read.
func TestLastMessageCounts(t *testing.T) {
	a, b := quoteBarely(small("A")), quoteBarely(small("B"))
	for message, want := range map[string][]string{
		a + `,"message":` + b:                           {"B"},
		a + `,"message":` + quoteOddly(small("B")):      {"B"},
		quoteOddly(small("A")) + `,"message":` + b:      {"B"},
		a + `,"message":null`:                           nil,
		`null,"message":` + a:                           {"A"},
		a + `,"timestamp":1,"message":` + b + `,"x":[]`: {"B"},
	} {
		got := decode(t, cloudtrail.Limits{}, logsOf(message))
		if !slices.Equal(got.names, want) || (got.err == nil) != (want != nil) {
			t.Errorf("%s: got %v, error %v", message, got.names, got.err)
		}
	}
}

// Events before a fault in the text of a list are good; the fault is told.
func TestEventsBeforeAFault(t *testing.T) {
	a, b := small("A"), small("B")
	for name, whole := range map[string]string{
		"trail file": records(a, b), "CloudWatch Logs": subscription(a, b), "LookupEvents": lookup(a, b), "array": "[" + a + "," + b + "]",
	} {
		t.Run(name, func(t *testing.T) {
			for _, record := range []string{whole[:len(whole)-1], whole[:len(whole)-len(b)/2], strings.Replace(whole, "B", "\x01", 1)} {
				got := decode(t, cloudtrail.Limits{}, record)
				if cloudtrail.ReasonOf(got.err) != cloudtrail.ErrNotJSON || len(got.names) == 0 || got.names[0] != "A" || got.sum.Events != len(got.names) {
					t.Errorf("got %v, %+v, error %v from %s", got.names, got.sum, got.err, record)
				}
			}
		})
	}
}

// A Decoder that has seen a kind of record allocates nothing for the next.
func TestEventsAreDecodedWithoutAllocations(t *testing.T) {
	var events []string
	for range 300 {
		events = append(events, encode(fullEvent()))
	}
	for name, record := range map[string]string{
		"trail file": zip(records(events...)), "CloudWatch Logs": zip(subscription(events...)),
		"CloudWatch Logs unescaped first": zip(oddSubscription(events...)), "LookupEvents": zip(lookup(events...)),
	} {
		d := cloudtrail.NewDecoder(cloudtrail.Limits{})
		input := []byte(record)
		allocs := testing.AllocsPerRun(10, func() {
			if sum, err := d.Decode(input, func(*cloudtrail.Event) error { return nil }); err != nil || sum.Events != len(events) {
				t.Fatalf("got %+v, %v", sum, err)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// The length that a gzip stream states of itself is checked at its end, and memory is
// not taken on its word.
func TestStatedLengthIsNotBelieved(t *testing.T) {
	for _, stated := range []uint32{0, 1, 1 << 30, 1<<32 - 1} {
		record := []byte(zip(records(small("A"))))
		binary.LittleEndian.PutUint32(record[len(record)-4:], stated)
		var got decoded
		bytes := allocated(func() { got = decode(t, cloudtrail.Limits{}, string(record)) })
		if cloudtrail.ReasonOf(got.err) != cloudtrail.ErrBadGzip || len(got.names) != 0 {
			t.Errorf("%d: got %v, error %v", stated, got.names, got.err)
		}
		if bytes > 1<<20 {
			t.Errorf("%d: %d bytes were allocated", stated, bytes)
		}
	}
}

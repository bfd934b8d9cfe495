package cloudtrail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

func TestUndecodableRecords(t *testing.T) {
	event := small("A")
	nested := func(n int) string {
		return strings.TrimSuffix(event, "}") + `,"requestParameters":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"
	}
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	layered := func(wrap func(string) string) string {
		s := event
		for range 11 {
			s = wrap(s)
		}
		return s
	}
	zipped := zip(records(event, event))
	damaged := []byte(zipped)
	damaged[len(damaged)-6] ^= 1

	tests := []struct {
		name   string
		record string
		want   cloudtrail.Reason
	}{
		{"empty", "", cloudtrail.ErrEmpty},
		{"white space", " \n\t ", cloudtrail.ErrEmpty},
		{"gzip of nothing", zip(""), cloudtrail.ErrEmpty},
		{"text", "hello, world", cloudtrail.ErrNotJSON},
		{"binary", "\x00\x01\x02\xff", cloudtrail.ErrNotJSON},
		{"trailing garbage", event + "garbage", cloudtrail.ErrNotJSON},
		{"trailing brace", event + "}", cloudtrail.ErrNotJSON},
		{"trailing comma", strings.TrimSuffix(event, "}") + ",}", cloudtrail.ErrNotJSON},
		{"missing comma", `{"a":1 "b":2}`, cloudtrail.ErrNotJSON},
		{"missing colon", `{"a" 1}`, cloudtrail.ErrNotJSON},
		{"unquoted key", `{a:1}`, cloudtrail.ErrNotJSON},
		{"bracket closed by brace", `{"a":[1}}`, cloudtrail.ErrNotJSON},
		{"bad literal in a skipped value", `{"a":[nul]}`, cloudtrail.ErrNotJSON},
		{"bad number in a skipped value", `{"a":01}`, cloudtrail.ErrNotJSON},
		{"bad escape in a skipped value", `{"a":"\x"}`, cloudtrail.ErrNotJSON},
		{"bad Unicode escape", `{"a":"\u00g0"}`, cloudtrail.ErrNotJSON},
		{"bad fraction", `{"a":1.}`, cloudtrail.ErrNotJSON},
		{"bad exponent", `{"a":1e}`, cloudtrail.ErrNotJSON},
		{"broken string", `"abc`, cloudtrail.ErrNotJSON},
		{"broken array", `[{"a":1},`, cloudtrail.ErrNotJSON},
		{"broken value in a sequence", `{"a":1}tru`, cloudtrail.ErrUnknownShape},
		{"control character in a string", "{\"a\":\"\x01\"}", cloudtrail.ErrNotJSON},
		{"truncated object", event[:len(event)-1], cloudtrail.ErrNotJSON},
		{"truncated gzip", zipped[:len(zipped)-20], cloudtrail.ErrTruncatedGzip},
		{"truncated gzip trailer", zipped[:len(zipped)-1], cloudtrail.ErrTruncatedGzip},
		{"truncated gzip header", zipped[:5], cloudtrail.ErrTruncatedGzip},
		{"gzip with a wrong checksum", string(damaged), cloudtrail.ErrBadGzip},
		{"gzip with trailing garbage", zipped + "garbage that is no gzip member", cloudtrail.ErrBadGzip},
		{"gzip bomb", zip(strings.Repeat(" ", 65<<20) + event), cloudtrail.ErrTooLarge},
		{"gzip bomb in gzip", zip(zip(strings.Repeat(" ", 65<<20) + event)), cloudtrail.ErrTooLarge},
		{"gzip bomb among events", aggregate(event, zip(strings.Repeat(" ", 65<<20)), event), cloudtrail.ErrTooLarge},
		{"10,000 deep", nested(10_000), cloudtrail.ErrTooDeep},
		{"5 million deep", nested(5_000_000), cloudtrail.ErrTooDeep},
		{"5 million deep gzip", zip(nested(5_000_000)), cloudtrail.ErrTooDeep},
		{"10 million open brackets", strings.Repeat("[", 10_000_000), cloudtrail.ErrTooDeep},
		{"5 million deep objects", objects(5_000_000), cloudtrail.ErrTooDeep},
		{"5 million deep in a message", logs(objects(5_000_000)), cloudtrail.ErrTooDeep},
		{"11 layers of gzip", layered(zip), cloudtrail.ErrTooDeep},
		{"11 layers of base64", layered(encode64), cloudtrail.ErrTooDeep},
		{"11 layers of strings", layered(quote), cloudtrail.ErrTooDeep},
		{"11 layers of aggregates", layered(func(s string) string { return aggregate(s) }), cloudtrail.ErrTooDeep},
		{"11 layers of EventBridge", layered(eventBridge), cloudtrail.ErrTooDeep},
		{"11 layers of trail files", layered(func(s string) string { return records(s) }), cloudtrail.ErrTooDeep},
		{"nested arrays", strings.Repeat("[", 500) + event + strings.Repeat("]", 500), cloudtrail.ErrTooDeep},
		{"base64 of impossible length", "eyJhI", cloudtrail.ErrBadBase64},
		{"base64 padded inside", "eyJh=Ijox", cloudtrail.ErrBadBase64},
		{"base64 of both alphabets", "eyJh+_ox", cloudtrail.ErrBadBase64},
		{"base64 of garbage", encode64("garbage"), cloudtrail.ErrNotJSON},
		{"aggregate of magic only", "\xf3\x89\x9a\xc2", cloudtrail.ErrBadAggregate},
		{"aggregate with a wrong checksum", aggregate(event)[:60] + "x" + aggregate(event)[61:], cloudtrail.ErrBadAggregate},
		{"aggregate of broken protobuf", sealed("\x1a\xff\xff\xff"), cloudtrail.ErrBadAggregate},
		{"aggregate of a broken tag", sealed("\xff"), cloudtrail.ErrBadAggregate},
		{"aggregate of a broken record", sealed("\x1a\x02\x1a\x7f"), cloudtrail.ErrBadAggregate},
		{"aggregate of an empty record", sealed("\x1a\x00"), cloudtrail.ErrEmpty},
		{"JSON number", "17", cloudtrail.ErrUnknownShape},
		{"JSON literal", "null", cloudtrail.ErrUnknownShape},
		{"other JSON", `{"hello":"world"}`, cloudtrail.ErrUnknownShape},
		{"other EventBridge event", eventBridge(`{"instance-id":"i-1","state":"running"}`), cloudtrail.ErrUnknownShape},
		{"S3 notification", records(`{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-03-01T12:00:00.000Z","eventName":"ObjectCreated:Put","s3":{}}`), cloudtrail.ErrUnknownShape},
		{"records of another type", `{"Records":{"a":1}}`, cloudtrail.ErrUnknownShape},
		{"array of numbers", "[1,2,3]", cloudtrail.ErrUnknownShape},
		{"log event without message", `{"logEvents":[{"id":"1"}]}`, cloudtrail.ErrUnknownShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, cloudtrail.Limits{}, tt.record)
			if tt.name == "trailing garbage" || tt.name == "trailing brace" {
				checkOneBad(t, got, tt.want)
				return
			}
			if !errors.Is(got.err, tt.want) {
				t.Errorf("got error %v, want %v", got.err, tt.want)
			}
			if !slices.Contains(cloudtrail.Reasons(), cloudtrail.ReasonOf(got.err)) {
				t.Errorf("%v is not among Reasons", got.err)
			}
		})
	}
}

// checkOneBad checks that one part was reported.
func checkOneBad(t *testing.T, got decoded, want cloudtrail.Reason) {
	t.Helper()
	if got.err != nil || got.sum.BadTotal != 1 || !errors.Is(got.sum.Bad[0].Err, want) {
		t.Errorf("got bad %v and error %v, want one bad: %v", got.sum.Bad, got.err, want)
	}
}

// Control characters must be escaped, wherever in a string they are.
func TestControlCharacters(t *testing.T) {
	for b := range byte(' ') {
		for offset := range 9 {
			record := `{"a":"` + strings.Repeat("x", offset) + string(rune(b)) + `yyyyyyyyy"}`
			if got := decode(t, cloudtrail.Limits{}, record); !errors.Is(got.err, cloudtrail.ErrNotJSON) {
				t.Errorf("%q: %v", record, got.err)
			}
		}
	}
}

// What is bad is reported, with its bytes; the events around it are not lost.
func TestBadAmongGood(t *testing.T) {
	a, b := small("A"), small("B")
	bad := `{"eventName":"X","eventSource":"a.b"}`
	tests := []struct {
		name   string
		record string
		want   cloudtrail.Reason
		raw    string
	}{
		{"trail file", records(a, bad, b), cloudtrail.ErrIncomplete, bad},
		{"trail file with a number", records(a, "17", b), cloudtrail.ErrUnknownShape, "17"},
		{"CloudWatch Logs message", logs(a, `{"eventName":`, b), cloudtrail.ErrNotJSON, `{"id":"1","timestamp":1772366400000,"message":"{\"eventName\":"}`},
		{"CloudWatch Logs empty message", logs(a, "", b), cloudtrail.ErrEmpty, `{"id":"1","timestamp":1772366400000,"message":""}`},
		{"LookupEvents", lookup(a, bad, b), cloudtrail.ErrIncomplete, lookupElement(bad)},
		{"KPL aggregate", aggregate(a, "\x00bad", b), cloudtrail.ErrNotJSON, "\x00bad"},
		{"KPL aggregate with a bad aggregate", aggregate(a, "\xf3\x89\x9a\xc2bad", b), cloudtrail.ErrBadAggregate, "\xf3\x89\x9a\xc2bad"},
		{"KPL aggregate with truncated gzip", aggregate(a, zip(b)[:20], b), cloudtrail.ErrTruncatedGzip, zip(b)[:20]},
		{"NDJSON with a cut line", a + "\n" + `{"eventName":"X","eve` + "\n" + b, cloudtrail.ErrNotJSON, `{"eventName":"X","eve`},
		{"NDJSON with an unfinished line", a + "\n" + `{"eventName":` + "\n" + b, cloudtrail.ErrNotJSON, `{"eventName":`},
		{"NDJSON with a bad first line", `{"eventName":"X","eve` + "\n" + a + "\n" + b, cloudtrail.ErrNotJSON, `{"eventName":"X","eve`},
		{"NDJSON with an unfinished first line", `{"eventName":` + "\n" + a + "\n" + b, cloudtrail.ErrNotJSON, `{"eventName":`},
		{"NDJSON with text", a + "\nhello, world\n" + b, cloudtrail.ErrNotJSON, "hello, world"},
		{"concatenated objects", a + bad + b, cloudtrail.ErrIncomplete, bad},
		{"concatenated objects, the last cut", a + b + `{"eventName":`, cloudtrail.ErrNotJSON, `{"eventName":`},
		{"array", "[" + a + ",[],{}," + b + "]", cloudtrail.ErrUnknownShape, "{}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, cloudtrail.Limits{}, tt.record)
			checkOneBad(t, got, tt.want)
			if !slices.Equal(got.names, []string{"A", "B"}) {
				t.Errorf("got events %v", got.names)
			}
			if len(got.sum.Bad) > 0 && string(got.sum.Bad[0].Raw) != tt.raw {
				t.Errorf("got %q, want %q", got.sum.Bad[0].Raw, tt.raw)
			}
		})
	}
}

func TestBadEventsAreBounded(t *testing.T) {
	long := `{"eventName":"` + strings.Repeat("x", 2*cloudtrail.MaxBadBytes) + `"}`
	got := decode(t, cloudtrail.Limits{}, records(small("A"), long+strings.Repeat(",1", 2*cloudtrail.MaxBad)))
	if got.err != nil || len(got.sum.Bad) != cloudtrail.MaxBad || got.sum.BadTotal != 2*cloudtrail.MaxBad+1 {
		t.Fatalf("got %d of %d bad, error %v", len(got.sum.Bad), got.sum.BadTotal, got.err)
	}
	if n := len(got.sum.Bad[0].Raw); n != cloudtrail.MaxBadBytes {
		t.Errorf("%d bytes kept", n)
	}
}

func TestLimits(t *testing.T) {
	event := small("A")
	tests := []struct {
		name   string
		limits cloudtrail.Limits
		fits   string
		over   string
		want   cloudtrail.Reason
	}{
		{"MaxDecompressed", cloudtrail.Limits{MaxDecompressed: 1000}, zip(event), zip(event + strings.Repeat(" ", 1000)), cloudtrail.ErrTooLarge},
		{"MaxDecompressed over all layers", cloudtrail.Limits{MaxDecompressed: 600}, zip(event + strings.Repeat(" ", 400)), zip(quote(event + strings.Repeat(" ", 400))), cloudtrail.ErrTooLarge},
		{"MaxDecompressed over all parts", cloudtrail.Limits{MaxDecompressed: 150}, logs(event), logs(event, event), cloudtrail.ErrTooLarge},
		{"MaxDecompressed of base64", cloudtrail.Limits{MaxDecompressed: 100}, encode64(event), encode64(event + strings.Repeat(" ", 100)), cloudtrail.ErrTooLarge},
		{"MaxDepth", cloudtrail.Limits{MaxDepth: 3}, with3(event, "[[0]]"), with3(event, "[[[0]]]"), cloudtrail.ErrTooDeep},
		{"MaxDepth in a member that is read", cloudtrail.Limits{MaxDepth: 1}, event, strings.TrimSuffix(event, "}") + `,"userIdentity":{"type":""}}`, cloudtrail.ErrTooDeep},
		{"MaxLayers", cloudtrail.Limits{MaxLayers: 2}, zip(records(event)), zip(records(quote(event))), cloudtrail.ErrTooDeep},
		{"MaxEvents", cloudtrail.Limits{MaxEvents: 2}, records(event, event), records(event, event, event), cloudtrail.ErrTooLarge},
		{"MaxEvents with bad ones", cloudtrail.Limits{MaxEvents: 2}, records(event, "1"), records(event, "1", "1"), cloudtrail.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := decode(t, tt.limits, tt.fits); got.err != nil {
				t.Errorf("within the limit: %v", got.err)
			}
			if got := decode(t, tt.limits, tt.over); !errors.Is(got.err, tt.want) {
				t.Errorf("over the limit: got %v, want %v", got.err, tt.want)
			}
		})
	}
}

// Limits are granted to each record anew: neither saved up nor used up.
func TestLimitsAreForOneRecord(t *testing.T) {
	d := cloudtrail.NewDecoder(cloudtrail.Limits{MaxDecompressed: 1000, MaxEvents: 2})
	fits := zip(records(small("A"), small("B")))
	for range 20 {
		if got := decodeWith(t, d, fits); got.err != nil {
			t.Fatal(got.err)
		}
	}
	for _, over := range []string{zip(strings.Repeat(" ", 1000) + small("A")), records(small("A"), small("B"), small("C"))} {
		if got := decodeWith(t, d, over); !errors.Is(got.err, cloudtrail.ErrTooLarge) {
			t.Errorf("got %v", got.err)
		}
	}
}

func with3(event, parameters string) string {
	return strings.TrimSuffix(event, "}") + `,"requestParameters":` + parameters + "}"
}

// Cut off at any byte, a record gives an error, or reports what is bad, or is whole
// as far as anybody can tell (cut between two values, or before white space or
// padding). It never gives an event that the whole record does not have.
func TestTruncatedAtEveryByte(t *testing.T) {
	for _, tt := range envelopes() {
		t.Run(tt.name, func(t *testing.T) {
			whole := decode(t, cloudtrail.Limits{}, tt.record)
			d := cloudtrail.NewDecoder(cloudtrail.Limits{})
			for n := range len(tt.record) {
				got := decodeWith(t, d, tt.record[:n])
				if len(got.raws) > len(whole.raws) || !slices.Equal(got.raws, whole.raws[:len(got.raws)]) {
					t.Fatalf("cut at %d: events %v", n, got.raws)
				}
				complained := got.err != nil || got.sum.BadTotal > 0
				if !complained && len(got.raws) < len(whole.raws) && !cutBetweenValues(tt.record, n) {
					t.Fatalf("cut at %d: %d events and no complaint", n, len(got.raws))
				}
			}
		})
	}
}

// cutBetweenValues tells whether the record's n first bytes are some of its values,
// or some of its gzip members.
func cutBetweenValues(record string, n int) bool {
	rest := strings.TrimLeft(record[n:], " \r\n")
	return strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "\x1f\x8b") || strings.HasPrefix(rest, "H4sI")
}

func TestCallersErrorIsReturnedAsItIs(t *testing.T) {
	for _, tt := range envelopes() {
		if len(tt.want) == 0 {
			continue
		}
		own := errors.New("the caller's")
		calls := 0
		d := cloudtrail.NewDecoder(cloudtrail.Limits{})
		_, err := d.Decode([]byte(tt.record), func(*cloudtrail.Event) error { calls++; return own })
		if err != own || calls != 1 {
			t.Errorf("%s: got %v after %d calls", tt.name, err, calls)
		}
	}
}

// Even a Reason of the caller's stops the record, and is not taken for a bad event.
func TestCallersReasonIsNoBadEvent(t *testing.T) {
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	sum, err := d.Decode([]byte(records(small("A"), small("B"))), func(*cloudtrail.Event) error { return cloudtrail.ErrNotJSON })
	if err != cloudtrail.ErrNotJSON || sum.Events != 1 || sum.BadTotal != 0 {
		t.Errorf("got %+v, %v", sum, err)
	}
}

func TestLabelsAreAClosedSet(t *testing.T) {
	seen := map[string]bool{}
	note := func(label string) {
		if label == "" || seen[label] {
			t.Errorf("label %q is empty or not unique", label)
		}
		seen[label] = true
	}
	for r := range cloudtrail.SkipReason(cloudtrail.SkipReasons) {
		note("skip " + r.String())
	}
	for e := range cloudtrail.Envelope(cloudtrail.EnvelopeKinds) {
		note("envelope " + e.String())
	}
	for _, r := range cloudtrail.Reasons() {
		note(r.Error())
	}
}

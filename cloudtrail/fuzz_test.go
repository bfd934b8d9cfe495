package cloudtrail_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/simulate"
)

// FuzzEvent compares the cursor with encoding/json: what that accepts as an event,
// we read the same, field by field; what is no JSON, we do not take.
func FuzzEvent(f *testing.F) {
	f.Add(encode(fullEvent()))
	f.Add(small("X"))
	for _, event := range simulated(f) {
		f.Add(event)
	}
	f.Add(`{"\u0065ventTime":"2026-03-01 12:00:00.5","eventSource":"a","eventName":"\ud83d\ud83d\ude00","eventName":"b"}`)
	f.Add("{\"@timestamp\":\"20260301T120000Z\",\"eventSource\":\"\xff\",\"eventName\":\"\\n\",\"x\":[-0.1e+5,null,{\"\":[]}],\"readOnly\":\"true\"}")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
			return
		}
		got := decode(t, cloudtrail.Limits{}, text)
		if cloudtrail.ReasonOf(got.err) == cloudtrail.ErrTooDeep {
			return
		}
		if !json.Valid([]byte(text)) {
			if !isSequence(text) && got.err == nil && got.sum.BadTotal == 0 {
				t.Errorf("no complaint about invalid JSON")
			}
			return
		}
		o, ok := oracle(text)
		if ok && isEvent(o) && !hasList(o) {
			checkAgainstOracle(t, text)
		}
	})
}

// hasList tells whether the object has the list of an envelope, which is decoded where
// it is met even if the object turns out to be an event.
func hasList(o object) bool {
	for _, name := range []string{"Records", "logEvents", "Events"} {
		if _, is := o[name].([]any); is {
			return true
		}
	}
	return false
}

// simulated is one event of each call in simulated traffic.
func simulated(tb testing.TB) map[string]string {
	tb.Helper()
	events := map[string]string{}
	decoder := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Seed: 5, Duration: 2 * time.Hour, Accounts: 2}, func(_ string, content []byte) error {
		_, err := decoder.Decode(content, func(e *cloudtrail.Event) error {
			events[strings.Clone(e.Source+" "+e.Name)] = strings.Clone(e.Raw.JSON())
			return nil
		})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

// isSequence tells whether text is valid values one after the other.
func isSequence(text string) bool {
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return err == io.EOF
		}
	}
}

// FuzzDecode checks what holds for any bytes: no panic, limits kept, errors of the
// closed set, and the same events inside every envelope and in a stream.
func FuzzDecode(f *testing.F) {
	for _, tt := range envelopes() {
		f.Add([]byte(tt.record))
		f.Add([]byte(tt.record[:len(tt.record)/2]))
	}
	for _, event := range simulated(f) {
		f.Add([]byte(zip(event)))
	}
	limits := cloudtrail.Limits{MaxDecompressed: 1 << 20, MaxDepth: 50, MaxLayers: 5, MaxEvents: 50}
	f.Fuzz(func(t *testing.T, record []byte) {
		got := decode(t, limits, string(record))
		if got.err != nil && !slices.Contains(cloudtrail.Reasons(), cloudtrail.ReasonOf(got.err)) {
			t.Errorf("error without a Reason: %v", got.err)
		}
		if n := got.sum.Events + got.sum.BadTotal; n > limits.MaxEvents+1 {
			t.Errorf("%d events and bad ones", n)
		}
		for _, e := range got.events {
			checkYielded(t, e)
		}
		if !overLimits(got) {
			checkWrapped(t, limits, string(record), got)
			checkStreamed(t, limits, string(record), got)
		}
	})
}

// overLimits tells whether a limit was met, which an envelope would move.
func overLimits(got decoded) bool {
	errs := []error{got.err}
	for _, bad := range got.sum.Bad {
		errs = append(errs, bad.Err)
	}
	return slices.ContainsFunc(errs, func(err error) bool {
		r := cloudtrail.ReasonOf(err)
		return r == cloudtrail.ErrTooLarge || r == cloudtrail.ErrTooDeep
	})
}

// checkStreamed checks that a stream of a good record has its events. Base64 in
// several lines is the exception: to a stream every line is a record.
func checkStreamed(t *testing.T, limits cloudtrail.Limits, record string, whole decoded) {
	t.Helper()
	if whole.err != nil || whole.sum.BadTotal > 0 || whole.sum.Envelopes[cloudtrail.EnvelopeBase64] > 0 {
		return
	}
	if got := decodeStream(t, limits, strings.NewReader(record)); !slices.Equal(got.raws, whole.raws) {
		t.Errorf("streamed: events %q, error %v; whole: %q", got.raws, got.err, whole.raws)
	}
}

// checkYielded checks that an event has what every event must have.
func checkYielded(t *testing.T, e cloudtrail.Event) {
	t.Helper()
	if !isComplete(e) {
		t.Errorf("yielded without time, source or name: %+v", e)
	}
	if o, ok := oracle(e.Raw.JSON()); !ok {
		t.Errorf("yielded from invalid JSON: %q", e.Raw.JSON())
	} else {
		checkEvent(t, e, o)
	}
}

// checkWrapped checks that record has the same events inside an envelope.
func checkWrapped(t *testing.T, limits cloudtrail.Limits, record string, bare decoded) {
	t.Helper()
	type wrapping struct {
		name   string
		record string
		layers int
	}
	all := []wrapping{
		{"gzip", zip(record), 1},
		{"aggregate", aggregate(record), 1},
		{"base64", base64.StdEncoding.EncodeToString([]byte(record)), 1},
		{"base64 URL", base64.RawURLEncoding.EncodeToString([]byte(record)), 1},
		{"gzip in base64", base64.StdEncoding.EncodeToString([]byte(zip(record))), 2},
	}
	if utf8.ValidString(record) {
		all = append(all, wrapping{"string", quote(record), 1}, wrapping{"logs", logs(record), 2},
			wrapping{"lookup", lookup(record), 3}, wrapping{"notification", notification(record), 2})
	}
	if json.Valid([]byte(record)) && strings.Trim(record, " \t\r\n")[0] == '{' {
		all = append(all, wrapping{"records", records(record), 1}, wrapping{"EventBridge", eventBridge(record), 1},
			wrapping{"array", "[" + record + "]", 1})
	}
	for _, w := range all {
		wider := limits
		wider.MaxLayers += w.layers
		wider.MaxDepth += 2
		wider.MaxDecompressed *= 10
		if got := decode(t, wider, w.record); !slices.Equal(got.raws, bare.raws) {
			t.Errorf("in %s: events %q, error %v; bare: %q, error %v", w.name, got.raws, got.err, bare.raws, bare.err)
		}
	}
}

// FuzzMessage compares the ways in which a message of CloudWatch Logs is read: as it
// stands, unescaped first, and by encoding/json. The text stands between the quotes of
// a message, escaped well or badly.
func FuzzMessage(f *testing.F) {
	for _, event := range append(slices.Collect(maps.Values(simulated(f))), encode(fullEvent()), small("X")) {
		f.Add(strings.Trim(quoteBarely(event), `"`))
		f.Add(strings.Trim(quote(event), `"`))
	}
	for _, odd := range []string{
		`{\"eventName\":\"a\\u00e9\\\"\\\\\",\"eventTime\":\"2026-03-01T12:00:00Z\",\"eventSource\":\"a.b\"}`,
		`{\"eventTime\":\"2026-03-01T12:00:00Z\",\"eventSource\":\"a.b\",\"eventName\":\"\\ud83d\\ude00\\ud83d\" , \"userAgent\":\"` + "\xff" + `\"} `,
		`{\"eventTime\":\"2026-03-01T12:00:00Z\",\"eventSource\":\"a.b\",\"eventName\":\"X\"}\n`,
		`{\"Records\":[` + strings.Trim(quoteBarely(small("X")), `"`) + `]}`,
		`{\u0022eventName\u0022:1}`, `{\"a\":\"\/\"}`, `{\"a\":\"b"}`, `{\"a\":1}","message":"{}`, "{\n}",
	} {
		f.Add(odd)
	}
	warm := cloudtrail.NewDecoder(cloudtrail.Limits{})
	f.Fuzz(func(t *testing.T, escaped string) {
		record := `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":"` + escaped + `"}]}`
		got := decode(t, cloudtrail.Limits{}, record)
		compareDecoded(t, "with warm guesses", decodeWith(t, warm, record), got)
		message, ok := messageIn(record)
		if !json.Valid([]byte(record)) {
			if got.err == nil && got.sum.BadTotal == 0 && !isSequence(record) {
				t.Errorf("no complaint about invalid JSON")
			}
			return
		}
		if !ok || message == "" {
			return
		}
		compareDecoded(t, "unescaped first", decode(t, cloudtrail.Limits{}, logsOf(quoteAscii(message))), got)
		if o, ok := oracle(message); ok && isEvent(o) && !hasList(o) && cloudtrail.ReasonOf(firstError(got)) != cloudtrail.ErrTooDeep {
			checkDecoded(t, got, o)
		}
	})
}

// messageIn returns the one message of a subscription, as encoding/json reads it.
func messageIn(record string) (message string, ok bool) {
	o, ok := oracle(record)
	if !ok || len(o) != 2 || o["messageType"] != "DATA_MESSAGE" {
		return "", false
	}
	events, _ := o["logEvents"].([]any)
	if len(events) != 1 {
		return "", false
	}
	event, _ := events[0].(object)
	message, ok = event["message"].(string)
	return message, ok
}

// logsOf returns a subscription with a message that is quoted already.
func logsOf(message string) string {
	return `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":` + message + `}]}`
}

// quoteAscii returns s, valid UTF-8, as a JSON string that escapes every character.
func quoteAscii(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	return `"` + b.String() + `"`
}

func firstError(d decoded) error {
	if d.sum.BadTotal > 0 {
		return d.sum.Bad[0].Err
	}
	return d.err
}

// compareDecoded checks that one way of decoding came to the same as another.
func compareDecoded(t *testing.T, name string, got, want decoded) {
	t.Helper()
	if cloudtrail.ReasonOf(got.err) != cloudtrail.ReasonOf(want.err) {
		t.Errorf("%s: error %v, want %v", name, got.err, want.err)
	}
	if got.sum.BadTotal != want.sum.BadTotal || got.sum.Skipped != want.sum.Skipped || got.sum.Envelopes != want.sum.Envelopes {
		t.Errorf("%s: %+v, want %+v", name, got.sum, want.sum)
	}
	if !slices.Equal(got.raws, want.raws) || !reflect.DeepEqual(got.events, want.events) {
		t.Errorf("%s: events %+v, want %+v", name, got.events, want.events)
	}
}

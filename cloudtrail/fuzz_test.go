package cloudtrail_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
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
		if ok && isEvent(o) {
			checkAgainstOracle(t, text)
		}
	})
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

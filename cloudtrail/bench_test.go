package cloudtrail_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/simulate"
)

// BenchmarkDecode compares Decode with what nobody can do without: unpacking the same
// records with the same library, and nothing else. Both take turns in one process, so
// "x-gunzip" holds on any machine, whatever else it does: 1.00 would be decoding for
// free. The sizes are those of real records: a trail file of 312 events, a CloudWatch
// Logs record of 67.
func BenchmarkDecode(b *testing.B) {
	eachForm(b, func(b *testing.B, records [][]byte) {
		compare(b, records, decoding(b))
	})
}

// BenchmarkStandardLibrary is what the hand-written decoder is held against: the same
// fields, by compress/gzip and encoding/json.
func BenchmarkStandardLibrary(b *testing.B) {
	eachForm(b, func(b *testing.B, records [][]byte) {
		compare(b, records, standardLibrary(b))
	})
}

// eachForm calls run with records of each form, also with messages that cannot be read
// as they stand: simulated ones, and real ones where they are at hand.
func eachForm(b *testing.B, run func(b *testing.B, records [][]byte)) {
	for _, source := range []struct {
		name   string
		events func(testing.TB) []string
	}{{"simulated", simulatedTraffic}, {"real", realTraffic}} {
		b.Run(source.name, func(b *testing.B) {
			events := source.events(b)
			b.Run("trail file", func(b *testing.B) { run(b, packed(events, 312, records)) })
			b.Run("CloudWatch Logs", func(b *testing.B) { run(b, packed(events, 67, subscription)) })
			b.Run("CloudWatch Logs unescaped first", func(b *testing.B) { run(b, packed(events, 67, oddSubscription)) })
		})
	}
}

// packed puts the events into gzipped envelopes of n.
func packed(events []string, n int, envelope func(...string) string) (all [][]byte) {
	for chunk := range slices.Chunk(events, n) {
		if len(chunk) == n {
			all = append(all, []byte(zip(envelope(chunk...))))
		}
	}
	return all
}

// simulatedTraffic is an hour of simulated events.
func simulatedTraffic(tb testing.TB) (events []string) {
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	_, _, err := simulate.Generate(context.Background(), simulate.Config{Seed: 1, Duration: 2 * time.Hour}, func(_ string, content []byte) error {
		_, err := d.Decode(content, func(e *cloudtrail.Event) error {
			events = append(events, strings.Clone(e.Raw.JSON()))
			return nil
		})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return events
}

// realTraffic is the events of the real trail files.
func realTraffic(tb testing.TB) (events []string) {
	files, err := filepath.Glob(filepath.Join(realData, "*", "*.json.gz"))
	if err != nil || len(files) == 0 {
		tb.Skipf("No real data in %s.", realData)
	}
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := d.Decode(content, func(e *cloudtrail.Event) error {
			events = append(events, strings.Clone(e.Raw.JSON()))
			return nil
		}); err != nil {
			tb.Fatal(err)
		}
	}
	return events
}

// compare times work on the records against gunzip. work returns the number of events.
// Of each record the best of all rounds counts, for both, since what else runs on the
// machine only adds. A round goes through all records with the one before the other:
// the processor learns to predict the branches of a record that it has just seen.
func compare(b *testing.B, records [][]byte, work func(record []byte) int) {
	gunzip := gunzipping(b)
	best := make([]struct{ gunzip, work time.Duration }, len(records))
	events, size := 0, 0
	for i, record := range records { // memory grows, caches fill
		size += gunzip(record)
		events += work(record)
		best[i].gunzip, best[i].work = time.Hour, time.Hour
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, record := range records {
			start := time.Now()
			gunzip(record)
			best[i].gunzip = min(best[i].gunzip, time.Since(start))
		}
		for i, record := range records {
			start := time.Now()
			work(record)
			best[i].work = min(best[i].work, time.Since(start))
		}
	}
	var base, own float64
	for _, t := range best {
		base += float64(t.gunzip) / float64(events)
		own += float64(t.work) / float64(events)
	}
	b.ReportMetric(own/base, "x-gunzip")
	b.ReportMetric(own, "ns/event")
	b.ReportMetric(base, "gunzip-ns/event")
	b.ReportMetric(float64(size)/float64(events), "B/event")
	b.ReportMetric(0, "ns/op")
}

// decoding decodes records with one Decoder.
func decoding(b *testing.B) func([]byte) int {
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	none := func(*cloudtrail.Event) error { return nil }
	return func(record []byte) int {
		sum, err := d.Decode(record, none)
		if err != nil || sum.BadTotal > 0 {
			b.Fatal(err, sum.Bad)
		}
		return sum.Events
	}
}

// gunzipping unpacks records with one reader into one buffer, and returns their size.
func gunzipping(b *testing.B) func([]byte) int {
	var in bytes.Reader
	var zipped gzip.Reader
	buffer := make([]byte, 16<<20)
	return func(record []byte) int {
		in.Reset(record)
		if err := zipped.Reset(&in); err != nil {
			b.Fatal(err)
		}
		n, err := io.ReadFull(&zipped, buffer)
		if err != io.ErrUnexpectedEOF {
			b.Fatal(err)
		}
		return n
	}
}

// standardLibrary decodes what a Decoder does into structs.
func standardLibrary(b *testing.B) func([]byte) int {
	return func(record []byte) int {
		r, err := stdgzip.NewReader(bytes.NewReader(record))
		if err != nil {
			b.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			b.Fatal(err)
		}
		var envelope struct {
			Records   []plainEvent
			LogEvents []struct{ Message string }
		}
		if err := json.Unmarshal(text, &envelope); err != nil {
			b.Fatal(err)
		}
		for _, e := range envelope.LogEvents {
			var event plainEvent
			if err := json.Unmarshal([]byte(e.Message), &event); err != nil {
				b.Fatal(err)
			}
		}
		return len(envelope.Records) + len(envelope.LogEvents)
	}
}

// plainEvent has the members of an Event that detection needs.
type plainEvent struct {
	EventTime                                                                time.Time
	EventSource, EventName, EventID, EventType, EventCategory, AwsRegion     string
	SourceIPAddress, UserAgent, ErrorCode, RecipientAccountID, VpcEndpointID string
	UserIdentity                                                             struct {
		Type, PrincipalID, Arn, AccountID, AccessKeyID, UserName, InvokedBy string
		SessionContext                                                      struct {
			SessionIssuer   struct{ Type, PrincipalID, Arn, AccountID, UserName string }
			Attributes      struct{ CreationDate, MfaAuthenticated string }
			Ec2RoleDelivery string
		}
	}
	RequestParameters, ResponseElements json.RawMessage
}

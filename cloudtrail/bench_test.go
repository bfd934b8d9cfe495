package cloudtrail_test

import (
	"fmt"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// The sizes are those of the real files in the project's measurements: a trail file
// of 312 events, a CloudWatch Logs record of 67, some 1.6 KB an event.
func BenchmarkDecode(b *testing.B) {
	b.Run("trail file", func(b *testing.B) { benchmark(b, zip(records(variants(312)...)), 312) })
	b.Run("CloudWatch Logs", func(b *testing.B) { benchmark(b, zip(logs(variants(67)...)), 67) })
	b.Run("trail file unzipped", func(b *testing.B) { benchmark(b, records(variants(312)...), 312) })
	b.Run("CloudWatch Logs unzipped", func(b *testing.B) { benchmark(b, logs(variants(67)...), 67) })
	b.Run("bare event", func(b *testing.B) { benchmark(b, variants(1)[0], 1) })
}

// variants returns n events that gzip cannot pack into one.
func variants(n int) (all []string) {
	for i := range n {
		e := with(fullEvent(), "eventID", fmt.Sprintf("%032x", uint64(i)*0x9e3779b97f4a7c15))
		e = with(e, "sourceIPAddress", fmt.Sprintf("198.51.100.%d", i%250))
		all = append(all, encode(e))
	}
	return all
}

// benchmark decodes a record of n events. Its MB/s count unpacked events.
func benchmark(b *testing.B, record string, n int) {
	input := []byte(record)
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	size := 0
	if _, err := d.Decode(input, func(e *cloudtrail.Event) error { size += len(e.Raw.JSON()); return nil }); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(input, func(*cloudtrail.Event) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}

package cloudtrail_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/cloudtrail"
)

// allocated returns how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// endless gives n bytes of the letter x.
func endless(n int64) io.Reader { return io.LimitReader(letters{}, n) }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestTooLongLineIsNotHeld(t *testing.T) {
	var got decoded
	bytes := allocated(func() {
		got = decodeStream(t, cloudtrail.Limits{MaxDecompressed: 1000}, endless(64<<20))
	})
	if cloudtrail.ReasonOf(got.err) != cloudtrail.ErrTooLarge || bytes > 1<<20 {
		t.Errorf("got %v after %d bytes", got.err, bytes)
	}
}

// A Decoder that has seen a kind of record needs no more memory for the next.
func TestDecoderKeepsItsMemory(t *testing.T) {
	escaped := strings.TrimSuffix(small("A"), "}") + `,"userAgent":` + quote(strings.Repeat("\n", 10_000)) + "}"
	record := []byte(aggregate(zip(logs(escaped, escaped)), encode64(records(escaped))))
	d := cloudtrail.NewDecoder(cloudtrail.Limits{})
	decode := func() {
		if sum, err := d.Decode(record, func(*cloudtrail.Event) error { return nil }); err != nil || sum.Events != 3 {
			t.Fatalf("got %+v, %v", sum, err)
		}
	}
	decode()
	bytes := allocated(func() {
		for range 100 {
			decode()
		}
	})
	// Base64 copies its text; nothing else is allocated.
	if limit := uint64(100 * 2 * len(record)); bytes > limit {
		t.Errorf("100 records of %d bytes took %d bytes, more than %d", len(record), bytes, limit)
	}
}

package cloudtrail_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/straytoken/straytoken/cloudtrail"
)

func decodeStream(t testing.TB, limits cloudtrail.Limits, r io.Reader) (got decoded) {
	t.Helper()
	got.sum, got.err = cloudtrail.NewDecoder(limits).DecodeStream(r, got.keep)
	return got
}

// A stream gives what Decode gives for all of it, however it arrives.
func TestDecodeStreamTakesEveryEnvelope(t *testing.T) {
	for _, tt := range envelopes() {
		if tt.name == "base64 in lines of 76" {
			continue // In a stream every line is a record.
		}
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.record), iotest.OneByteReader(strings.NewReader(tt.record))} {
				got := decodeStream(t, cloudtrail.Limits{}, r)
				if got.err != nil || got.sum.BadTotal != 0 || !slices.Equal(got.names, tt.want) {
					t.Errorf("got %v, bad %v, error %v; want %v", got.names, got.sum.Bad, got.err, tt.want)
				}
			}
		})
	}
}

func TestDecodeStreamLineByLine(t *testing.T) {
	a, b := small("A"), small("B")
	limits := cloudtrail.Limits{MaxDecompressed: 1000}
	long := `{"eventName":"` + strings.Repeat("x", 10_000) + `"}`
	tests := []struct {
		name   string
		stream string
		want   cloudtrail.Reason // of the one bad line
	}{
		{"bad line", a + "\nhello, world\n" + b, cloudtrail.ErrNotJSON},
		{"too long line", a + "\n" + long + "\n" + b, cloudtrail.ErrTooLarge},
		{"bomb in a line", a + "\n" + encode64(zip(long)) + "\n" + b, cloudtrail.ErrTooLarge},
		{"gzip with a bad line", zip(a + "\n{}\n" + b), cloudtrail.ErrUnknownShape},
		{"cut last line", a + "\n" + b + "\n" + `{"eventName":"C`, cloudtrail.ErrNotJSON},
		{"blank lines first", "\n \n" + a + "\n" + b + "\n1", cloudtrail.ErrUnknownShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeStream(t, limits, strings.NewReader(tt.stream))
			checkOneBad(t, got, tt.want)
			if !slices.Equal(got.names, []string{"A", "B"}) {
				t.Errorf("got events %v", got.names)
			}
		})
	}
}

// A stream may be longer than any limit of a record.
func TestDecodeStreamIsEndless(t *testing.T) {
	const lines = 10_000
	limits := cloudtrail.Limits{MaxDecompressed: 1000, MaxEvents: 10}
	events := 0
	d := cloudtrail.NewDecoder(limits)
	sum, err := d.DecodeStream(strings.NewReader(strings.Repeat(small("A")+"\n", lines)), func(*cloudtrail.Event) error { events++; return nil })
	if err != nil || events != lines || sum.Events != lines {
		t.Errorf("got %d events, %+v, %v", events, sum, err)
	}
}

func TestDecodeStreamErrors(t *testing.T) {
	own := errors.New("disk on fire")
	whole := zip(strings.Repeat(small("A")+"\n", 100))
	tests := []struct {
		name   string
		stream io.Reader
		want   error
	}{
		{"empty", strings.NewReader(""), cloudtrail.ErrEmpty},
		{"blank", strings.NewReader("\n \n"), cloudtrail.ErrEmpty},
		{"gzip of nothing", strings.NewReader(zip("")), cloudtrail.ErrEmpty},
		{"one bad line", strings.NewReader("hello, world"), cloudtrail.ErrNotJSON},
		{"truncated gzip", strings.NewReader(whole[:len(whole)-10]), cloudtrail.ErrTruncatedGzip},
		{"truncated gzip header", strings.NewReader(whole[:4]), cloudtrail.ErrTruncatedGzip},
		{"document too large", strings.NewReader("{\n" + strings.Repeat(" ", 65<<20)), cloudtrail.ErrTooLarge},
		{"reader's own at once", iotest.ErrReader(own), own},
		{"reader's own later", io.MultiReader(strings.NewReader(small("A")+"\n{"), iotest.ErrReader(own)), own},
		{"reader's own in a document", io.MultiReader(strings.NewReader("{\n"), iotest.ErrReader(own)), own},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeStream(t, cloudtrail.Limits{}, tt.stream)
			if !errors.Is(got.err, tt.want) {
				t.Errorf("got %v, want %v", got.err, tt.want)
			}
		})
	}
}

func TestDecodeStreamStopsForItsCaller(t *testing.T) {
	own := errors.New("the caller's")
	calls := 0
	_, err := cloudtrail.NewDecoder(cloudtrail.Limits{}).DecodeStream(strings.NewReader(small("A")+"\n"+small("B")),
		func(*cloudtrail.Event) error { calls++; return own })
	if err != own || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

package sink_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/straytoken/straytoken/finding/jsonl"
	"github.com/straytoken/straytoken/sink"
)

func letter() sink.DeadLetter {
	index := 0
	return sink.DeadLetter{
		Time: time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC), Stream: "trail", Shard: "shardId-000000000001",
		SequenceNumber: "49590338271490256608559692538361571095921575989136588898", SubSequenceNumber: 3, Source: "AWSLogs/x.json.gz",
		PartitionKey: "ASIA1", Arrival: time.Date(2024, 5, 14, 9, 59, 0, 0, time.UTC), Session: "ASIA2",
		Reason: "decode", Error: "event 0: eventTime: not a time\n\x1b[31m", EventIndex: &index, Data: []byte("{\x00\xff\n"),
	}
}

func TestDeadLetterRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	f := openDeadLetters(t, path)
	if err := f.Send(t.Context(), []sink.DeadLetter{letter(), {}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	got := all(t, sink.ReadDeadLetters(bytes.NewReader(read(t, path))))
	want := []sink.DeadLetter{letter(), {Data: []byte{}}}
	want[0].Size = len(want[0].Data)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !got[0].Whole() {
		t.Error("a whole record does not say so")
	}
}

func openDeadLetters(t *testing.T, path string) *sink.DeadLetterFile {
	t.Helper()
	f, err := sink.OpenDeadLetterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestDeadLetterBounds(t *testing.T) {
	tests := map[string]struct {
		size  int
		whole bool
	}{"largest": {sink.MaxDeadLetterData, true}, "one more": {sink.MaxDeadLetterData + 1, false}}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dead.jsonl")
			long := sink.DeadLetter{Data: bytes.Repeat([]byte{0xff}, tt.size), Error: strings.Repeat("\x01", 1<<20)}
			if err := openDeadLetters(t, path).Send(t.Context(), []sink.DeadLetter{long}); err != nil {
				t.Fatal(err)
			}
			got := all(t, sink.ReadDeadLetters(bytes.NewReader(read(t, path))))[0]
			if got.Whole() != tt.whole || got.Size != tt.size || len(got.Data) != min(tt.size, sink.MaxDeadLetterData) || len(got.Error) != 4<<10 {
				t.Errorf("whole %v, size %d, %d bytes kept, error of %d", got.Whole(), got.Size, len(got.Data), len(got.Error))
			}
		})
	}
}

func TestDeadLettersSurviveATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	if err := os.WriteFile(path, []byte(`{"reason":"to`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := openDeadLetters(t, path)
	if err := f.Send(t.Context(), []sink.DeadLetter{letter()}); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	if err := f.Send(t.Context(), []sink.DeadLetter{letter()}); err != nil {
		t.Fatal(err)
	}
	whole, broken := 0, 0
	for _, err := range sink.ReadDeadLetters(bytes.NewReader(read(t, path))) {
		var lineErr *jsonl.LineError
		switch {
		case errors.As(err, &lineErr):
			broken++
		case err != nil:
			t.Fatal(err)
		default:
			whole++
		}
	}
	if whole != 2 || broken != 1 {
		t.Errorf("%d whole and %d broken lines", whole, broken)
	}
}

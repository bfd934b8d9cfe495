package replay_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

// Files one after the other on standard input, as of zcat *.json.gz or of
// cat *.json.gz, are the same events.
func TestRunFromStandardInput(t *testing.T) {
	files := generate(1000, 10)
	var plain, packed bytes.Buffer
	for _, f := range files {
		plain.Write(f.Body)
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, in := range map[string]io.Reader{"plain": &plain, "gzip": &packed} {
		t.Run(name, func(t *testing.T) {
			l, err := trail.List(t.Context(), []string{trail.Stdin}, trail.Options{Stdin: in})
			if err != nil {
				t.Fatal(err)
			}
			s := &fakeStream{t: t}
			sum, err := replay.Run(t.Context(), s, l.Files(t.Context(), nil), replay.Options{Stream: "s", Format: replay.Trail})
			if err != nil || sum.Events != 1000 || sum.Problems != 0 {
				t.Fatalf("summary %+v, err %v", sum, err)
			}
			checkStream(t, s, files)
		})
	}
}

func BenchmarkRun(b *testing.B) {
	files := generate(5000, 500)
	size := 0
	for _, f := range files {
		size += len(f.Body)
	}
	for _, format := range []replay.Format{replay.Event, replay.CloudWatchLogs, replay.Mixed} {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				s := &fakeStream{}
				if _, err := replay.Run(b.Context(), s, all(files), replay.Options{Stream: "s", Format: format}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package sink_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/straytoken/straytoken/sink"
)

// A reader that stops reading holds nobody for longer than his context lasts, and nothing overtakes what hangs.
func TestStalledReaderKeepsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := sink.JSON(w)
		for _, id := range []string{"st-1", "st-2"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := s.Send(ctx, batch(id)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "hangs") {
				t.Errorf("%s: got %v, want that a write hangs", id, err)
			}
			cancel()
		}
		read := make(chan string)
		go func() {
			all, err := io.ReadAll(r)
			if err != nil {
				t.Error(err)
			}
			read <- string(all)
		}()
		if err := s.Send(t.Context(), batch("st-3")); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		checkIDs(t, []byte(<-read), 0, "st-1", "st-3")
	})
}

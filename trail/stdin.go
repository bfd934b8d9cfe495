package trail

import (
	"context"
	"io"
	"os"
)

// stdinOpener reads standard input so that the end of the context ends the
// reading. A read of a terminal or pipe cannot be interrupted: the goroutine
// that waits in it stays until more input arrives, or the process ends.
func stdinOpener(in io.Reader) opener {
	if in == nil {
		in = os.Stdin
	}
	return func(ctx context.Context) (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			_, err := io.Copy(w, in)
			w.CloseWithError(err)
		}()
		stop := context.AfterFunc(ctx, func() { r.CloseWithError(context.Cause(ctx)) })
		return &stdin{PipeReader: r, stop: stop}, nil
	}
}

type stdin struct {
	*io.PipeReader
	stop func() bool
}

func (s *stdin) Close() error {
	s.stop()
	return s.PipeReader.Close()
}

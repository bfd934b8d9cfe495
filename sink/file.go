package sink

import (
	"context"

	"github.com/straytoken/straytoken/finding"
)

// File appends findings to a file as JSON lines. A batch is one write and is
// accepted when it is on disk (fsync). A write that fails halfway leaves a torn
// line, which the next batch, also of a new process, begins after: it never
// merges with it, and readers (finding.ReadAll) report and skip it.
type File struct {
	out *appender
}

// OpenFile opens path for appending and creates it, for its owner alone (0600),
// where it does not exist. The permissions of an existing file stay as they are.
// Close it after use.
func OpenFile(path string) (*File, error) {
	out, err := openAppender(path, openFile)
	if err != nil {
		return nil, err
	}
	return &File{out: out}, nil
}

// Send implements Sink.
func (f *File) Send(ctx context.Context, findings []*finding.Finding) error {
	var lines []byte
	for _, each := range findings {
		var err error
		if lines, err = finding.AppendJSON(lines, each); err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return f.out.append(ctx, lines)
}

// Reopen opens the path anew, for SIGHUP after a rotation. Send notices by
// itself that the file was renamed or removed; Reopen also lets go of the old
// file while nothing is sent. When the path cannot be opened the old file stays
// in use.
func (f *File) Reopen() error { return f.out.reopen() }

// Close closes the file. Send fails after it.
func (f *File) Close() error { return f.out.close() }

package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// appender appends batches of whole lines to a file: one write a batch, on disk
// before append returns nil. After any failure it gives the handle up, because a
// failed fsync leaves it unknown what is on disk, and opens the path anew for
// the next batch. A batch never continues a line that somebody left torn: this
// process, one before it, or another that appends to the same file.
type appender struct {
	path string
	open func(path string) (handle, error)

	turn   turn        // guards what follows
	file   handle      // nil after a failure
	info   os.FileInfo // of file, when it was opened
	closed bool
}

// handle is what appender needs of an *os.File.
type handle interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Sync() error
	Stat() (os.FileInfo, error)
}

// openAppender opens path, so that a path that cannot be written is known at once.
func openAppender(path string, open func(string) (handle, error)) (*appender, error) {
	a := &appender{path: path, open: open, turn: newTurn()}
	if err := a.reopen(); err != nil {
		return nil, err
	}
	return a, nil
}

// openFile opens path for appending, for the owner alone when it is created.
func openFile(path string) (handle, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
}

// append writes lines, which end in a newline.
func (a *appender) append(ctx context.Context, lines []byte) error {
	if err := a.turn.write(ctx, func() error { return a.put(lines) }); err != nil {
		return fmt.Errorf("append to %s: %w", a.path, err)
	}
	return nil
}

// put has the turn.
func (a *appender) put(lines []byte) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := a.write(lines); err != nil {
		err = errors.Join(err, a.file.Close())
		a.file = nil
		return err
	}
	return nil
}

func (a *appender) write(lines []byte) error {
	isTorn, err := torn(a.file)
	if err != nil {
		return err
	}
	if isTorn {
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := a.file.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	if err != nil || !a.info.Mode().IsRegular() { // a pipe or a device has nothing to sync
		return err
	}
	return a.file.Sync()
}

// torn tells whether the last line of the file has no end.
func torn(file handle) (bool, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil {
		return false, fmt.Errorf("read the last byte: %w", err)
	}
	return last[0] != '\n', nil
}

// ready makes sure that the file at path is open: not one that was renamed or
// removed since.
func (a *appender) ready() error {
	if a.closed {
		return os.ErrClosed
	}
	if a.file != nil {
		if info, err := os.Stat(a.path); err == nil && os.SameFile(info, a.info) {
			return nil
		}
	}
	return a.replace()
}

// replace opens path anew. When that fails the old handle stays.
func (a *appender) replace() error {
	file, err := a.open(a.path)
	if err != nil {
		return err
	}
	info, err := settle(file, a.path)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	old := a.file
	a.file, a.info = file, info
	if old == nil {
		return nil
	}
	return old.Close()
}

// settle makes the name of a new file durable.
func settle(file handle, path string) (os.FileInfo, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > 0 {
		return info, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return info, errors.Join(dir.Sync(), dir.Close())
}

// patience is how long reopen and close wait for a write under way.
const patience = 2 * time.Second

// reopen opens the path anew, whatever it names now.
func (a *appender) reopen() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := a.turn.write(ctx, func() error {
		if a.closed {
			return os.ErrClosed
		}
		return a.replace()
	})
	if err != nil {
		return fmt.Errorf("open %s for appending: %w", a.path, err)
	}
	return nil
}

// close closes the file; every append after it fails.
func (a *appender) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.turn.write(ctx, a.shut); err != nil {
		return fmt.Errorf("close %s: %w", a.path, err)
	}
	return nil
}

// shut has the turn.
func (a *appender) shut() error {
	a.closed = true
	if a.file == nil {
		return nil
	}
	file := a.file
	a.file = nil
	return file.Close()
}

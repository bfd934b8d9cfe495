package sink

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var errDisk = errors.New("disk fault")

// faulty is a file whose next operations fail as told, before or after they
// took effect.
type faulty struct {
	*os.File
	fault *fault
}

type fault struct {
	open, sync, close bool
	write             int // bytes taken by the next write, which then fails; < 0: no fault
}

func (f faulty) Write(p []byte) (int, error) {
	if f.fault.write < 0 {
		return f.File.Write(p)
	}
	n, _ := f.File.Write(p[:min(f.fault.write, len(p))])
	f.fault.write = -1
	return n, errDisk
}

func (f faulty) Sync() error {
	if f.fault.sync {
		f.fault.sync = false
		return errDisk
	}
	return f.File.Sync()
}

func (f faulty) Close() error {
	err := f.File.Close()
	if f.fault.close {
		f.fault.close = false
		return errDisk
	}
	return err
}

func TestAppenderFaults(t *testing.T) {
	tests := map[string]struct {
		fault fault
		want  string // the file after the batch "one\n" failed and was sent again
	}{
		"no fault":             {fault{write: -1}, "one\n"},
		"before the write":     {fault{write: 0}, "one\n"},
		"inside the line":      {fault{write: 2}, "on\none\n"},
		"before the newline":   {fault{write: 3}, "one\none\n"},
		"after the write":      {fault{write: 4}, "one\none\n"},
		"fsync":                {fault{write: -1, sync: true}, "one\none\n"},
		"fsync and close":      {fault{write: -1, sync: true, close: true}, "one\none\n"},
		"inside, then no open": {fault{write: 2, open: true}, "on\none\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lines")
			current := fault{write: -1}
			a, err := openAppender(path, func(path string) (handle, error) {
				if current.open {
					current.open = false
					return nil, errDisk
				}
				file, err := openFile(path)
				if err != nil {
					return nil, err
				}
				return faulty{file.(*os.File), &current}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			current = tt.fault
			for {
				err := a.append(t.Context(), []byte("one\n"))
				if err == nil {
					break
				}
				if !errors.Is(err, errDisk) || !strings.Contains(err.Error(), path) {
					t.Fatalf("got %v", err)
				}
			}
			if current != (fault{write: -1}) {
				t.Errorf("faults left: %+v", current)
			}
			if err := a.close(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAppenderKeepsTheOldFileWhenReopeningFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lines")
	down := false
	a, err := openAppender(path, func(path string) (handle, error) {
		if down {
			return nil, errDisk
		}
		return openFile(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	down = true
	if err := a.reopen(); !errors.Is(err, errDisk) {
		t.Fatalf("got %v", err)
	}
	if err := a.append(t.Context(), []byte("one\n")); err != nil {
		t.Errorf("the old file is no longer in use: %v", err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
}

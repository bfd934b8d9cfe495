package sink_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/straytoken/straytoken/sink"
)

func openFile(t *testing.T, path string) *sink.File {
	t.Helper()
	f, err := sink.OpenFile(path)
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

func send(t *testing.T, s sink.Sink, ids ...string) {
	t.Helper()
	if err := s.Send(t.Context(), batch(ids...)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFileAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "findings.jsonl")
	send(t, openFile(t, path), "st-1", "st-2")
	send(t, openFile(t, path), "st-3")
	checkIDs(t, read(t, path), 0, "st-1", "st-2", "st-3")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v", info.Mode())
	}
}

func TestFileRepairsATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "findings.jsonl")
	tear := func(flags int) {
		t.Helper()
		f, err := os.OpenFile(path, flags|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(`{"id":"to`)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	tear(os.O_CREATE)
	s := openFile(t, path)
	send(t, s, "st-1")
	tear(os.O_APPEND) // by another process, while the file is open here
	send(t, s, "st-2")
	send(t, s, "st-3")
	checkIDs(t, read(t, path), 2, "st-1", "st-2", "st-3")
}

func TestFileAfterRotation(t *testing.T) {
	tests := map[string]struct {
		reopen bool
		remove bool
	}{"renamed": {}, "renamed, then SIGHUP": {reopen: true}, "removed": {remove: true}}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "findings.jsonl")
			s := openFile(t, path)
			send(t, s, "st-1")
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
			checkIDs(t, read(t, path+".1"), 0, "st-1")
			if tt.remove {
				if err := os.Remove(path + ".1"); err != nil {
					t.Fatal(err)
				}
			}
			if tt.reopen {
				if err := s.Reopen(); err != nil {
					t.Fatal(err)
				}
			}
			send(t, s, "st-2")
			checkIDs(t, read(t, path), 0, "st-2")
		})
	}
}

func TestFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "findings.jsonl")
	if _, err := sink.OpenFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that cannot be: %v", err)
	}
	path = filepath.Join(t.TempDir(), "findings.jsonl")
	s, err := sink.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(cancelled, batch("st-1")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), batch("st-1")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if err := s.Reopen(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	checkIDs(t, read(t, path), 0)
}

func TestFileFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	if err := openFile(t, "/dev/full").Send(t.Context(), batch("st-1")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	send(t, openFile(t, os.DevNull), "st-1") // a device has nothing to sync
}

func TestFileConcurrentSenders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "findings.jsonl")
	files := []*sink.File{openFile(t, path), openFile(t, path)}
	want := inParallel(t, 4, 20, func(ctx context.Context, id string) error {
		return files[len(id)%2].Send(ctx, batch(id))
	})
	ids, broken := idsOf(t, read(t, path))
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) || broken > 0 {
		t.Errorf("%d of %d findings, %d broken lines", len(ids), len(want), broken)
	}
}

package e2e

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// rotated is the end of the name of a file of findings that was put aside.
const rotated = ".1"

// outputStalls stops reading the standard output of all workers: the pipes fill, and then writes hang.
func outputStalls(f *field) {
	f.output.shut()
	f.pause(f.size.fault)
	f.suffer(symptoms{says: "shard", behind: true})
	f.output.open()
	f.recovers()
}

// shortGrace is the configuration of workers that stop soon.
func shortGrace(h *hand) []string {
	path := filepath.Join(filepath.Dir(h.findings), "grace.yaml")
	if err := os.WriteFile(path, []byte("stream:\n  grace: 3s\n"), 0o600); err != nil {
		panic(err) // the folder is the test's own
	}
	return []string{"--config", path}
}

// stopWhileOutputStalls asks a worker to end whose findings nobody takes: it must end in spite of that, say that it left
// something undone, and leave that to the other one.
func stopWhileOutputStalls(f *field) {
	f.output.shut()
	f.suffer(symptoms{says: "has not moved"})
	leaving := f.let(f.alive()[0])
	leaving.Terminate()
	for begun := time.Now(); !leaving.gone(); f.pause(100 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			f.t.Errorf("%s does not end while nobody reads its output", leaving.name)
			f.signal(leaving, syscall.SIGKILL)
			break
		}
	}
	f.output.open()
	if code := leaving.ExitCode(); code != exitFailure {
		f.t.Errorf("exit code %d, want %d, for batches were left undone\n%s", code, exitFailure, leaving.log)
	}
	f.recovers()
}

// gone tells whether the process has ended, though its output may not be read yet.
func (h *hand) gone() bool { return errors.Is(syscall.Kill(h.PID(), 0), syscall.ESRCH) }

// toFile sends findings into a file alone.
func toFile(h *hand) []string {
	return []string{"--format", "", "--output", h.findings}
}

// fileInTheWay puts something in the place of the file of findings that cannot be written to.
func fileInTheWay(f *field) {
	h := f.alive()[0]
	f.must(os.Rename(h.findings, h.findings+rotated))
	f.must(os.Mkdir(h.findings, 0o700))
	f.pause(f.size.fault) // twice as long as other faults, as where an output stalls
	f.suffer(symptoms{says: "is a directory", behind: true})
	f.must(os.Remove(h.findings))
	f.recovers()
}

// deviceFull points the names of both files to a device that has never room, and back.
func deviceFull(f *field) {
	h := f.alive()[0]
	for _, path := range []string{h.findings, h.letters} {
		f.must(os.Rename(path, path+".real"))
		f.must(os.Symlink("/dev/full", path))
	}
	f.suffer(symptoms{says: "no space left", behind: true})
	for _, path := range []string{h.findings, h.letters} {
		f.must(os.Remove(path))
		f.must(os.Rename(path+".real", path))
	}
	f.recovers()
}

// toDisk puts both files of a worker on a small disk of their own.
func toDisk(h *hand) []string {
	dir := filepath.Join(filepath.Dir(h.findings), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		panic(err) // the folder is the test's own
	}
	if mount(dir) == nil {
		h.disk = dir
	}
	h.findings, h.letters = filepath.Join(dir, "findings.jsonl"), filepath.Join(dir, "letters.jsonl")
	return append(toFile(h), "--dead-letters", h.letters)
}

// diskFull fills the disk until not even a line has room, and makes room again.
func diskFull(f *field) {
	h := f.alive()[0]
	if h.disk == "" {
		f.t.Skip("skipped: a small file system can be mounted by root alone")
	}
	filler := filepath.Join(h.disk, "filler")
	f.must(fill(filler))
	f.suffer(symptoms{says: "no space left", behind: true})
	f.must(os.Remove(filler))
	f.recovers()
}

// fill writes a file until the disk is full.
func fill(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for block := bytes.Repeat([]byte{'x'}, 1<<16); ; {
		if _, err := file.Write(block); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (f *field) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/straytoken/straytoken/bench"
	"github.com/straytoken/straytoken/replay"
)

// What is scanned: files of some events each.
const (
	scanFiles  = 400
	perFile    = 500
	scanEvents = scanFiles * perFile
	scanScale  = 6
	scanLasts  = 16 * time.Hour

	// scanPatience is after how long no more runs begin.
	scanPatience = 90 * time.Second
)

// scanned is what is scanned.
type scanned struct {
	name  string
	write func(ctx context.Context, dir string) error
	note  string
}

// scan measures scans as whole processes, against other ways to find second addresses.
func scan(ctx context.Context, s *settings) ([]line, error) {
	var lines []line
	for _, what := range []scanned{
		{"quiet traffic", writeQuiet, fmt.Sprintf("%d sessions, each used %d times at one address.", scannedSessions, scanEvents/scannedSessions)},
		{"an organisation", writeOrganisation, fmt.Sprintf("%s of an invented organisation, in which everything is new once and much changes.", scanLasts)},
	} {
		more, err := what.measure(ctx, s)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

func (w scanned) measure(ctx context.Context, s *settings) ([]line, error) {
	dir, err := os.MkdirTemp("", "straytoken-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := w.write(ctx, dir); err != nil {
		return nil, err
	}
	began := time.Now()
	own := command{s.binary, "scan", "--quiet", "--format", "json", dir}
	others, missing := peers(s.peers, dir)
	took := map[string][]spent{}
	for n := range (s.count + 1) / 2 {
		if n > 0 && time.Since(began) > scanPatience {
			break
		}
		for _, c := range append([]command{own}, others...) {
			one, err := c.run(ctx)
			if err != nil {
				return nil, err
			}
			took[c.name()] = append(took[c.name()], one)
		}
	}
	return w.lines(own, others, took, missing), nil
}

// writeOrganisation writes the trail files of a day or so of an invented organisation.
func writeOrganisation(ctx context.Context, dir string) error {
	c, err := bench.Simulate(ctx, scanScale, scanLasts)
	if err != nil {
		return err
	}
	if len(c.Sources) < scanEvents {
		return fmt.Errorf("%d events in %s, and %d are wanted", len(c.Sources), scanLasts, scanEvents)
	}
	return writeFiles(dir, func(i int) []byte { return c.Sources[i].JSON })
}

// scannedSessions is how many sessions make the quiet traffic.
const scannedSessions = 1000

// writeQuiet writes trail files of sessions that are used again and again.
func writeQuiet(_ context.Context, dir string) error {
	return writeFiles(dir, func(i int) []byte { return bench.Fleet{}.Event(i%scannedSessions, i/scannedSessions) })
}

// writeFiles writes trail files of the events of all numbers.
func writeFiles(dir string, event func(i int) []byte) error {
	var e replay.Encoder
	for i := range scanFiles {
		sources := make([]replay.Source, perFile)
		for k := range sources {
			sources[k].JSON = event(i*perFile + k)
		}
		data, err := e.Encode(replay.Trail, sources)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json.gz", i)), data, 0o600)
		}
		if err != nil {
			return fmt.Errorf("write trail files: %w", err)
		}
	}
	return nil
}

// peers are the other ways to search a folder, and what is said of those that this
// machine cannot run.
func peers(folder, dir string) (all []command, missing string) {
	if _, err := exec.LookPath("python3"); err != nil {
		return nil, "Not measured: there is no python3 here."
	}
	return []command{{"python3", filepath.Join(folder, "netflix.py"), dir}}, ""
}

func (w scanned) lines(own command, others []command, took map[string][]spent, missing string) []line {
	mine := took[own.name()]
	each := line{what: fmt.Sprintf("scan of %s events in %d files, %s, events a second", bench.Thousands(scanEvents), scanFiles, w.name)}
	most := line{what: "the same, largest resident size", unit: "MB"}
	for _, m := range mine {
		each.samples = append(each.samples, scanEvents/m.wall.Seconds())
		most.samples = append(most.samples, m.memory/1e6)
	}
	lines := []line{each, most}
	if missing != "" {
		lines = append(lines, line{what: "scan against netflix.py, " + w.name + ", by the clock", unit: "×", target: atLeast(15), note: missing})
	}
	for _, o := range others {
		clock := line{what: "scan against " + o.name() + ", " + w.name + ", by the clock", unit: "×", target: atLeast(15),
			note: fmt.Sprintf("Whole processes, in turn; runs of each: %d. %s", len(mine), w.note)}
		work := line{what: "scan against " + o.name() + ", " + w.name + ", by processor time", unit: "×"}
		for i, theirs := range took[o.name()] {
			clock.samples = append(clock.samples, float64(theirs.wall)/float64(mine[i].wall))
			work.samples = append(work.samples, float64(theirs.cpu)/float64(mine[i].cpu))
		}
		lines = append(lines, clock, work)
	}
	return lines
}

// command is a program with its arguments.
type command []string

// name is the program, or the script that it runs.
func (c command) name() string {
	if c[0] == "python3" {
		return filepath.Base(c[1])
	}
	return filepath.Base(c[0])
}

// spent is what a process took.
type spent struct {
	wall, cpu time.Duration
	memory    float64 // bytes, the largest resident size
}

// run runs the command to its end. What it finds is dropped.
func (c command) run(ctx context.Context) (spent, error) {
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	var said bytes.Buffer
	cmd.Stderr = &said
	began, memory := time.Now(), 0.0
	err := cmd.Start()
	if err == nil {
		most := watchMemory(cmd.Process.Pid)
		err = cmd.Wait()
		memory = most()
	}
	if err != nil {
		return spent{}, fmt.Errorf("%s: %w: %s", strings.Join(c, " "), err, said.String())
	}
	return spent{time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory}, nil
}

// size tells how large the binary is, and what fills it.
func size(ctx context.Context, s *settings) ([]line, error) {
	info, err := os.Stat(s.binary)
	if err != nil {
		return nil, err
	}
	l := line{what: "size of the binary", unit: "MB", samples: []float64{float64(info.Size()) / 1e6}, target: atMost(60)}
	l.note, err = contents(ctx, s.binary)
	if errors.Is(err, exec.ErrNotFound) {
		err = nil
	}
	return []line{l}, err
}

// absolute is the path of a program, wherever it is started.
func absolute(binary string) (string, error) {
	if _, err := os.Stat(binary); err != nil {
		return "", err
	}
	return filepath.Abs(binary)
}

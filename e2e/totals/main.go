// Totals reads what "go test -json" writes and says it shortly: a line a package, the whole output of what failed,
// every test that was skipped with its reason, and a last line of totals. It exits non-zero when anything failed.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	t := newTotals(os.Stdout)
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	if !t.finish() {
		os.Exit(1)
	}
}

// count is how the tests of one package ended, subtests not counted.
type count struct{ passed, failed, skipped int }

type totals struct {
	out     io.Writer
	started time.Time
	output  map[string]*strings.Builder // by package and test, until it ends
	counts  map[string]*count           // by package
	skips   []string
	bad     int // packages that failed
}

func newTotals(out io.Writer) *totals {
	return &totals{out: out, started: time.Now(), output: map[string]*strings.Builder{}, counts: map[string]*count{}}
}

func (t *totals) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if bad := json.Unmarshal(line, &e); bad != nil { // not of go test: a tool's own message
				fmt.Fprint(t.out, string(line))
			} else {
				t.event(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the tests' output: %w", err)
		}
	}
}

func (t *totals) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		b, ok := t.output[key]
		if !ok {
			b = &strings.Builder{}
			t.output[key] = b
		}
		b.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.end(e, t.output[key])
		delete(t.output, key)
	}
}

func (t *totals) end(e event, output *strings.Builder) {
	text := ""
	if output != nil {
		text = output.String()
	}
	if e.Test == "" {
		t.endPackage(e, text)
		return
	}
	c, ok := t.counts[e.Package]
	if !ok {
		c = &count{}
		t.counts[e.Package] = c
	}
	top := 0
	if !strings.Contains(e.Test, "/") {
		top = 1
	}
	switch e.Action {
	case "pass":
		c.passed += top
	case "fail":
		c.failed += top
		fmt.Fprintf(t.out, "FAIL %s %s\n%s", e.Package, e.Test, text)
	case "skip":
		c.skipped += top
		t.skips = append(t.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(text)))
	}
}

func (t *totals) endPackage(e event, text string) {
	c := cmp.Or(t.counts[e.Package], &count{})
	switch {
	case e.Action == "fail":
		t.bad++
		fmt.Fprintf(t.out, "FAIL %s\n%s", e.Package, text)
	case *c != count{}:
		fmt.Fprintf(t.out, "ok   %-60s %4d tests  %6.1fs\n", e.Package, c.passed+c.skipped, e.Elapsed)
	}
}

// reason is what a skipped test said, without go test's frame.
func reason(text string) string {
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	return cmp.Or(strings.Join(said, " "), "no reason given")
}

// finish writes the totals and tells whether all went well.
func (t *totals) finish() bool {
	var sum count
	for _, c := range t.counts {
		sum.passed += c.passed
		sum.failed += c.failed
		sum.skipped += c.skipped
	}
	slices.Sort(t.skips)
	for _, s := range t.skips {
		fmt.Fprintln(t.out, "skipped", s)
	}
	fmt.Fprintf(t.out, "%d tests passed, %d failed, %d skipped, in %d packages of which %d failed, in %s\n",
		sum.passed, sum.failed, sum.skipped, len(t.counts), t.bad, time.Since(t.started).Round(time.Second))
	return t.bad == 0 && sum.failed == 0
}

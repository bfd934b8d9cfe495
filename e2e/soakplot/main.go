// Command soakplot draws what TestSoak prints: the resident memory of each worker over
// time. It reads the test's output from standard input, lines of other things included,
// and writes an SVG.
//
//	make soak SOAK=1h | tee soak.txt; go run ./e2e/soakplot <soak.txt >docs/soak.svg
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// sample is a line of the test's output.
type sample struct {
	second   float64
	worker   string
	megabyte float64
}

func main() {
	samples, err := read(os.Stdin)
	if err == nil {
		err = draw(os.Stdout, samples)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soakplot:", err)
		os.Exit(1)
	}
}

// read takes the samples out of the output: seconds, worker, resident bytes, and more.
func read(r io.Reader) ([]sample, error) {
	var out []sample
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",")
		if len(fields) < 3 || !strings.HasPrefix(fields[1], "worker-") {
			continue
		}
		second, errS := strconv.ParseFloat(fields[0], 64)
		bytes, errB := strconv.ParseFloat(fields[2], 64)
		if errS == nil && errB == nil {
			out = append(out, sample{second, fields[1], bytes / 1e6})
		}
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("no samples on standard input: %w", io.ErrUnexpectedEOF)
	}
	return out, lines.Err()
}

// The picture, in pixels: its size, and the plot's place in it.
const (
	width, height            = 760, 360
	left, right, top, bottom = 60, 740, 40, 310
)

// anchors keep the marks across within the picture.
var anchors = []string{"start", "middle", "middle", "middle", "end"}

var colours = []string{"#1f5fa8", "#c0392b", "#2e7d32", "#8e44ad", "#b7791f", "#00838f"}

// draw draws a curve for each worker, minutes across and megabytes upwards.
func draw(w io.Writer, samples []sample) error {
	last, most := 0.0, 0.0
	curves := map[string][]sample{}
	var names []string
	for _, s := range samples {
		last, most = max(last, s.second), max(most, s.megabyte)
		if curves[s.worker] == nil {
			names = append(names, s.worker)
		}
		curves[s.worker] = append(curves[s.worker], s)
	}
	most = float64(int(most/20)+1) * 20
	x := func(second float64) float64 { return left + second/last*(right-left) }
	y := func(megabyte float64) float64 { return bottom - megabyte/most*(bottom-top) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="14">Resident memory of each worker, MB (a short curve: killed and replaced)</text>`+"\n", left)
	for mark := 0.0; mark <= most; mark += most / 4 {
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/><text x="%d" y="%.1f" text-anchor="end">%.0f</text>`+"\n", left, y(mark), right, y(mark), left-8, y(mark)+4, mark)
	}
	for part := 0.0; part <= 4; part++ {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="%s">%.0f min</text>`+"\n", x(last*part/4), bottom+18, anchors[int(part)], last*part/4/60)
	}
	for i, name := range slices.Sorted(slices.Values(names)) {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="`, colours[i%len(colours)])
		for _, s := range curves[name] {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(s.second), y(s.megabyte))
		}
		b.WriteString(`"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

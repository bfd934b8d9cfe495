package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/straytoken/straytoken/bench"
)

// line is a line of the table: what was measured, several times, and what is aimed at.
type line struct {
	key     string // for the model; "" for what it does not need
	what    string
	unit    string // "×", "ns", …
	samples []float64
	target  *target // nil: for information
	note    string
}

// target is the bound that a figure should keep.
type target struct {
	most  bool // the figure is to be at most the bound; else at least
	bound float64
}

func atMost(bound float64) *target  { return &target{true, bound} }
func atLeast(bound float64) *target { return &target{false, bound} }

func (t *target) met(v float64) bool {
	if t.most {
		return v <= t.bound
	}
	return v >= t.bound
}

// printTable writes the table in Markdown, and what it was measured on.
func printTable(w io.Writer, s *settings, lines []line, machine string) error {
	rows := [][]string{{"", "median", "95 % interval", "target", "met"}}
	var notes []string
	for _, l := range lines {
		mark := ""
		if l.note != "" {
			if !slices.Contains(notes, l.note) {
				notes = append(notes, l.note)
			}
			mark = fmt.Sprintf(" [%d]", 1+slices.Index(notes, l.note))
		}
		rows = append(rows, l.cells(mark))
	}
	var b strings.Builder
	bench.WriteTable(&b, rows)
	b.WriteString("\n")
	for i, n := range notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, n)
	}
	fmt.Fprintf(&b, "\n%s. Runs of a figure: %d, where nothing else is said.\n", machine, s.count)
	model, million := modelText(lines)
	if _, err := io.WriteString(w, b.String()+"\n"+model+"\n"+million); err != nil || s.page == "" {
		return err
	}
	for name, text := range map[string]string{"figures": b.String(), "model": model, "million": million} {
		if text == "" {
			continue
		}
		if err := bench.ReplacePart(s.page, name, text); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) cells(mark string) []string {
	cells := []string{l.what + mark, "", "", "", ""}
	if l.target != nil {
		cells[3] = "≥ " + l.number(l.target.bound)
		if l.target.most {
			cells[3] = "≤ " + l.number(l.target.bound)
		}
	}
	if len(l.samples) == 0 {
		return cells
	}
	median := bench.Median(l.samples)
	cells[1] = l.number(median)
	if len(l.samples) > 1 {
		low, high := bench.Interval(l.samples)
		cells[2] = l.number(low) + " – " + l.number(high)
	}
	if l.target != nil {
		cells[4] = "no"
		if l.target.met(median) {
			cells[4] = "yes"
		}
	}
	return cells
}

// number writes a figure with as many digits as mean something.
func (l *line) number(v float64) string {
	digits := 0
	switch a := math.Abs(v); {
	case a < 10 && a != math.Trunc(a):
		digits = 2
	case a < 100 && a != math.Trunc(a):
		digits = 1
	}
	text := fmt.Sprintf("%.*f", digits, v)
	if l.unit == "×" {
		return text + "×"
	}
	return strings.TrimSpace(text + " " + l.unit)
}

package main

import (
	"bytes"
	"fmt"
	"math"

	"github.com/straytoken/straytoken/bench"
)

// The picture, in pixels: its size, and the plot's place in it.
const (
	width, height            = 640, 360
	left, right, top, bottom = 70, 500, 40, 310
)

// curve is one line of a plot.
type curve struct {
	name, colour string
	of           func(point) float64
}

var curves = []curve{
	{"new session", "#c0392b", func(p point) float64 { return p.new }},
	{"known session", "#1f5fa8", func(p point) float64 { return p.known }},
	{"gunzip alone", "#6b6b6b", func(p point) float64 { return p.gunzip }},
}

// plot draws the points: across what grows, in powers of ten, and upwards the costs.
func (g *growth) plot(points []point) []byte {
	s := scale{log: g.log, least: math.Inf(1)}
	for _, p := range points {
		s.least, s.most = min(s.least, p.gunzip), max(s.most, p.new, p.known)
	}
	s.first, s.last = across(points[0].x), across(points[len(points)-1].x)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="14">Processor time an event, by %s</text>`+"\n", left, g.axis)
	s.grid(&b, points)
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s (by powers of ten)</text>`+"\n", (left+right)/2, height-12, g.axis)
	for i, c := range curves {
		s.draw(&b, c, points, top+20+22*i)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// across is where a size stands on the axis: by its logarithm, with nothing before one.
func across(x int) float64 { return math.Log10(float64(max(x, 0)) + 0.5) }

// scale turns figures into places.
type scale struct {
	log         bool
	first, last float64 // across, logarithms
	least, most float64 // upwards, nanoseconds
}

func (s *scale) x(v int) float64 {
	return left + (across(v)-s.first)/(s.last-s.first)*(right-left)
}

func (s *scale) y(ns float64) float64 {
	share := ns / (1.1 * s.most)
	if s.log {
		low := math.Floor(math.Log10(s.least))
		share = (math.Log10(ns) - low) / (math.Ceil(math.Log10(s.most)) - low)
	}
	return bottom - share*(bottom-top)
}

// grid draws lines with figures beside them.
func (s *scale) grid(b *bytes.Buffer, points []point) {
	for _, ns := range s.lines() {
		y := s.y(ns)
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", left, y, right, y)
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%g µs</text>`+"\n", left-8, y+4, ns/1000)
	}
	for _, p := range points {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", s.x(p.x), bottom+18, bench.Thousands(p.x))
	}
}

// lines are the figures at which the grid has lines.
func (s *scale) lines() []float64 {
	var out []float64
	if s.log {
		for e := math.Floor(math.Log10(s.least)); e <= math.Ceil(math.Log10(s.most)); e++ {
			out = append(out, math.Pow(10, e))
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10(s.most)))
	for s.most/step < 4 {
		step /= 2
	}
	for v := 0.0; v <= 1.1*s.most; v += step {
		out = append(out, v)
	}
	return out
}

// draw draws a curve, with its name in the legend.
func (s *scale) draw(b *bytes.Buffer, c curve, points []point, legend int) {
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, c.colour)
	for _, p := range points {
		fmt.Fprintf(b, "%.1f,%.1f ", s.x(p.x), s.y(c.of(p)))
	}
	b.WriteString(`"/>` + "\n")
	for _, p := range points {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", s.x(p.x), s.y(c.of(p)), c.colour)
	}
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="2"/>`+"\n", right+16, legend, right+40, legend, c.colour)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", right+46, legend+4, c.name)
}

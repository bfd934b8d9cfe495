package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPlotIsSVGWithAllPoints(t *testing.T) {
	points := []point{{0, 1000, 2500, 40_000}, {10, 1000, 2600, 41_000}, {100, 1100, 3000, 60_000}}
	for _, log := range []bool{false, true} {
		g := growth{name: "rules", axis: "custom rules", log: log}
		svg := g.plot(points)
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, svg)
			}
		}
		if n := strings.Count(string(svg), "<circle"); n != len(points)*len(curves) {
			t.Errorf("%d points drawn", n)
		}
		if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
			t.Errorf("places that are none:\n%s", svg)
		}
	}
}

// TestSubjects: networks, rules and sizes can be made for every point.
func TestSubjects(t *testing.T) {
	for _, g := range []growth{bySessions(1000), byNetworks(), byRules(), bySize()} {
		for _, n := range []int{g.at[0], g.at[len(g.at)-1]} {
			if _, err := g.subject(n); err != nil {
				t.Errorf("%s of %d: %v", g.name, n, err)
			}
		}
	}
}

package finding

import (
	"strings"
	"unicode/utf8"
)

// style is a Select Graphic Rendition sequence without its frame, "1;31".
type style string

const (
	noStyle  style = ""
	bold     style = "1"
	dim      style = "2"
	standOut style = "1;31"
)

// page collects lines of text. All strings given to it must be clean, except
// for the styles, which it alone writes.
type page struct {
	b     strings.Builder
	color bool
	width int // columns; at least minWidth
}

// paint gives s a style where colour is on.
func (p *page) paint(how style, s string) string {
	if !p.color || how == noStyle || s == "" {
		return s
	}
	return "\x1b[" + string(how) + "m" + s + "\x1b[0m"
}

// line writes one line, without trailing space.
func (p *page) line(s string) {
	p.b.WriteString(strings.TrimRight(s, " "))
	p.b.WriteByte('\n')
}

// heading starts a section.
func (p *page) heading(s string) {
	p.line("")
	p.line("  " + p.paint(bold, strings.ToUpper(s)))
}

// paragraph writes s wrapped, its first line behind lead and the others
// indented to the same column.
func (p *page) paragraph(lead, s string) {
	indent := utf8.RuneCountInString(lead)
	for _, text := range wrap(s, p.width-indent) {
		p.line(lead + text)
		lead = strings.Repeat(" ", indent)
	}
}

// wrap breaks s into lines of at most width columns, at spaces where there are
// any, and inside a word that is longer than a line. An empty s is no line.
func wrap(s string, width int) []string {
	var lines []string
	rest := []rune(strings.TrimSpace(s))
	for len(rest) > width {
		cut := width
		for cut > 0 && rest[cut] != ' ' {
			cut--
		}
		if cut == 0 {
			cut = width
		}
		lines = append(lines, strings.TrimRight(string(rest[:cut]), " "))
		rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
	}
	if len(rest) > 0 {
		lines = append(lines, string(rest))
	}
	return lines
}

// pad fills s up with spaces to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

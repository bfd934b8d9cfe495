package bench

import (
	"fmt"
	"os"
	"strings"
)

// WriteTable lays out rows as a table in Markdown; the first is the heading.
func WriteTable(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, r := range rows {
		for i, cell := range r {
			fmt.Fprintf(b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("|" + strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
}

// ReplacePart writes the part of a page between <!-- measured: NAME --> and <!-- end -->
// anew.
func ReplacePart(page, name, text string) error {
	old, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("write what was measured: %w", err)
	}
	begin := "<!-- measured: " + name + " -->\n"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ended := strings.Cut(rest, "<!-- end -->")
	if !ok || !ended {
		return fmt.Errorf("%s has no part %q", page, name)
	}
	return os.WriteFile(page, []byte(before+begin+text+"<!-- end -->"+after), 0o644)
}

// Thousands writes a number with commas.
func Thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", Thousands(n/1000), n%1000)
}

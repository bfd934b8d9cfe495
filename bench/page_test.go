package bench_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/straytoken/straytoken/bench"
)

func TestReplacePart(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	const before, after = "above\n<!-- measured: a -->\n", "<!-- end -->\nbetween\n<!-- measured: b -->\nkept\n<!-- end -->\n"
	if err := os.WriteFile(page, []byte(before+"old\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bench.ReplacePart(page, "a", "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != before+"new\n"+after {
		t.Errorf("the page is now\n%s", got)
	}
	if err := bench.ReplacePart(page, "c", "new\n"); err == nil || !strings.Contains(err.Error(), `no part "c"`) {
		t.Errorf("a part that is not there: %v", err)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12_034: "12,034", 5_000_001: "5,000,001"} {
		if got := bench.Thousands(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}

func TestWriteTable(t *testing.T) {
	var b strings.Builder
	bench.WriteTable(&b, [][]string{{"", "µs"}, {"event", "1"}})
	if want := "|       | µs |\n|-------|----|\n| event | 1  |\n"; b.String() != want {
		t.Errorf("the table is\n%s", b.String())
	}
}

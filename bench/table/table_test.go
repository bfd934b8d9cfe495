package main

import (
	"strings"
	"testing"
)

func TestLinesSayWhetherTheyMeetTheirTarget(t *testing.T) {
	for name, tt := range map[string]struct {
		line line
		want string
	}{
		"at most, met":         {line{what: "w", unit: "×", samples: []float64{1.5}, target: atMost(1.6)}, "w 1.50×  ≤ 1.60× yes"},
		"at most, not met":     {line{what: "w", unit: "ns", samples: []float64{410, 390, 500}, target: atMost(400)}, "w 410 ns 390 ns – 500 ns ≤ 400 ns no"},
		"at least, met":        {line{what: "w", unit: "×", samples: []float64{12}, target: atLeast(10)}, "w 12×  ≥ 10× yes"},
		"without a target":     {line{what: "w", samples: []float64{62.34}}, "w 62.3   "},
		"nothing was measured": {line{what: "w", target: atMost(0)}, "w   ≤ 0 "},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(tt.line.cells(""), " "); got != tt.want {
				t.Errorf("the line is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestModel recomputes by hand what the model says of figures that are easy to divide by.
func TestModel(t *testing.T) {
	one := func(key string, v float64) line { return line{key: key, samples: []float64{v}} }
	lines := []line{one("cloudwatch", 6000), one("cloudwatch size", 250), one("heap", 200), one("writes", 15), one("reads", 6)}
	if model, million := modelText(lines[1:]); model+million != "" {
		t.Errorf("a model of too few figures:\n%s%s", model, million)
	}
	model, million := modelText(lines)
	text := model + million
	for _, want := range []string{
		"166667 a second, 250 bytes each",
		"2488 a second of 16.8 KB",                 // of 67 events
		"80, of which 40 would do",                 // 41.7 MB/s
		"2 of 2 cores; 1.0 cores busy",             // 166,667 × 6 µs
		"7.2 million known sessions",               // 333 a second for six hours
		"5000 units a second, of 333 new sessions", // × 15
		"of 333 new sessions        | 8,200",
		"| CloudWatch Logs, sessions of 500 events  | 0.0022  | 0.0210   |", // 2 × 238 shard-seconds and 14,925 puts; 2,000 sessions
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the model does not say %q:\n%s", want, text)
		}
	}
}

func TestOwner(t *testing.T) {
	for symbol, want := range map[string]string{
		"runtime.mallocgc":         "Go's runtime and standard library",
		"net/http.(*Server).Serve": "Go's runtime and standard library",
		"github.com/aws/aws-sdk-go-v2/service/kinesis.resolveResult": "github.com/aws/aws-sdk-go-v2",
		"type:*github.com/a/b.C":                                     "types and strings",
		"cel.dev/cel-go/common/stdlib.init.0":                        "cel.dev/cel-go/common",
	} {
		if got := owner(symbol); got != want {
			t.Errorf("%s belongs to %s, want %s", symbol, got, want)
		}
	}
}

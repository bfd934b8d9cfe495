package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/straytoken/straytoken/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// usualHeap is what a worker's heap has at least. Without it a pipeline that knows little
// would be slow, because garbage is collected the oftener the smaller the heap is.
const usualHeap = 256 << 20

func run(ctx context.Context) error {
	sessions := flag.Int("sessions", 1_000_000, "the most sessions")
	count := flag.Int("count", 3, "runs of each figure")
	dir := flag.String("out", "docs", "folder for the plots, growth-*.svg")
	page := flag.String("page", "", "page to write the figures into, besides standard output")
	flag.Parse()
	ballast := make([]byte, usualHeap)
	defer runtime.KeepAlive(ballast)
	var text strings.Builder
	for _, g := range []growth{bySessions(*sessions), byNetworks(), byRules(), bySize()} {
		fmt.Fprintf(os.Stderr, "growth: %s\n", g.name)
		points, err := g.measure(ctx, max(*count, 1))
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		file := "growth-" + g.name + ".svg"
		if err := os.WriteFile(filepath.Join(*dir, file), g.plot(points), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&text, "![What an event costs by %s](%s)\n\n", g.axis, file)
		g.table(&text, points)
		text.WriteString("\n")
	}
	fmt.Print(text.String())
	if *page == "" {
		return nil
	}
	return bench.ReplacePart(*page, "growth", text.String())
}

// table writes the figures.
func (g *growth) table(b *strings.Builder, points []point) {
	rows := [][]string{{g.axis, "gunzip alone", "known session", "new session"}}
	for _, p := range points {
		rows = append(rows, []string{bench.Thousands(p.x), micro(p.gunzip), micro(p.known), micro(p.new)})
	}
	bench.WriteTable(b, rows)
}

// micro writes nanoseconds as microseconds.
func micro(ns float64) string { return fmt.Sprintf("%.1f µs", ns/1000) }

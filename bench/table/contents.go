package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// contents says which modules fill a binary most, by the sizes of their symbols.
func contents(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", binary).Output()
	if err != nil {
		return "", fmt.Errorf("list what is in %s: %w", binary, err)
	}
	sizes, all := map[string]int{}, 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.Contains("TtRr", fields[2]) { // code and constants: nm does not tell zeros from other data
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		sizes[owner(fields[3])] += n
		all += n
	}
	largest := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, name := range largest[:min(len(largest), 8)] {
		parts = append(parts, fmt.Sprintf("%s %.1f MB", name, float64(sizes[name])/1e6))
	}
	return fmt.Sprintf("Of %.0f MB of code and constants that have names: %s. The rest is tables for stack traces, reflection and debuggers.", float64(all)/1e6, strings.Join(parts, ", ")), nil
}

// owner is the module that a symbol belongs to, nearly: three parts of a path with a
// host's name, else the standard library.
func owner(symbol string) string {
	for _, prefix := range []string{"type:", "go:", "runtime.gcbits"} {
		if strings.HasPrefix(symbol, prefix) {
			return "types and strings"
		}
	}
	parts := strings.Split(strings.TrimLeft(symbol, "*("), "/")
	switch {
	case !strings.Contains(parts[0], ".") || len(parts) == 1:
		return "Go's runtime and standard library"
	case len(parts) < 3:
		return strings.Join(parts[:1], "/")
	}
	last, _, _ := strings.Cut(parts[2], ".")
	return strings.Join([]string{parts[0], parts[1], last}, "/")
}

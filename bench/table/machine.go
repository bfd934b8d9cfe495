package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/straytoken/straytoken/bench"
)

// watchMachine begins to watch what else the machine does; the result says what machine it
// is, and how busy others kept it.
func watchMachine() func() string {
	began, own, used := time.Now(), bench.CPU(), busy()
	return func() string {
		text := fmt.Sprintf("%s, %d of its cores, %s/%s, %s", processorName(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
		all := time.Since(began).Seconds() * float64(runtime.NumCPU())
		if used > 0 {
			others := (busy() - used - (bench.CPU() - own)).Seconds()
			text += fmt.Sprintf("; other processes, those that were measured among them, took %.0f %% of it", 100*max(others, 0)/all)
		}
		return text
	}
}

// processorName is what Linux calls the processor.
func processorName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "a processor without a name"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "a processor without a name"
}

// tick is the unit of /proc/stat.
const tick = 10 * time.Millisecond

// busy is the time that all cores worked since the start of the machine, stolen time
// included; 0 where the system does not tell.
func busy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	sum := time.Duration(0)
	for i, field := range strings.Fields(first) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err == nil && i != 4 && i != 5 && i < 9 { // neither idle nor waiting for disks; guests are counted twice
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

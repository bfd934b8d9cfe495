package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// watchMemory follows the largest resident size of a process, in bytes, until it is asked
// for it; 0 where the system does not tell. What wait tells at the end will not do: it
// begins with the size of the process that started the other.
func watchMemory(pid int) (most func() float64) {
	stop, result := make(chan struct{}), make(chan float64)
	go func() {
		largest := 0.0
		for {
			largest = max(largest, highWater(pid))
			select {
			case <-stop:
				result <- largest
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-result
	}
}

// highWater is the largest resident size of a process so far, as Linux has it.
func highWater(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0
	}
	return kilobytes * 1024
}

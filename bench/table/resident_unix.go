//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// residentSize is the largest resident size that a process had, in bytes.
func residentSize(p *os.ProcessState) float64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss)
	}
	return float64(u.Maxrss) * 1024
}

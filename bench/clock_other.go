//go:build !unix

package bench

import "time"

var began = time.Now()

// CPU is the wall time since the start, where the system does not tell processor time.
func CPU() time.Duration { return time.Since(began) }

// Straytoken finds stolen AWS session tokens in CloudTrail within seconds of their
// use.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes, a contract with scripts.
const (
	exitDone     = 0
	exitFindings = 1 // findings were made, and --fail-on asked for it
	exitUsage    = 2 // wrong usage or configuration
	exitInput    = 3 // input could not be read
	exitFailure  = 4 // anything else
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, errFindings) {
		fmt.Fprintln(os.Stderr, "straytoken: "+printable(oneLine(err)))
	}
	os.Exit(exitCode(err))
}

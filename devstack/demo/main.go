// Demo shows straytoken at work on one machine, with nothing to set up: it starts a local Kinesis and a local
// DynamoDB, two workers that share a stream, and the traffic of an invented organisation with thefts in it, or the
// trail files that one has. It prints what the workers find as they find it, and measures them at the end.
//
// Everything that it starts is gone when it ends. Run it by "make demo".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o := options{}
	flag.StringVar(&o.binary, "binary", "bin/straytoken", "the straytoken to run")
	flag.StringVar(&o.data, "data", "", "folder of trail files to replay (default: simulate a working day with thefts)")
	flag.StringVar(&o.out, "out", ".demo", "folder for findings, logs and the simulated traffic")
	flag.IntVar(&o.shards, "shards", 4, "shards of the stream")
	flag.IntVar(&o.workers, "workers", 2, "workers that share the shards")
	flag.Float64Var(&o.rate, "rate", 350, "records put a second, at most")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// errInterrupted ends a demo that a person or a program asked to end.
var errInterrupted = errors.New("interrupted")

// options are the flags.
type options struct {
	binary, data, out string
	shards, workers   int
	rate              float64
}

// check finds what cannot work before anything is started.
func (o *options) check() error {
	if _, err := os.Stat(o.binary); err != nil {
		return fmt.Errorf("no straytoken to run: %w: build it with make build", err)
	}
	if o.shards < 1 || o.workers < 1 || o.workers > o.shards {
		return errors.New("every worker needs a shard: want at least one worker and as many shards")
	}
	return nil
}

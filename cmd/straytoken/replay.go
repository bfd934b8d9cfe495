package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/straytoken/straytoken/replay"
	"github.com/straytoken/straytoken/trail"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	replay.Options
	aws     awsFlags
	format  string
	letters bool
	reasons []string
	quiet   bool
}

func newReplay() *cobra.Command {
	o := &replayOptions{}
	cmd := &cobra.Command{
		Use:   "replay PATH… --stream NAME",
		Short: "Forward trail files, or dead letters, into a Kinesis stream",
		Long: `Forward the events of trail files into a Kinesis stream, with the access key id as
partition key, so that one token's events stay in one shard and in order. What the
stream does not take is sent again.

With --dead-letter the paths are files of dead letters: their records are put back as
they were, to be processed once more.`,
		Example: "  straytoken replay ./AWSLogs --stream cloudtrail\n  straytoken replay --dead-letter straytoken-dead-letters.jsonl --stream cloudtrail",
		Args:    atLeast(1, "a PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd.Flags()); err != nil {
				return err
			}
			if o.letters {
				return o.putLetters(cmd.Context(), args)
			}
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Stream, "stream", "", "name of the Kinesis stream (required)")
	f.StringVar(&o.format, "format", string(replay.Event), "envelope: "+formatNames())
	f.IntVar(&o.Group, "group", 0, "events of one access key a record, in envelopes that hold several (default 100)")
	f.Float64Var(&o.Speed, "speed", 0, "pace by event time: 1 is real time, 60 an hour in a minute, 0 as fast as possible")
	f.DurationVar(&o.MaxPause, "max-pause", 0, "cut longer pauses of --speed short (0: never)")
	f.Float64Var(&o.RecordRate, "rate", 0, "records a second at most (0: no bound)")
	f.Float64Var(&o.ByteRate, "byte-rate", 0, "bytes a second at most (0: no bound)")
	f.IntVar(&o.Parallel, "parallel", 0, "requests in flight (default 4)")
	f.BoolVar(&o.letters, "dead-letter", false, "the paths are files of dead letters, whose records are put back as they were")
	f.StringSliceVar(&o.reasons, "reason", nil, "with --dead-letter: only letters of this reason")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary")
	o.aws.add(f)
	return cmd
}

func formatNames() string {
	var names []string
	for _, f := range replay.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// check finds flags that are missing or do not go together.
func (o *replayOptions) check(f *pflag.FlagSet) error {
	if o.Stream == "" {
		return usageError("replay needs --stream NAME")
	}
	for _, name := range []string{"format", "group", "speed", "max-pause"} {
		if o.letters && f.Changed(name) {
			return usageError("--%s says nothing of --dead-letter: records are put back as they were", name)
		}
	}
	if !o.letters && len(o.reasons) > 0 {
		return usageError("--reason goes with --dead-letter")
	}
	return nil
}

func (o *replayOptions) run(ctx context.Context, paths []string) error {
	var err error
	if o.Format, err = replay.ParseFormat(o.format); err != nil {
		return coded{exitUsage, err}
	}
	cfg, err := o.aws.load(ctx)
	if err != nil {
		return err
	}
	listing, err := trail.List(ctx, paths, trail.Options{})
	if err != nil {
		return err
	}
	bar := newBar(o.quiet)
	o.OnProblem = func(err error) { say("straytoken: left out: %v", err) }
	sum, err := replay.Run(ctx, o.aws.kinesis(cfg), listing.Files(ctx, bar.update), o.Options)
	bar.finish()
	if !o.quiet {
		say("%d events in %d records, %d bytes, to %d shards of %s", sum.Events, sum.Records, sum.Bytes, len(sum.Shards), o.Stream)
		say("%d records sent more than once, %d events left out", sum.Retried, sum.Failed)
	}
	if err == nil && sum.Problems > 0 {
		return coded{exitInput, errLeftOut}
	}
	return err
}

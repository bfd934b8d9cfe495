package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/simulate"
)

func newSimulate() *cobra.Command {
	var cfg simulate.Config
	var dir, start string
	var list bool
	cmd := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: "Write labelled CloudTrail traffic of a fleet with thefts in it",
		Long: `Write the CloudTrail of an invented organisation, with everything that confuses
detection in it and with thefts, as trail files in the AWSLogs layout. labels.json
tells which events are whose. The same seed writes the same files.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if list {
				return listScenarios(cmd)
			}
			if dir == "" {
				return usageError("simulate needs --out DIR")
			}
			if start != "" {
				t, err := time.Parse(time.RFC3339, start)
				if err != nil {
					return usageError("%q is no time: write 2027-01-31T12:00:00Z", start)
				}
				cfg.Start = t
			}
			return writeTraffic(cmd.Context(), dir, cfg)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "out", "", "folder to write to; it must be empty or new (required)")
	f.Uint64Var(&cfg.Seed, "seed", 1, "another seed, another story")
	f.StringVar(&start, "start", "", "time of the first event (default 2026-03-02T06:00:00Z)")
	f.DurationVar(&cfg.Duration, "duration", 0, "length of the log (default 8h)")
	f.IntVar(&cfg.Accounts, "accounts", 0, "AWS accounts (default 2)")
	f.IntVar(&cfg.Scale, "scale", 0, "multiplies the benign workloads (default 1: about 2,500 events an hour)")
	f.StringSliceVar(&cfg.Scenarios, "scenario", nil, "only these thefts (default: all; see --list)")
	f.IntVar(&cfg.ThievesPerScenario, "thefts", 0, "thefts of each scenario (default 1; -1: none)")
	f.Float64Var(&cfg.Duplicates, "duplicates", 0, "share of records delivered twice, 0 to 1")
	f.BoolVar(&list, "list", false, "list the scenarios")
	return cmd
}

func listScenarios(cmd *cobra.Command) error {
	for _, s := range simulate.Scenarios() {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-28s %s\n", s.Name, s.Description); err != nil {
			return err
		}
	}
	return nil
}

func writeTraffic(ctx context.Context, dir string, cfg simulate.Config) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return usageError("%s is not empty: name a new folder", dir)
	}
	sum, err := simulate.Write(ctx, dir, cfg)
	if err != nil {
		return err
	}
	say("%d events (%d of them twice) from %s to %s in %d files, %d bytes", sum.Events, sum.Duplicates,
		sum.First.Format(time.RFC3339), sum.Last.Format(time.RFC3339), sum.Files, sum.Bytes)
	say("%d thefts, %d of them visible in the log; %d harmless patterns; truth in %s", sum.Thefts, sum.Visible, sum.Benign, filepath.Join(dir, simulate.LabelsFile))
	return nil
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
	"github.com/straytoken/straytoken/trail"
)

// scanOptions are the flags of scan.
type scanOptions struct {
	configPath, inventory, format, failOn, letters, logLevel string
	atOnce, quiet, suppressed                                bool
	rules                                                    []string
	sessions, parallel                                       int
	accounts, regions                                        []string
	since, until                                             string
}

func newScan() *cobra.Command {
	o := &scanOptions{}
	cmd := &cobra.Command{
		Use:   "scan PATH…",
		Short: "Search trail files, folders, standard input (-) or s3://bucket/prefix",
		Long: `Search CloudTrail files for stolen session tokens.

PATH is a file, a folder (searched with all below it, as in AWSLogs/), - for
standard input, or s3://bucket/prefix. Findings go to standard output, each in its
final state; progress and a summary go to standard error.`,
		Example: "  straytoken scan ./AWSLogs\n  straytoken scan --format json s3://my-trail/AWSLogs/123456789012/ | jq .title",
		Args:    atLeast(1, "a PATH"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.configPath, "config", "", "configuration file")
	f.StringVar(&o.inventory, "inventory", "", "file that straytoken inventory wrote (default: inventory.file of the configuration)")
	f.StringVar(&o.format, "format", "text", "findings as text or json (one a line)")
	f.StringVar(&o.failOn, "fail-on", "", "exit with 1 when a finding of this severity or more is open; less than judge.report lowers that")
	f.BoolVar(&o.atOnce, "at-once", false, "print findings as they arise, with every change, not only their final state")
	f.BoolVar(&o.suppressed, "show-suppressed", false, "after the findings, print those that exceptions and rules suppress")
	f.StringSliceVar(&o.rules, "rules", nil, "custom rules in this file, besides those of the configuration")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary")
	f.StringVar(&o.letters, "dead-letters", "", "write what cannot be read to this file (default: only count it)")
	f.IntVar(&o.sessions, "state-keys", 5_000_000, "keys remembered at once; beyond, the least recently used are forgotten and counted")
	f.IntVar(&o.parallel, "parallel", runtime.NumCPU(), "files processed at the same time")
	f.StringSliceVar(&o.accounts, "account", nil, "only files of these accounts (by file name)")
	f.StringSliceVar(&o.regions, "in-region", nil, "only files of these regions (by file name)")
	f.StringVar(&o.since, "since", "", "only files delivered at or after this time (RFC 3339, by file name)")
	f.StringVar(&o.until, "until", "", "only files delivered before this time")
	f.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	return cmd
}

func (o *scanOptions) run(ctx context.Context, paths []string) error {
	s, err := o.prepare()
	if err != nil {
		return err
	}
	defer s.close()
	filter, err := o.filter()
	if err != nil {
		return err
	}
	listing, err := trail.List(ctx, paths, trail.Options{Filter: filter})
	if err != nil {
		return err
	}
	if err := s.read(ctx, listing, listing.Repeatable()); err != nil {
		return err
	}
	if err := s.final.Flush(ctx); err != nil {
		return err
	}
	if err := s.listSuppressed(ctx); err != nil {
		return err
	}
	if !o.quiet {
		s.summary(listing)
	}
	return s.outcome(listing)
}

func (o *scanOptions) filter() (f trail.Filter, err error) {
	f.Accounts, f.Regions = o.accounts, o.regions
	for _, t := range []struct {
		text string
		at   *time.Time
	}{{o.since, &f.Since}, {o.until, &f.Until}} {
		if t.text == "" {
			continue
		}
		if *t.at, err = time.Parse(time.RFC3339, t.text); err != nil {
			return f, usageError("%q is no time: write 2027-01-31T12:00:00Z", t.text)
		}
	}
	return f, nil
}

// scanner is one scan.
type scanner struct {
	options *scanOptions
	config  *config.Config
	log     *slog.Logger
	judge   *judgement
	memory  *state.Memory
	facts   *state.Facts
	proc    *processor.Processor
	final   *sink.Final
	letters *letterBox
	failOn  finding.Severity
	failed  []error // files that could not be read
	held    int     // findings that exceptions and rules suppress
	started time.Time

	caughtUp sync.Once // what was learned is judged before memory runs short
}

func (o *scanOptions) prepare() (*scanner, error) {
	c, err := o.settings()
	if err != nil {
		return nil, err
	}
	if o.format != "text" && o.format != "json" {
		return nil, usageError("unknown format %q: want text or json", o.format)
	}
	s := &scanner{options: o, config: c, started: time.Now(), memory: state.NewMemory(o.sessions)}
	if o.failOn != "" {
		if s.failOn, err = finding.ParseSeverity(o.failOn); err != nil {
			return nil, coded{exitUsage, err}
		}
		if s.failOn < c.Judge.Report.Value() { // to fail on what is not reported would be to fail on nothing
			c.Judge.Report.Text = s.failOn.String()
		}
	}
	if s.log, err = newLogger(o.logLevel); err != nil {
		return nil, err
	}
	if s.judge, err = newJudgement(c, o.rules...); err != nil {
		return nil, err
	}
	if s.letters, err = newLetterBox(o.letters); err != nil {
		return nil, err
	}
	s.final = sink.NewFinal(stream(os.Stdout, o.format), o.atOnce)
	s.facts = state.NewFacts(s.memory, 0)
	return s, nil
}

// settings is the configuration with the flags on top.
func (o *scanOptions) settings() (*config.Config, error) {
	c, err := loadConfig(o.configPath)
	if err == nil && o.inventory != "" {
		c.Inventory.File = o.inventory
	}
	return c, err
}

func (s *scanner) close() { s.letters.close() }

// outcome is the exit code: unreadable input, findings, or success.
func (s *scanner) outcome(listing trail.Listing) error {
	for _, err := range append(listing.Problems, s.failed...) {
		say("straytoken: not read: %v", err)
	}
	counts := s.proc.Counts()
	switch {
	case len(s.failed)+len(listing.Problems) > 0:
		return coded{exitInput, fmt.Errorf("%d files could not be read; what could be read was scanned", len(s.failed)+len(listing.Problems))}
	case counts.Events.Load() == 0 && counts.DeadLetters.Load() > 0:
		return coded{exitInput, fmt.Errorf("nothing here is CloudTrail: %s", s.letters.first)}
	case s.options.failOn != "" && s.final.Open(s.failOn) > 0:
		return errFindings
	}
	return nil
}

package main

import (
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/straytoken/straytoken/cloudtrail"
	"github.com/straytoken/straytoken/config"
	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/sink"
	"github.com/straytoken/straytoken/state"
)

// policy is what the configuration says of judgement, without custom rules and
// exceptions.
func policy(j *config.Judge) *rules.Policy {
	known := make([]network.Known, len(j.Networks))
	for i, n := range j.Networks {
		known[i] = network.Known{Prefix: n.CIDR.Prefix, Name: n.Name, Accounts: n.Accounts, Reason: n.Reason, Owner: n.Owner, Expires: n.Expires.Time}
	}
	p := &rules.Policy{Known: network.NewList(known), KnownOnly: j.KnownOnly, Accounts: j.Accounts,
		Weights: map[rules.Code]int{}, Relations: map[rules.Kind]int{}}
	for code, w := range j.Weights {
		p.Weights[rules.Code(code)] = w
	}
	for kind, w := range j.SecondAddress {
		p.Relations[rules.Kind(kind)] = w
	}
	return p
}

func limits(l config.Limits) cloudtrail.Limits {
	return cloudtrail.Limits{MaxDecompressed: l.Decompressed, MaxDepth: l.Depth, MaxEvents: l.Events}
}

// pipeline is a processor with what it owns.
func pipeline(c *config.Config, j *judgement, facts *state.Facts, findings sink.Sink, letters sink.DeadLetterSink, log *slog.Logger) *processor.Processor {
	return processor.New(processor.Config{
		Facts: facts, Policy: j.policy, Extractor: j.extractor, Staged: j.engine.Staged(),
		Findings: findings, DeadLetters: letters, Limits: limits(c.Limits),
		Lateness: c.Judge.Lateness.Duration, Report: c.Judge.Report.Value(), Logger: log,
	})
}

// outputs opens the sinks that the configuration names.
func outputs(c *config.Config) (*opened, error) {
	o := &opened{}
	var sinks []sink.Sink
	for _, out := range c.Findings {
		s, err := o.open(out)
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		if least := out.MinSeverity.Value(); least > finding.Informational {
			s = sink.MinSeverity(s, least)
		}
		sinks = append(sinks, s)
	}
	o.Sink = sink.Multi(sinks...)
	return o, nil
}

// opened is the sinks and the files behind them.
type opened struct {
	sink.Sink
	files []interface {
		io.Closer
		Reopen() error
	}
}

func (o *opened) open(out config.Output) (sink.Sink, error) {
	if out.Type == "stdout" {
		return stream(os.Stdout, string(out.Format)), nil
	}
	if out.Format == "text" {
		return nil, usageError("findings in a file are JSON lines: format text is for stdout")
	}
	f, err := sink.OpenFile(out.Path)
	if err != nil {
		return nil, err
	}
	o.files = append(o.files, f)
	return f, nil
}

// Reopen opens all files anew, after a log rotation.
func (o *opened) Reopen() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Reopen())
	}
	return errors.Join(errs...)
}

// Close closes all files.
func (o *opened) Close() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// stream is a sink on a standard stream.
func stream(f *os.File, format string) sink.Sink {
	if format == "text" {
		return sink.Text(f, finding.TextOptions{Color: colour(f), Width: width(f)})
	}
	return sink.JSON(f)
}

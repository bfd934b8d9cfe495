package main

import (
	"context"
	"errors"
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

// written is what the configuration itself says of judgement, without exceptions.
func written(j *config.Judge) *rules.Policy {
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
	p := processor.New(processor.Config{
		Facts: facts, Policy: j.policy,
		Extractor: rules.Extractor{Keep: c.State.KeepQuiet, Contested: c.State.KeepDisputed},
		Findings:  findings, DeadLetters: letters, Limits: limits(c.Limits), Memory: c.Limits.Memory / 4,
		Lateness: c.Judge.Lateness.Duration, Report: max(c.Judge.Report.Value(), finding.Low), Logger: log,
	})
	p.Counts().Stage(j.engine.Staged()...)
	return p
}

// outputs are the sinks that the configuration names, and the files behind them.
// Its zero value accepts nothing until it is opened.
type outputs struct {
	sink  sink.Sink
	files []*sink.File
}

// open opens the sinks.
func (o *outputs) open(c *config.Config) error {
	var sinks []sink.Sink
	for _, out := range c.Findings {
		s, err := o.one(out)
		if err != nil {
			return err
		}
		if least := out.MinSeverity.Value(); least > finding.Informational {
			s = sink.MinSeverity(s, least)
		}
		if out.When == config.Settled {
			s = sink.Settled(s)
		}
		sinks = append(sinks, s)
	}
	o.sink = sink.Multi(sinks...)
	return nil
}

func (o *outputs) one(out config.Output) (sink.Sink, error) {
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

// Send implements sink.Sink.
func (o *outputs) Send(ctx context.Context, findings []*finding.Finding) error {
	return o.sink.Send(ctx, findings)
}

// reopen opens all files anew, after a log rotation.
func (o *outputs) reopen() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Reopen())
	}
	return errors.Join(errs...)
}

func (o *outputs) close() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// letterFile is the file of dead letters, once it is opened.
type letterFile struct{ file *sink.DeadLetterFile }

// Send implements sink.DeadLetterSink.
func (l *letterFile) Send(ctx context.Context, letters []sink.DeadLetter) error {
	return l.file.Send(ctx, letters)
}

// stream is a sink on a standard stream.
func stream(f *os.File, format string) sink.Sink {
	if format == "text" {
		return sink.Text(f, finding.TextOptions{Color: colour(f), Width: width(f)})
	}
	return sink.JSON(f)
}

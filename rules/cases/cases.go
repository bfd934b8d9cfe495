// Package cases runs the cases that live beside custom rules: their events go
// through the whole of processing, and what comes of them is held against what is
// wanted.
package cases

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/network"
	"github.com/straytoken/straytoken/processor"
	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/rules/custom"
	"github.com/straytoken/straytoken/state"
)

// Result is how one case came out.
type Result struct {
	Rule, Case string
	Why        []string // what is not as wanted; empty when the case passes
}

// Run runs the cases of all rules, each with its own rule alone, and with that rule
// in force even where it is staged. An error is one of reading the events.
func Run(ctx context.Context, engine *custom.Engine) ([]Result, error) {
	var out []Result
	for _, rule := range engine.Rules() {
		for i := range rule.Cases {
			one := &rule.Cases[i]
			why, err := run(ctx, rule, one)
			if err != nil {
				return nil, fmt.Errorf("rule %s, case %s: %w", rule.Rule, one.Name, err)
			}
			out = append(out, Result{Rule: rule.Rule, Case: one.Name, Why: why})
		}
	}
	return out, nil
}

func run(ctx context.Context, rule *custom.Rule, c *custom.Case) ([]string, error) {
	records, err := read(rule, c)
	if err != nil {
		return nil, err
	}
	o, err := process(ctx, rule.Alone(), c, records)
	if err != nil {
		return nil, err
	}
	return o.against(&c.Want), nil
}

// read reads the case's events.
func read(rule *custom.Rule, c *custom.Case) ([]processor.Record, error) {
	var inline [][]byte
	var out []processor.Record
	for _, e := range c.Events {
		if e.Path == "" {
			inline = append(inline, e.JSON)
			continue
		}
		content, err := os.ReadFile(rule.Relative(e.Path))
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		out = append(out, processor.Record{Data: content, Source: e.Path})
	}
	if len(inline) == 0 {
		return out, nil
	}
	all := append(append([]byte(`{"Records":[`), bytes.Join(inline, []byte(","))...), `]}`...)
	return append(out, processor.Record{Data: all, Source: "the case"}), nil
}

// keep is how many events of an address are remembered, as in a scan.
const keep = 1000

// process makes of events what a scan would make of them.
func process(ctx context.Context, engine *custom.Engine, c *custom.Case, records []processor.Record) (*outcome, error) {
	memory, o := state.NewMemory(1<<16), &outcome{last: map[string]*finding.Finding{}}
	p := processor.New(processor.Config{
		Facts: state.NewFacts(memory, 0), Policy: &rules.Policy{Custom: engine, Known: networks(c.Known)},
		Extractor: rules.Extractor{Keep: keep, Contested: keep},
		Findings:  o, DeadLetters: letters{o}, Logger: slog.New(slog.DiscardHandler),
	})
	if err := p.Process(ctx, records); err != nil {
		return nil, err
	}
	if err := p.Finish(ctx); err != nil {
		return nil, err
	}
	var locks []string
	for _, key := range memory.Find("session", (*state.Set).Contested) {
		locks = append(locks, key.Rest())
	}
	var err error
	o.suppressed, err = p.Suppressed(ctx, locks)
	for _, r := range engine.Rules() {
		o.failures += r.Failures()
	}
	return o, err
}

func networks(known []string) *network.List {
	var list []network.Known
	for _, text := range known {
		if prefix, err := netip.ParsePrefix(text); err == nil { // checked when the rule was loaded
			list = append(list, network.Known{Prefix: prefix, Name: "of the case"})
		}
	}
	return network.NewList(list)
}

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/rules"
	"github.com/straytoken/straytoken/state"
	"github.com/straytoken/straytoken/trail"
)

func newExplain() *cobra.Command {
	o := &scanOptions{format: "text", quiet: true, sessions: 5_000_000, parallel: 2, logLevel: "warn"}
	cmd := &cobra.Command{
		Use:   "explain WHAT PATH…",
		Short: "Say why a session was flagged, or not: every address, fact and piece of evidence",
		Long: `Read trail files as scan does, and say all that is known of the sessions that WHAT
names: an access key id, a principal id, an event id, an instance id, or any part of
one.`,
		Args: atLeast(2, "what to explain, and a PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.explain(cmd.Context(), cmd.OutOrStdout(), args[0], args[1:])
		},
	}
	cmd.Flags().StringVar(&o.configPath, "config", "", "configuration file")
	cmd.Flags().StringVar(&o.inventory, "inventory", "", "file that straytoken inventory wrote (default: inventory.file of the configuration)")
	cmd.Flags().StringSliceVar(&o.rules, "rules", nil, "custom rules in this file, besides those of the configuration")
	return cmd
}

func (o *scanOptions) explain(ctx context.Context, w io.Writer, what string, paths []string) error {
	s, err := o.prepare()
	if err != nil {
		return err
	}
	defer s.close()
	listing, err := trail.List(ctx, paths, trail.Options{})
	if err != nil {
		return err
	}
	if err := s.read(ctx, listing, false); err != nil {
		return err
	}
	locks := s.memory.Find("session", func(set *state.Set) bool { return rules.Mentions(set, what) })
	if len(locks) == 0 {
		return coded{exitInput, fmt.Errorf("no session in these files has %q in its keys, principal or events", what)}
	}
	for _, key := range locks {
		for _, v := range s.judge.policy.Judge(key.Rest(), s.memory) {
			if err := explainVerdict(w, &v, s.memory.Set(key)); err != nil {
				return err
			}
		}
	}
	return s.outcome(listing)
}

// explainVerdict writes a verdict with everything behind it.
func explainVerdict(w io.Writer, v *rules.Verdict, set *state.Set) error {
	p := &printer{w: w}
	p.line("%s  %s  %s", v.Kind, v.Case, v.Session.ARN)
	p.line("  verdict: %s, score %d", verdictName(v), v.Score)
	p.custom(v)
	for i := range v.Places {
		p.place(&v.Places[i])
	}
	p.line("  facts:")
	for _, m := range set.Members() {
		p.line("    %-60s first %s %s %s, %d kept", m.Name, m.First().At().Format(time.RFC3339), m.First().Name, m.First().EventID, len(m.Seen))
	}
	p.line("")
	return p.err
}

// custom says what the operator's rules and exceptions do to a verdict.
func (p *printer) custom(v *rules.Verdict) {
	if v.Custom != "" {
		p.line("  finding of rule %s: %s", v.Custom, v.Title)
	}
	if s := v.Suppressed; s != nil {
		p.line("  suppressed by %s of %s: %s", s.By, s.Owner, s.Reason)
	}
	for _, e := range v.Staged {
		p.line("  staged rule %s holds: %s", e.Rule, wouldDo(e))
	}
}

// wouldDo says what a staged rule would do.
func wouldDo(e *rules.Effect) string {
	var do []string
	if e.Weight != 0 {
		do = append(do, fmt.Sprintf("would weigh %+d", e.Weight))
	}
	if e.Suppress != "" {
		do = append(do, "would suppress: "+e.Suppress)
	}
	if e.Title != "" {
		do = append(do, fmt.Sprintf("would make a finding (%s): %s", e.Severity, e.Title))
	}
	return strings.Join(do, ", ")
}

func verdictName(v *rules.Verdict) string {
	switch {
	case !v.Guilty():
		return "not flagged"
	case v.Suppressed != nil:
		return "suppressed, would be " + v.Severity.String()
	}
	return "flagged, " + v.Severity.String()
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, line(strings.TrimRight(format, " "), args...))
	}
}

func (p *printer) place(pl *rules.Place) {
	p.line("  %-9s %s %s  %s to %s, %d events kept, score %d", pl.Role, pl.First().Address, pl.Endpoint,
		pl.First().At().Format(time.RFC3339), time.Unix(pl.Last, 0).UTC().Format(time.RFC3339), len(pl.Seen), pl.Score)
	if pl.Why != "" {
		p.line("            %s", pl.Why)
	}
	for _, e := range pl.Evidence {
		p.line("            %+4d %s: %s", e.Weight, e.Code, e.Text)
	}
	names := map[string]bool{}
	for _, o := range pl.Seen {
		names[o.Name] = true
	}
	var calls []string
	for n := range names {
		calls = append(calls, n)
	}
	slices.Sort(calls)
	p.line("            calls %s; first with %q", strings.Join(calls[:min(len(calls), 12)], " "), pl.First().Agent)
}

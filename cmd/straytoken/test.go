package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/rules/cases"
	"github.com/straytoken/straytoken/rules/custom"
)

// errCases ends a test of rules of which some cases fail.
var errCases = errors.New("not all cases pass")

func newTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test RULES…",
		Short: "Run the cases that live beside custom rules",
		Long: `Compile files of custom rules and run the cases beside them: each case's events go
through the whole of processing with its rule alone in force, staged or not. The exit
code is 0 when all pass, 1 when some fail and 2 when a file is bad.`,
		Example: "  straytoken test rules/*.yaml",
		Args:    atLeast(1, "a file of rules"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return testRules(cmd.Context(), cmd.OutOrStdout(), args)
		},
	}
}

func testRules(ctx context.Context, w io.Writer, paths []string) error {
	engine, err := custom.Load(paths)
	if err != nil {
		return coded{exitUsage, err}
	}
	results, err := cases.Run(ctx, engine)
	if err != nil {
		return err
	}
	p, failed := &printer{w: w}, 0
	for _, r := range results {
		if len(r.Why) > 0 {
			failed++
		}
		p.result(r)
	}
	p.line("%d rules, %d cases, %d failed", len(engine.Rules()), len(results), failed)
	if failed > 0 {
		return errors.Join(coded{exitFindings, errCases}, p.err)
	}
	return p.err
}

func (p *printer) result(r cases.Result) {
	verdict := "pass"
	if len(r.Why) > 0 {
		verdict = "FAIL"
	}
	p.line("%s  %s: %s", verdict, r.Rule, r.Case)
	for _, why := range r.Why {
		p.line("      %s", why)
	}
}

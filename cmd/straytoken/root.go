package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// newRoot is the command line.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "straytoken",
		Short:         "Find stolen AWS session tokens in CloudTrail",
		Long:          "straytoken remembers from where each AWS session token was first used and says when\none turns up where it does not belong.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return coded{exitUsage, err} })
	root.AddCommand(newRun(), newScan(), newExplain(), newTest(), newReplay(), newSimulate(), newEvaluate(), newBench(), newInventory(), newConfig(), newHealth(), newVersion())
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError("unknown command %q: see straytoken --help", args[0])
		}
		return nil
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return root
}

// atLeast checks the number of arguments, with the usage exit code.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usageError("%s needs %s: see straytoken %s --help", cmd.Name(), what, cmd.Name())
		}
		return nil
	}
}

// exactly checks the number of arguments, with the usage exit code.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError("%s takes %s: see straytoken %s --help", cmd.Name(), what, cmd.Name())
		}
		return nil
	}
}

// newLogger logs to standard error.
func newLogger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError("unknown log level %q: want debug, info, warn or error", level)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l})), nil
}

// isTerminal tells whether a person watches a stream.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// colour tells whether text on a stream is coloured: on a terminal, unless
// NO_COLOR is set (no-color.org).
func colour(f *os.File) bool {
	_, off := os.LookupEnv("NO_COLOR")
	return !off && isTerminal(f)
}

// width is a terminal's width in columns, 0 when it is none.
func width(f *os.File) int {
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// say tells people something in one line.
func say(format string, args ...any) {
	fmt.Fprintln(os.Stderr, line(format, args...))
}

// line is a printable text in one line.
func line(format string, args ...any) string {
	return strings.ReplaceAll(printable(fmt.Sprintf(format, args...)), "\n", "\ufffd")
}

// printable is a text without what a terminal would obey or be confused by: names of
// files and objects, and errors that quote them, are the attacker's to choose.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/evaluate"
	"github.com/straytoken/straytoken/evaluate/labels"
	"github.com/straytoken/straytoken/finding"
)

func newEvaluate() *cobra.Command {
	var format, least string
	cmd := &cobra.Command{
		Use:     "evaluate LABELS FINDINGS",
		Short:   "Compare findings with the labels of the traffic that they were made from",
		Example: "  straytoken scan --format json traffic >findings.jsonl\n  straytoken evaluate traffic/labels.json findings.jsonl",
		Args:    exactly(2, "a file of labels and a file of findings"),
		RunE: func(cmd *cobra.Command, args []string) error {
			severity, err := finding.ParseSeverity(least)
			if err != nil {
				return coded{exitUsage, err}
			}
			report, err := score(args[0], args[1], severity)
			if err != nil {
				return coded{exitInput, err}
			}
			if format == "json" {
				return report.WriteJSON(cmd.OutOrStdout())
			}
			return report.WriteText(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&least, "min-severity", evaluate.DefaultSeverity.String(), "severity from which a finding counts as an alert")
	return cmd
}

func score(labelsPath, findingsPath string, least finding.Severity) (*evaluate.Report, error) {
	l, err := os.Open(labelsPath)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	set, err := labels.Read(l)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(findingsPath)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	alerts, err := evaluate.ReadFindings(f)
	if err != nil {
		return nil, err
	}
	report := evaluate.Score(set, alerts, least)
	return &report, nil
}

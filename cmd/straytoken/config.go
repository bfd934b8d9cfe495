package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/straytoken/straytoken/config"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check or print a configuration",
		RunE:  func(cmd *cobra.Command, _ []string) error { return usageError("config takes validate or print") },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "validate FILE", Short: "Report every problem of a configuration file, with its line", Args: exactly(1, "one file"),
			RunE: func(cmd *cobra.Command, args []string) error {
				c, err := loadConfig(args[0])
				if err != nil {
					return err
				}
				if _, err := loadRules(c); err != nil {
					return err
				}
				for _, warning := range c.Warnings(time.Now()) {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", args[0], warning)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: good\n", args[0])
				return err
			},
		},
		&cobra.Command{
			Use: "print [FILE]", Short: "Print a configuration with every default filled in",
			RunE: func(cmd *cobra.Command, args []string) error {
				path := ""
				if len(args) > 0 {
					path = args[0]
				}
				c, err := loadConfig(path)
				if err != nil {
					return err
				}
				return c.Print(cmd.OutOrStdout())
			},
		})
	return cmd
}

// loadConfig reads a file, or gives the defaults without one.
func loadConfig(path string) (*config.Config, error) {
	if path == "" {
		return config.Parse(nil)
	}
	c, err := config.Load(path)
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	return c, nil
}

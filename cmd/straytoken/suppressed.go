package main

import (
	"context"
	"os"

	"github.com/straytoken/straytoken/finding"
	"github.com/straytoken/straytoken/state"
)

// suppressed lists the findings that are kept from being reported in the end.
func (s *scanner) suppressed(ctx context.Context) ([]*finding.Finding, error) {
	var locks []string
	for _, key := range s.memory.Find("session", (*state.Set).Contested) {
		locks = append(locks, key.Rest())
	}
	return s.proc.Suppressed(ctx, locks)
}

// listSuppressed counts them and, where asked to, prints them.
func (s *scanner) listSuppressed(ctx context.Context) error {
	findings, err := s.suppressed(ctx)
	if err != nil {
		return err
	}
	s.held = len(findings)
	if !s.options.suppressed {
		return nil
	}
	return stream(os.Stdout, s.options.format).Send(ctx, findings)
}

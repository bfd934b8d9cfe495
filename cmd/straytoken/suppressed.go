package main

import (
	"context"
	"os"

	"github.com/straytoken/straytoken/state"
)

// showSuppressed prints the findings that are kept from being reported.
func (s *scanner) showSuppressed(ctx context.Context) error {
	var locks []string
	for _, key := range s.memory.Find("session", (*state.Set).Contested) {
		locks = append(locks, key.Rest())
	}
	findings, err := s.proc.Suppressed(ctx, locks)
	if err != nil {
		return err
	}
	return stream(os.Stdout, s.options.format).Send(ctx, findings)
}

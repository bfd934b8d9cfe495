package sink

import (
	"context"
	"fmt"
)

// turn lets one write happen at a time, and keeps nobody for longer than his context lasts. A write that hangs, into a
// pipe that nobody reads or a dead mount, goes on by itself and keeps the turn, so that nothing overtakes it.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// write waits for its turn and calls do. After an error of ctx do may still be running, or was never called.
func (t turn) write(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for a write that hangs: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-t }()
		done <- do()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the write hangs: %w", ctx.Err())
	}
}

//go:build !unix

package devstack

import (
	"context"
	"os/exec"
	"time"
)

// killGroup leaves the group alone: the servers end when their input closes.
func killGroup(cmd *exec.Cmd) { cmd.WaitDelay = 2 * time.Second }

// lock does nothing: without advisory locks, do not start two stacks for the first time at once.
func lock(context.Context, string) (unlock func(), err error) { return func() {}, nil }

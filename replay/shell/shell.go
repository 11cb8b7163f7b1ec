// Package shell runs the commands that a user gives as a line or as arguments. Each
// runs with a process group of its own where the system has such, so that what it
// started ends with it.
package shell

import (
	"context"
	"os/exec"
	"time"
)

// Grace is how long a program may take to end after it was told to.
const Grace = 2 * time.Second

// Line returns a command that the system's shell reads: sh, or cmd on Windows.
func Line(ctx context.Context, line string) *exec.Cmd {
	args := arguments(line)
	return Args(ctx, args[0], args[1:]...)
}

// Args returns a command of a program and its arguments. The end of ctx ends all
// processes of its group.
func Args(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = Grace
	group(cmd)
	cmd.Cancel = func() error { return Kill(cmd) }
	return cmd
}

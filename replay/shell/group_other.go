//go:build !unix

package shell

import "os/exec"

func arguments(line string) []string { return []string{"cmd", "/c", line} }

func group(*exec.Cmd) {}

// Kill ends a command that was started. What that started may live on.
func Kill(cmd *exec.Cmd) error { return cmd.Process.Kill() }

//go:build unix

package shell

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func arguments(line string) []string { return []string{"sh", "-c", line} }

func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Kill ends a command that was started, with all processes of its group.
func Kill(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

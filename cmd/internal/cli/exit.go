package cli

import (
	"context"
	"errors"

	"twinspect.dev/diff"
)

// exitError is the one exit code that stands for no verdict.
const exitError = 2

// ExitHelp explains the exit codes at the end of every help text.
const ExitHelp = `Exit codes:
  0    pass
  1    a negative verdict
  2    wrong usage, or the run itself failed
  3    inconclusive: too little evidence, or too much lost
  130  interrupted; what was done before is kept`

// VerdictError ends a command whose run worked and whose verdict is no pass.
type VerdictError struct{ Verdict diff.Verdict }

// Error implements error.
func (e *VerdictError) Error() string { return "verdict: " + string(e.Verdict) }

// ExitCode returns the code that stands for how a command ended.
func ExitCode(err error) int {
	var verdict *VerdictError
	switch {
	case err == nil:
		return diff.Pass.ExitCode()
	case errors.As(err, &verdict):
		return verdict.Verdict.ExitCode()
	case errors.Is(err, context.Canceled):
		return diff.Interrupted.ExitCode()
	}
	return exitError
}

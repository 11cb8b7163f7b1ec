package cli

import (
	"context"
	"errors"

	"twinspect.dev/diff"
)

// The exit codes of every command.
const (
	ExitPass         = 0
	ExitFail         = 1
	ExitError        = 2
	ExitInconclusive = 3
	ExitInterrupted  = 130
)

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
		return ExitPass
	case errors.As(err, &verdict):
		return exitOf(verdict.Verdict)
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	return ExitError
}

func exitOf(v diff.Verdict) int {
	switch v {
	case diff.Pass:
		return ExitPass
	case diff.Fail:
		return ExitFail
	case diff.Interrupted:
		return ExitInterrupted
	}
	return ExitInconclusive
}

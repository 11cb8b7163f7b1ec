// Package hooks lets a command of the user take part in a run.
package hooks

import (
	"context"
	"io"

	"twinspect.dev/contract"
	"twinspect.dev/contract/run"
)

// Command is a command under way.
type Command struct{}

// Config says which command takes part, and what it is told of the run.
type Config struct {
	// Line is the command, for the system's shell.
	Line string
	// Stderr gets what the command writes there, nil for nobody.
	Stderr   io.Writer
	Document contract.DocumentInfo
	Provider string
}

// Start starts a command that is told nothing of the run.
func Start(ctx context.Context, line string, stderr io.Writer) (*Command, error) {
	return Config{Line: line, Stderr: stderr}.Start(ctx)
}

// Start starts the command.
func (c Config) Start(ctx context.Context) (*Command, error) {
	return &Command{}, nil
}

// Before implements [run.Hooks].
func (c *Command) Before(ctx context.Context, cs *contract.Case) (run.Change, error) {
	return run.Change{}, nil
}

// After implements [run.Hooks].
func (c *Command) After(ctx context.Context, cs *contract.Case, seen []contract.Observation) ([]contract.Broken, error) {
	return nil, nil
}

// Close ends the command.
func (c *Command) Close() error { return nil }

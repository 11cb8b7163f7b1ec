// Package cli holds what the commands share: the process's environment, exit
// codes, inputs and outputs by name, progress, and the stop signal.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// Env is what a command has of the process it runs in. Tests make their own.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Version is stamped into the binary.
	Version string
	// Width is the width of the terminal that Stdout is, 0 where it is none.
	Width int
	// Progress is whether Stderr is a terminal on which a bar can be drawn.
	Progress bool
}

// Process returns the environment of this process.
func Process(version string) Env {
	env := Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv:  os.Getenv,
		Version: version,
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		env.Stderr, env.Progress = &terminal{w: os.Stderr}, true
	}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		env.Width = width
	}
	return env
}

// Color reports whether output to Stdout is coloured: on a terminal, unless
// NO_COLOR is set (https://no-color.org).
func (e Env) Color() bool {
	return e.Width > 0 && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}

// Stoppable returns a context that ends at the first SIGINT or SIGTERM. A
// second signal ends the process at once. The caller calls release.
func Stoppable(parent context.Context) (ctx context.Context, release context.CancelFunc) {
	ctx, release = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, release)
	return ctx, release
}

package cli

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Run executes a program's root command and returns the exit code. What went
// wrong is told on Stderr.
func Run(ctx context.Context, env Env, root *cobra.Command, args []string) int {
	ctx, release := Stoppable(ctx)
	defer release()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.Version = env.Version
	root.SetVersionTemplate(root.Name() + " {{.Version}}\n")
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if message := Message(err); message != "" {
		fmt.Fprintln(env.Stderr, root.Name()+": "+message)
	}
	return ExitCode(err)
}

// Stamped falls back to what the go command knows for a binary that was built
// without the Makefile.
func Stamped(version string) string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// Command twinspect-agent records the HTTP traffic of the pod that it runs
// beside, and sends it to Kafka, sampled and redacted.
package main

import (
	"context"
	"os"

	"twinspect.dev/cmd/internal/cli"
)

// version is stamped in by the linker.
var version = ""

func main() {
	os.Exit(run(context.Background(), cli.Process(cli.Stamped(version)), os.Args[1:]))
}

// run is the program: it returns the exit code.
func run(ctx context.Context, env cli.Env, args []string) int {
	return cli.Run(ctx, env, newAgent(env), args)
}

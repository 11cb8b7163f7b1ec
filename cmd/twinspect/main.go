// Command twinspect records real HTTP traffic, sends it to two versions of a
// service at once, and says which differences are real.
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
)

// version is stamped in by the linker.
var version = ""

func main() {
	os.Exit(run(context.Background(), cli.Process(cli.Stamped(version)), os.Args[1:]))
}

// run is the program: it returns the exit code.
func run(ctx context.Context, env cli.Env, args []string) int {
	return cli.Run(ctx, env, newRoot(env), args)
}

func newRoot(env cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "twinspect",
		Short: "Replay real traffic to two versions of a service and see what really differs",
		Long: `Twinspect records real HTTP traffic, sends it to the base and the branch version
of a service at once, and says which differences are real and which are noise.

` + cli.ExitHelp,
		Example: `  # record what goes to port 8080, from a capture or through a proxy
  twinspect capture --pcap traffic.pcap --port 8080 -o traffic.twin
  twinspect capture --proxy 127.0.0.1:8000=http://127.0.0.1:8080 -o traffic.twin

  # ask two versions, write report.html and friends to out/
  twinspect diff-run traffic.twin --base http://127.0.0.1:8080 --branch http://127.0.0.1:8081 --report out`,
	}
	for _, c := range []*cobra.Command{
		newCapture(env), newCat(env), newStat(env), newRedact(env), newReplay(env), newDiffRun(env), newDiff(env), newPlan(env), newWorker(env), newMerge(env), newCompare(env), newJSON(env), newRules(env), newAccept(env), newRoutes(env),
		newSpans(env), newTopology(env), newContractGen(env), newContractRun(env), newContractCheck(env), newBroker(env),
		newGate(env), newEvidence(env), newCanaryRun(env), newServe(env), newAnnotate(env),
	} {
		c.Long += "\n\n" + cli.ExitHelp
		root.AddCommand(c)
	}
	return root
}

package main

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
)

func newAgent(env cli.Env) *cobra.Command {
	given := defaults()
	var file string
	var check bool
	cmd := &cobra.Command{
		Use:   "twinspect-agent --kafka URL --port PORT [flags]",
		Short: "Record the HTTP traffic beside a service and send it to Kafka",
		Long: `Twinspect-agent records the HTTP exchanges of the network namespace that it runs
in, read-only and out of the path, and sends them to Kafka: sampled by whole
sessions, redacted before they leave. While the broker is away it keeps them on
disk within a bound. What it cannot keep is counted; /metrics balances.

It keeps its own limits of CPU, memory and bandwidth by sampling less, which
shows as twinspect_agent_sampling_factor below 1.

Settings come from --config (YAML), from the environment (` + envPrefix + `*, the
flag's name in capitals with _ for -) and from flags; the later wins. Those
marked live take effect when the file changes or at SIGHUP.

` + cli.ExitHelp,
		Example: `  twinspect-agent --port 8080 --service catalog --kafka kafka://kafka:9092/exchanges
  twinspect-agent --config /etc/twinspect/agent.yaml
  twinspect-agent --config agent.yaml --check      # say what would be used, and end
  ` + envName("kafka") + `=kafka://kafka:9092/exchanges twinspect-agent --port 8080`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from := settings{file: file, getenv: env.Getenv, flags: cmd.Flags()}
			c, err := from.load()
			if err != nil {
				return err
			}
			if check {
				return printConfig(env, c)
			}
			return runAgent(cmd.Context(), env, c, from)
		},
	}
	given.bind(cmd.Flags())
	cmd.Flags().StringVar(&file, "config", env.Getenv(envName("config")), "file of settings (YAML)")
	cmd.Flags().BoolVar(&check, "check", false, "print the settings that would be used, and end")
	cmd.Flags().VisitAll(tellEnv)
	return cmd
}

// tellEnv names the environment variable in the help of a flag.
func tellEnv(f *pflag.Flag) {
	if f.Name != "check" && !strings.Contains(f.Usage, "$") {
		f.Usage += " [$" + envName(f.Name) + "]"
	}
}

// printConfig prints the settings as the file that would say the same.
func printConfig(env cli.Env, c config) error {
	target, err := c.target()
	if err != nil {
		return err
	}
	c.Kafka = target.String()
	text, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	_, err = env.Stdout.Write(text)
	return err
}

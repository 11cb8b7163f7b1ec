package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

// gateOptions are those of a question to the gate.
type gateOptions struct {
	server   gateServerOptions
	subject  subjectOptions
	policy   string
	evidence []string
	keys     []string
	weight   float64
	wait     time.Duration
	every    time.Duration
	folder   string
	json     bool
	explain  bool // all that a verdict rests on is told
}

const gateExit = `A release that is promoted ends with 0, one that is rolled back with 1, and one that is
held with 3, as it does where the gate's server is away.`

func newGate(env cli.Env) *cobra.Command {
	var opt gateOptions
	cmd := &cobra.Command{
		Use:   "gate --policy FILE --evidence FILE,… | --server URL",
		Short: "Decide whether a release is promoted, held or rolled back",
		Long: `Gate weighs evidence by a policy: what diff-run, contract-run, contract-check and
canary-run found out about an image. It promotes the release, holds it or rolls it back,
and tells each reason with what would change it.

It decides by itself with --policy and --evidence, or asks a server that twinspect serve
started. Evidence is a file, or a folder of which all *.json are taken. What has no
envelope is taken to be of the image that --digest names.

` + gateExit + "\n\n" + gateVariables,
		Example: `  # decide in a pipeline, without a server
  twinspect gate --policy gate.yaml --service catalog --digest sha256:9f86d0… --base-digest sha256:60303a… \
    --evidence out/evidence.json,contracts/evidence.json --report verdict

  # ask the server, and wait while it holds
  twinspect gate --server https://gate.example --token env:GATE_TOKEN --service catalog --digest sha256:9f86d0… --wait 30m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return opt.run(cmd.Context(), env, short)
		},
	}
	opt.register(cmd.Flags())
	cmd.Flags().DurationVar(&opt.wait, "wait", 0, "ask the server again while it holds or is away, for so long at most")
	cmd.Flags().DurationVar(&opt.every, "every", 10*time.Second, "the time between two questions with --wait")
	for _, c := range []*cobra.Command{
		newGateExplain(env), newGateSimulate(env), newGateCheck(env), newGateOverride(env), newGateStop(env), newGateResume(env),
	} {
		c.Long += "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}

func (o *gateOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.policy, "policy", "", "the policy's file (YAML)")
	flags.StringSliceVar(&o.evidence, "evidence", nil, "files of evidence, or folders of them")
	registerKeys(flags, &o.keys)
	flags.Float64Var(&o.weight, "weight", 0, "the share of the traffic, 0 to 1, that the release wants next")
	flags.StringVar(&o.folder, "report", "", "write verdict.json, junit.xml and summary.md into this folder")
	flags.BoolVar(&o.json, "json", false, "print the verdict as JSON instead of text")
	o.subject.register(flags)
	o.server.register(flags)
}

// render writes a verdict for a person at a terminal, with the evidence that it rests on.
type render func(io.Writer, *release.Verdict, []release.Evidence, report.TerminalOptions) error

func short(w io.Writer, v *release.Verdict, _ []release.Evidence, o report.TerminalOptions) error {
	return report.Terminal(w, v, o)
}

// decided is a verdict, and the evidence that was at hand for it.
type decided struct {
	*release.Verdict
	evidence []release.Evidence
}

func (o *gateOptions) run(ctx context.Context, env cli.Env, text render) error {
	if err := o.check(env); err != nil {
		return err
	}
	d, err := o.decide(ctx, env)
	if err != nil {
		return gateAway(env, err)
	}
	return o.end(env, d, text)
}

// local reports whether it is decided here, and no server is asked.
func (o *gateOptions) local() bool { return o.policy != "" || len(o.evidence)+len(o.keys) > 0 }

// check refuses what cannot be decided, and makes the report's folder.
func (o *gateOptions) check(env cli.Env) error {
	switch {
	case !(o.weight >= 0 && o.weight <= 1):
		return fmt.Errorf("--weight %v: want a share of the traffic from 0 to 1", o.weight)
	case o.wait < 0, o.wait > 0 && o.every <= 0:
		return errors.New("--wait and --every: want more than 0")
	case o.local() && o.server.url != "":
		return errors.New("the server has its own policy, evidence and keys: leave out --policy, --evidence and --key, or --server")
	case !o.local() && envOr(env, o.server.url, gateURLVariable) == "":
		return errors.New("say by what to decide: --policy FILE and --evidence FILES, or --server URL, which may be in the environment variable " + gateURLVariable)
	case o.local() && o.policy == "":
		return errors.New("say by which policy: --policy FILE")
	case o.local() && o.wait > 0:
		return errors.New("--wait asks a server again; files of evidence stay as they are")
	case o.local() && (o.subject.Service == "" || o.subject.Digest == ""):
		return errors.New("say what is released: --service NAME and --digest sha256:…")
	case o.subject.Service == "":
		return errors.New("say what is released: --service NAME, and --digest unless the last announced release is meant")
	}
	return makeFolder(o.folder)
}

func makeFolder(name string) error {
	if name == "" {
		return nil
	}
	if err := os.MkdirAll(name, 0o755); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

// end tells a verdict, and ends the command with its code.
func (o *gateOptions) end(env cli.Env, d *decided, text render) error {
	if err := o.tell(env, d, text); err != nil {
		return err
	}
	switch d.Decision {
	case release.Promote:
		return nil
	case release.Rollback:
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return undecided()
}

// tell prints the verdict and writes its files.
func (o *gateOptions) tell(env cli.Env, d *decided, text render) error {
	if o.folder != "" {
		for name, write := range map[string]func(io.Writer, *release.Verdict) error{
			"verdict.json": report.JSON, "junit.xml": report.JUnit, "summary.md": report.Markdown,
		} {
			err := writeOutput(env, filepath.Join(o.folder, name), func(w io.Writer) error { return write(w, d.Verdict) })
			if err != nil {
				return fmt.Errorf("--report: %w", err)
			}
		}
	}
	if o.json {
		return report.JSON(env.Stdout, d.Verdict)
	}
	return text(env.Stdout, d.Verdict, d.evidence, report.TerminalOptions{Color: env.Color(), Width: env.Width})
}

// writeOutput writes to a file, or to standard output where its name is "-". The file is
// written once all that goes into it is there, so that an error leaves no half of it.
func writeOutput(env cli.Env, name string, write func(io.Writer) error) error {
	if name == "-" || name == "" {
		return write(env.Stdout)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

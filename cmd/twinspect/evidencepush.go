package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/gate/client"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/statement"
)

type evidencePushOptions struct {
	server  gateServerOptions
	subject subjectOptions
	origin  originOptions
	key     string
	json    bool
}

func newEvidencePush(env cli.Env) *cobra.Command {
	var opt evidencePushOptions
	cmd := &cobra.Command{
		Use:   "push FILE… --server URL --service S --digest D",
		Short: "File evidence with the gate's server",
		Long: `Push files evidence with the gate's server: the evidence.json of diff-run, contract-run,
contract-check and canary-run, or an envelope that twinspect evidence sign wrote. With
--sign it is signed first. What was filed before is not filed again.

Branch, commit, pipeline and job are those that GitHub Actions, GitLab CI and Jenkins say
in the environment, unless they are given.

` + gateVariables,
		Example: `  twinspect evidence push out/evidence.json --server https://gate.example --token env:GATE_TOKEN \
    --service catalog --digest sha256:9f86d0… --base-digest sha256:60303a…
  twinspect evidence push out/evidence.json --sign file:ci.key --service catalog --digest sha256:9f86d0…`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions([]cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE:              func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args) },
	}
	flags := cmd.Flags()
	opt.server.register(flags)
	opt.subject.register(flags)
	opt.origin.register(flags)
	flags.StringVar(&opt.key, "sign", "", "sign with this private key (PEM): env:NAME or file:PATH")
	flags.BoolVar(&opt.json, "json", false, "print what was filed, a line of JSON for each")
	return cmd
}

func (o *evidencePushOptions) run(ctx context.Context, env cli.Env, files []string) error {
	o.origin.fill(env)
	key, err := privateKey(env, o.key)
	if err != nil {
		return err
	}
	files, err = evidenceFiles(files)
	if err != nil {
		return err
	}
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	for _, file := range files {
		document, err := o.document(file, key)
		if err != nil {
			return err
		}
		p, err := c.Push(ctx, document, o.subject.Subject, o.origin.Origin)
		if err != nil {
			return gateAway(env, fmt.Errorf("%s: %w", file, err))
		}
		if err := o.tell(env, file, p); err != nil {
			return err
		}
	}
	return nil
}

// document reads what is pushed. What the server would refuse too is not sent.
func (o *evidencePushOptions) document(file string, key *statement.PrivateKey) ([]byte, error) {
	document, err := readFiled(file)
	if err != nil {
		return nil, err
	}
	if key != nil {
		return wrapped(file, document, o.subject.Subject, o.origin.Origin, key)
	}
	if _, err := intake.Read(document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return document, nil
}

func (o *evidencePushOptions) tell(env cli.Env, file string, p *client.Pushed) error {
	if o.json {
		return printLines(env.Stdout, []*client.Pushed{p})
	}
	_, err := fmt.Fprintf(env.Stdout, "%s  %s  %s, %s  %s\n", cli.Visible(p.Evidence.ID), either(p.Added, "filed", "known already"),
		cli.Visible(string(p.Evidence.Kind)), cli.Visible(string(p.Evidence.Outcome)), cli.Visible(file))
	return err
}

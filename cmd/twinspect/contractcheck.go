package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/traffic"
	"twinspect.dev/diff"
)

type contractTrafficOptions struct {
	documentOptions
	reportOptions
}

func newContractCheckTraffic(env cli.Env) *cobra.Command {
	var opt contractTrafficOptions
	cmd := &cobra.Command{
		Use:   "traffic SPEC FILE",
		Short: "Say which recorded exchanges break an OpenAPI document, and what of it nobody uses",
		Long: `Traffic holds a recording against an OpenAPI document, and sends nothing: which
answers break it, which requests were accepted that it does not allow, which
operations it does not have, and which operations, parameters, statuses and fields
of it nobody uses.`,
		Example: `  twinspect contract-check traffic openapi.yaml traffic.twin
  twinspect contract-check traffic openapi.yaml traffic.twin --report out
  twinspect contract-check traffic openapi.yaml 'kafka://127.0.0.1:9092/exchanges?from=-15m&to=now' --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.allowURLs, "allow-urls", false, "follow references of the document to other machines")
	opt.reportOptions.register(flags)
	return cmd
}

func (o *contractTrafficOptions) run(ctx context.Context, env cli.Env, spec, file string) (err error) {
	if err := o.reportOptions.check(); err != nil {
		return err
	}
	doc, err := o.load(env, spec)
	if err != nil {
		return err
	}
	redactor, err := redact.New(redact.Rules{}, redact.NewKey())
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	suite, damage := suiteOf(doc), cli.NewDamage(env)
	stop := cli.Watch(ctx, env, "checked", in.Unit+" of the recording", in.Progress)
	r, err := traffic.Check(ctx, in, suite, traffic.Options{
		Redact: func(e *capture.Exchange) { redactor.Redact(e) }, Damaged: damage.Report,
		Tool: "twinspect " + env.Version, Input: file,
	})
	stop()
	if r == nil {
		return err
	}
	if err := errors.Join(err, o.publish(env, r), damage.Err()); err != nil {
		return err
	}
	if r.Verdict != contract.Pass {
		return &cli.VerdictError{Verdict: diff.Verdict(r.Verdict)}
	}
	return nil
}

func suiteOf(doc *openapi.Document) traffic.Suite {
	schemas := schema.New(doc)
	codec := message.New(doc, schemas)
	return traffic.Suite{Document: doc, Schemas: schemas, Codec: codec, Conformer: conform.New(doc, schemas, codec)}
}

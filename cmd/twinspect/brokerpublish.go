package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/pact/broker"
)

type brokerPublishOptions struct {
	brokerOptions
	ca          string
	publication broker.Publication
}

func newBrokerPublish(env cli.Env) *cobra.Command {
	var opt brokerPublishOptions
	cmd := &cobra.Command{
		Use:   "publish PACT... --broker URL --version V",
		Short: "Publish the Pact files of a consumer's version",
		Long: `Publish sends Pact files, or those of a folder, to a Pact Broker, byte for byte, under
the version of the consumer that they belong to. Publishing the same again is harmless.`,
		Example: `  twinspect broker publish pacts/ --broker https://broker.example --version 1.4.0+3f2a1c --branch main
  twinspect broker publish pacts/checkout-catalog.json --version 3f2a1c --branch feature --build-url "$CI_JOB_URL"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return opt.run(cmd.Context(), env, args) },
	}
	flags := cmd.Flags()
	p := &opt.publication
	flags.StringVar(&p.Version, "version", "", "version of the consumer, a new one for each change")
	flags.StringVar(&p.Branch, "branch", "", "branch of the consumer's repository that it was made of")
	flags.StringArrayVar(&p.Tags, "tag", nil, "tag of the version; may be given more than once")
	flags.StringVar(&p.BuildURL, "build-url", "", "where the build can be looked at")
	flags.BoolVar(&p.Merge, "merge", false, "add to what was published under the same version, for tests that run in parts")
	flags.StringVar(&opt.ca, "ca", "", "trust the certificates of this file (PEM) for the broker")
	opt.register(flags)
	_ = cmd.MarkFlagRequired("version")
	cmd.ValidArgsFunction = completePacts
	return cmd
}

func (o *brokerPublishOptions) run(ctx context.Context, env cli.Env, args []string) error {
	client, shown, err := o.open(env, o.ca)
	if err != nil {
		return err
	}
	defer client.Close()
	paths, err := pactPaths(env, args)
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := publishable(path)
		if err != nil {
			return err
		}
		o.publication.Files = append(o.publication.Files, f)
	}
	published, err := client.Publish(ctx, o.publication)
	if published != nil {
		showNotices(env.Stderr, published.Notices)
	}
	if err != nil {
		return err
	}
	for _, f := range o.publication.Files {
		fmt.Fprintf(env.Stdout, "published %s → %s, version %s, to %s\n",
			cli.Visible(f.Consumer), cli.Visible(f.Provider), cli.Visible(o.publication.Version), shown)
	}
	return nil
}

// publishable reads a file as it is published.
func publishable(path string) (broker.File, error) {
	data, err := readBounded(path)
	if err != nil {
		return broker.File{}, err
	}
	return broker.ParseFile(path, data)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/diff"
)

func newBroker(env cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Publish Pact files to a Pact Broker, get them, and ask what may be deployed",
		Args:  cobra.NoArgs,
	}
	for _, c := range []*cobra.Command{newBrokerPublish(env), newBrokerFetch(env), newBrokerDeploy(env)} {
		c.Long += "\n\n" + brokerVariables + "\n\n" + cli.ExitHelp
		cmd.AddCommand(c)
	}
	return cmd
}

func undecided() error { return &cli.VerdictError{Verdict: diff.Inconclusive} }

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

// fetchOptions say which pacts of a provider are meant.
type fetchOptions struct {
	name    string
	choice  []string
	pending bool
	wip     string
	branch  string
}

func (o *fetchOptions) query() (broker.Query, error) {
	q := broker.Query{Provider: o.name, Pending: o.pending, WIP: o.wip, Branch: o.branch}
	if o.name == "" {
		return q, errors.New("say whose pacts are meant: --provider-name NAME, as its consumers have it")
	}
	if (o.pending || o.wip != "") && o.branch == "" {
		return q, errors.New("--enable-pending and --wip-since need --provider-branch: a pact is pending for a branch of the provider")
	}
	var err error
	q.Selectors, err = readSelectors(o.choice)
	return q, err
}

type brokerFetchOptions struct {
	brokerOptions
	fetchOptions
	ca, dir string
	force   bool
}

func newBrokerFetch(env cli.Env) *cobra.Command {
	var opt brokerFetchOptions
	cmd := &cobra.Command{
		Use:   "fetch --broker URL --provider-name NAME",
		Short: "Get the Pact files that a provider has to keep",
		Long: `Fetch lists the pacts that a provider has to keep, or writes them into a folder, where
contract-run verifies them without the broker.`,
		Example: `  twinspect broker fetch --broker https://broker.example --provider-name catalog -o pacts
  twinspect broker fetch --provider-name catalog --select main-branch --select deployed-or-released`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.name, "provider-name", "", "name of the provider, as its consumers have it")
	flags.StringArrayVar(&opt.choice, "select", nil, selectHelp)
	flags.StringVarP(&opt.dir, "output", "o", "", "write the files into this folder")
	flags.BoolVar(&opt.force, "force", false, "overwrite files")
	flags.StringVar(&opt.ca, "ca", "", "trust the certificates of this file (PEM) for the broker")
	opt.register(flags)
	_ = cmd.MarkFlagRequired("provider-name")
	_ = cmd.RegisterFlagCompletionFunc("select", completeSelectors)
	return cmd
}

func (o *brokerFetchOptions) run(ctx context.Context, env cli.Env) error {
	query, err := o.query()
	if err != nil {
		return err
	}
	client, _, err := o.open(env, o.ca)
	if err != nil {
		return err
	}
	defer client.Close()
	if o.dir == "" {
		list, err := client.List(ctx, query)
		if err != nil {
			return err
		}
		for _, l := range list {
			fmt.Fprintf(env.Stdout, "%s  %s\n", cli.Visible(l.Name), cli.Visible(l.URL))
		}
		return tellNone(env, len(list), o.name)
	}
	list, err := client.Fetch(ctx, query)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	files := pactNames(list)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(o.dir, name)
		if err := o.write(path, files[name].Content); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, path)
	}
	return tellNone(env, len(list), o.name)
}

func tellNone(env cli.Env, n int, provider string) error {
	if n == 0 {
		fmt.Fprintf(env.Stderr, "twinspect: the broker has no pact of %s for what was selected\n", cli.Visible(provider))
	}
	return nil
}

func (o *brokerFetchOptions) write(path string, data []byte) error {
	flag := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if o.force {
		flag = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// pactNames names the files of pacts: CONSUMER-PROVIDER.json, numbered where several
// versions of a consumer count.
func pactNames(list []*broker.Fetched) map[string]*broker.Fetched {
	out := map[string]*broker.Fetched{}
	for _, f := range list {
		base := participantFile(f.Pact.Consumer) + "-" + participantFile(f.Pact.Provider)
		name := base + ".json"
		for n := 2; out[name] != nil; n++ {
			name = fmt.Sprintf("%s-%d.json", base, n)
		}
		out[name] = f
	}
	return out
}

// maxParticipant keeps a name below the 255 bytes that file systems take, with two of
// them in one.
const maxParticipant = 100

// participantFile makes a name of a participant one that every file system takes, and that
// stays in its folder.
func participantFile(name string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		}
		return '_'
	}, name)
	return safe[:min(len(safe), maxParticipant)]
}

type brokerDeployOptions struct {
	brokerOptions
	ca, name, number string
	to               broker.Target
}

func newBrokerDeploy(env cli.Env) *cobra.Command {
	var opt brokerDeployOptions
	cmd := &cobra.Command{
		Use:   "can-i-deploy --broker URL --name NAME --version V --to ENVIRONMENT",
		Short: "Ask whether a version may be deployed",
		Long: `Can-i-deploy asks a Pact Broker whether a version of a consumer or provider is
compatible with all that runs in an environment. It ends with 0 where it is, with 1
where it is not or a verification is missing, and with 3 where the broker is away.`,
		Example: `  twinspect broker can-i-deploy --broker https://broker.example --name checkout --version 3f2a1c --to production
  twinspect broker can-i-deploy --name checkout --version 3f2a1c --to-tag prod`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return opt.run(cmd.Context(), env) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.name, "name", "", "name of the consumer or provider")
	flags.StringVar(&opt.number, "version", "", "its version")
	flags.StringVar(&opt.to.Environment, "to", "", "the environment")
	flags.StringVar(&opt.to.Tag, "to-tag", "", "where versions with this tag are, for brokers that record no deployments")
	flags.StringVar(&opt.ca, "ca", "", "trust the certificates of this file (PEM) for the broker")
	opt.register(flags)
	for _, name := range []string{"name", "version"} {
		_ = cmd.MarkFlagRequired(name)
	}
	cmd.MarkFlagsOneRequired("to", "to-tag")
	cmd.MarkFlagsMutuallyExclusive("to", "to-tag")
	return cmd
}

func (o *brokerDeployOptions) run(ctx context.Context, env cli.Env) error {
	client, _, err := o.open(env, o.ca)
	if err != nil {
		return err
	}
	defer client.Close()
	d, err := client.CanIDeploy(ctx, o.name, o.number, o.to)
	if err != nil {
		return awayOr(env, err)
	}
	answer := "no"
	if d.OK {
		answer = "yes"
	}
	fmt.Fprintln(env.Stdout, answer+": "+strings.Join(visibleLines(d.Reason), "\n"))
	showNotices(env.Stderr, d.Notices)
	if !d.OK {
		return &cli.VerdictError{Verdict: diff.Fail}
	}
	return nil
}

func visibleLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = cli.Visible(lines[i])
	}
	return lines
}

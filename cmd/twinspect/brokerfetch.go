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
)

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

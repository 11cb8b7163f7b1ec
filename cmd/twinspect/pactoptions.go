package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pactOptions say which Pact files are verified, and how.
type pactOptions struct {
	brokerOptions
	fetchOptions
	stateURL, stateCommand, messageURL string
	noTeardown                         bool
	headers                            []string
	filter                             string
	version, publishBranch, buildURL   string

	own     []string // names of the flags
	changed func(flag string) bool
}

const pactHelp = `Where the arguments are Pact files, or folders of such, or where the pacts come from a
Pact Broker, contract-run verifies them: each interaction's request is sent, after its
provider states were set up, and the answer is held against what the consumer expects.
A pending pact that fails is told, and does not count.`

func (o *pactOptions) registerPacts(cmd *cobra.Command) {
	flags := pflag.NewFlagSet("pact", pflag.ContinueOnError)
	flags.StringVar(&o.stateURL, "state-url", "", "Pact files: where provider states are posted to")
	flags.StringVar(&o.stateCommand, "state-command", "", "Pact files: a command that sets up provider states and makes messages, by JSON lines")
	flags.BoolVar(&o.noTeardown, "no-teardown", false, "Pact files: post no teardowns to --state-url")
	flags.StringVar(&o.messageURL, "message-url", "", "Pact files: where the provider's messages are asked for")
	flags.StringArrayVar(&o.headers, "header", nil, "Pact files: add NAME:VALUE to each request; a secret as env:NAME, as in 'Authorization: Bearer env:TOKEN'")
	flags.StringVar(&o.filter, "filter", "", "Pact files: interactions alone whose description has this text")
	flags.StringVar(&o.name, "provider-name", "", "broker: verify the pacts of this provider")
	flags.StringArrayVar(&o.choice, "select", nil, "broker: "+selectHelp)
	flags.BoolVar(&o.pending, "enable-pending", false, "broker: what the provider has never kept is pending, and does not count")
	flags.StringVar(&o.wip, "wip-since", "", "broker: add what consumers work on since this date (YYYY-MM-DD), pending")
	flags.StringVar(&o.branch, "provider-branch", "", "broker: branch of the provider that is verified")
	flags.StringVar(&o.version, "publish-version", "", "broker: publish the results for this version of the provider")
	flags.StringVar(&o.publishBranch, "publish-branch", "", "broker: branch of that version (default: --provider-branch)")
	flags.StringVar(&o.buildURL, "build-url", "", "broker: where the build can be looked at")
	o.brokerOptions.register(flags)
	flags.VisitAll(func(f *pflag.Flag) { o.own = append(o.own, f.Name) })
	cmd.Flags().AddFlagSet(flags)
	o.changed = cmd.Flags().Changed
	_ = cmd.RegisterFlagCompletionFunc("select", completeSelectors)
}

// sharedFlags count for documents and for Pact files.
var sharedFlags = []string{
	"provider", "parallel", "seed", "report", "json", "verbose", "no-redact", "help",
	"timeout", "body-limit", "protocol", "dial", "ca", "cert", "key", "server-name", "insecure",
}

// meant reports whether Pact files are to be verified, and refuses what is for the
// other kind of argument.
func (o *pactOptions) meant(args []string, flags *pflag.FlagSet) (bool, error) {
	if len(args) == 0 {
		if o.brokerURL == "" && o.name == "" {
			return false, errors.New("give a document, a folder of cases, Pact files, or a broker's pacts by --broker URL and --provider-name NAME")
		}
		return true, o.refuse(flags, true)
	}
	pacts, err := areAllPacts(args)
	if err != nil {
		return false, err
	}
	if pacts && (o.changed("provider-name") || o.changed("broker")) {
		return false, errors.New("--broker and --provider-name fetch pacts: leave the files out, or verify the files alone")
	}
	return pacts, o.refuse(flags, pacts)
}

// refuse tells of a flag that counts for the other kind of argument alone.
func (o *pactOptions) refuse(flags *pflag.FlagSet, pacts bool) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		forPacts := slices.Contains(o.own, f.Name)
		switch {
		case slices.Contains(sharedFlags, f.Name) || forPacts == pacts:
		case forPacts:
			errs = append(errs, fmt.Errorf("--%s is for Pact files, and a document or its cases are tested here", f.Name))
		default:
			errs = append(errs, fmt.Errorf("--%s is for testing against a document, and Pact files are verified here", f.Name))
		}
	})
	return errors.Join(errs...)
}

// checkPacts refuses what cannot be meant together.
func (o *pactOptions) checkPacts(args []string) error {
	brokerOnly := []string{"select", "enable-pending", "wip-since", "provider-branch", "publish-version", "publish-branch", "build-url"}
	var errs []error
	if len(args) > 0 {
		for _, name := range brokerOnly {
			if o.changed(name) {
				errs = append(errs, fmt.Errorf("--%s is for the pacts of a broker: give --broker and --provider-name in the place of files", name))
			}
		}
	}
	if o.stateURL != "" && o.stateCommand != "" {
		errs = append(errs, errors.New("--state-url and --state-command both set up the states: choose one"))
	}
	if o.noTeardown && o.stateURL == "" {
		errs = append(errs, errors.New("--no-teardown is for --state-url"))
	}
	if o.version != "" && o.filter != "" {
		errs = append(errs, errors.New("--publish-version with --filter: the result of a part would stand for the whole pact"))
	}
	if o.version == "" && (o.publishBranch != "" || o.buildURL != "") {
		errs = append(errs, errors.New("--publish-branch and --build-url tell of what is published: add --publish-version"))
	}
	return errors.Join(errs...)
}

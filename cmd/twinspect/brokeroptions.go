package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract/pact/broker"
	"twinspect.dev/replay/send"
)

// The variables of the environment that Pact's own tools read.
const (
	brokerURLVariable      = "PACT_BROKER_BASE_URL"
	brokerTokenVariable    = "PACT_BROKER_TOKEN"
	brokerUserVariable     = "PACT_BROKER_USERNAME"
	brokerPasswordVariable = "PACT_BROKER_PASSWORD"
)

const brokerVariables = `Where they are not given by flags, the broker and its credentials are those that Pact's
own tools read from the environment: PACT_BROKER_BASE_URL, PACT_BROKER_TOKEN, or
PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD.`

// brokerOptions say where the broker is and who asks it.
type brokerOptions struct {
	brokerURL, token, user, password string
	retries                          int
}

func (o *brokerOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.brokerURL, "broker", "", "URL of the Pact Broker")
	flags.StringVar(&o.token, "broker-token", "", "the broker's token: env:NAME or file:PATH")
	flags.StringVar(&o.user, "broker-user", "", "who asks the broker, with --broker-password")
	flags.StringVar(&o.password, "broker-password", "", "the password: env:NAME or file:PATH")
	flags.IntVar(&o.retries, "broker-retries", broker.DefaultAttempts-1, "ask a broker that is away so many times again")
}

// config makes the broker's configuration of flags and environment. Credentials of
// both are not mixed: who gives some by flags means those.
func (o *brokerOptions) config(env cli.Env, ca string) (broker.Config, error) {
	cfg := broker.Config{URL: envOr(env, o.brokerURL, brokerURLVariable), Attempts: o.retries + 1, Tool: "twinspect", ToolVersion: env.Version}
	if cfg.URL == "" {
		return cfg, fmt.Errorf("say where the broker is: --broker URL, or the environment variable %s", brokerURLVariable)
	}
	if o.retries < 0 {
		return cfg, fmt.Errorf("--broker-retries %d: want 0 or more", o.retries)
	}
	if (o.user == "") != (o.password == "") {
		return cfg, errors.New("--broker-user and --broker-password belong together")
	}
	var err error
	if cfg.TLS, err = (send.TLSOptions{CA: ca}).Config(); err != nil {
		return cfg, err
	}
	if o.token == "" && o.user == "" {
		cfg.Token, cfg.Username, cfg.Password = env.Getenv(brokerTokenVariable), env.Getenv(brokerUserVariable), env.Getenv(brokerPasswordVariable)
		if cfg.Token != "" {
			cfg.Username, cfg.Password = "", "" // as Pact's own tools have it
		}
		return cfg, nil
	}
	token, tokenErr := secretValue(env, "broker-token", o.token)
	password, passwordErr := secretValue(env, "broker-password", o.password)
	cfg.Token, cfg.Username, cfg.Password = token, o.user, password
	return cfg, errors.Join(tokenErr, passwordErr)
}

// open returns the client, and the URL as it may be shown.
func (o *brokerOptions) open(env cli.Env, ca string) (*broker.Client, string, error) {
	cfg, err := o.config(env, ca)
	if err != nil {
		return nil, "", err
	}
	client, err := broker.New(cfg)
	if err != nil {
		return nil, "", fmt.Errorf("--broker: %w", err)
	}
	shown, _ := url.Parse(cfg.URL) // New has parsed it
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	return client, shown.String(), nil
}

// selectorNames are what --select takes; those that end in = want a name.
var selectorNames = []string{
	"main-branch", "matching-branch", "deployed-or-released", "deployed", "released", "latest",
	"branch=", "fallback-branch=", "tag=", "environment=", "consumer=",
}

const selectHelp = "choose the consumers' versions: main-branch, deployed-or-released, branch=NAME, tag=NAME, latest; " +
	"joined by commas they count together, as in branch=NAME,consumer=NAME"

func completeSelectors(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return selectorNames, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// readSelectors reads what --select says.
func readSelectors(given []string) ([]broker.Selector, error) {
	var out []broker.Selector
	for _, text := range given {
		var s broker.Selector
		for part := range strings.SplitSeq(text, ",") {
			if err := selectBy(&s, strings.TrimSpace(part)); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func selectBy(s *broker.Selector, part string) error {
	name, value, valued := strings.Cut(part, "=")
	set := map[string]*bool{
		"main-branch": &s.MainBranch, "matching-branch": &s.MatchingBranch, "deployed-or-released": &s.DeployedOrReleased,
		"deployed": &s.Deployed, "released": &s.Released, "latest": &s.Latest,
	}[name]
	named := map[string]*string{
		"branch": &s.Branch, "fallback-branch": &s.FallbackBranch, "tag": &s.Tag, "environment": &s.Environment, "consumer": &s.Consumer,
	}[name]
	switch {
	case set != nil && !valued:
		*set = true
	case named != nil && value != "":
		*named = value
		// Of the versions with a tag the last counts, as Pact's tools have it.
		s.Latest = s.Latest || name == "tag"
	default:
		return fmt.Errorf("--select %q: want one of %s", part, strings.Join(selectorNames, ", "))
	}
	return nil
}

// showNotices writes what the broker wants a person to read.
func showNotices(w io.Writer, notices []broker.Notice) {
	for _, n := range notices {
		for line := range strings.Lines(n.Text) {
			fmt.Fprintln(w, "broker: "+cli.Visible(strings.TrimRight(line, "\n")))
		}
	}
}

// awayOr ends a command with inconclusive where a broker was away, as nothing is
// known then; any other error is the command's.
func awayOr(env cli.Env, err error) error {
	if !broker.Unreachable(err) {
		return err
	}
	fmt.Fprintln(env.Stderr, "twinspect: "+cli.Message(err))
	return undecided()
}

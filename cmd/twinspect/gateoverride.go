package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
)

type gateOverrideOptions struct {
	server                           gateServerOptions
	service, digest, verdict, reason string
	lasting                          time.Duration
	revoke                           string
}

// verdicts are what a release can be told.
var verdicts = []cobra.Completion{string(release.Promote), string(release.Hold), string(release.Rollback)}

func newGateOverride(env cli.Env) *cobra.Command {
	var opt gateOverrideOptions
	cmd := &cobra.Command{
		Use:   "override --service S --digest D --verdict promote --reason TEXT --for 2h | --revoke ID",
		Short: "Set the verdict on one image aside for a time, in your name",
		Long: `Override sets the gate's verdict on one image of a service aside: for a time, with a
reason, in the name of the token that asks. The policy says who may, for how long, and
whether what evidence rolls back can be promoted at all. It is kept in the audit log.

` + gateVariables,
		Example: `  twinspect gate override --service catalog --digest sha256:9f86d0… --verdict promote \
    --reason "the two differences are the new currency, agreed in SHOP-412" --for 2h
  twinspect gate override --revoke ov_5f3c`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opt.revoke != "" {
				return gateAway(env, opt.takeBack(cmd.Context(), env))
			}
			return gateAway(env, opt.file(cmd.Context(), env))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.service, "service", "", "name of the service")
	flags.StringVar(&opt.digest, "digest", "", "digest of the image that it is for: sha256:…")
	flags.StringVar(&opt.verdict, "verdict", "", "promote, hold or rollback")
	flags.StringVar(&opt.reason, "reason", "", "why")
	flags.DurationVar(&opt.lasting, "for", time.Hour, "for how long")
	flags.StringVar(&opt.revoke, "revoke", "", "take the override with this id back")
	_ = cmd.RegisterFlagCompletionFunc("verdict", cobra.FixedCompletions(verdicts, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsOneRequired("verdict", "revoke")
	for _, other := range []string{"service", "digest", "verdict", "reason", "for"} {
		cmd.MarkFlagsMutuallyExclusive("revoke", other)
	}
	opt.server.register(flags)
	return cmd
}

func (o *gateOverrideOptions) check() error {
	switch {
	case o.service == "" || o.digest == "":
		return errors.New("an override is for one image: --service NAME and --digest sha256:…")
	case !slices.Contains(verdicts, o.verdict):
		return fmt.Errorf("--verdict %q: want promote, hold or rollback", o.verdict)
	case o.reason == "":
		return errors.New("say why: --reason TEXT")
	case o.lasting <= 0:
		return fmt.Errorf("--for %s: want more than 0", o.lasting)
	}
	return nil
}

func (o *gateOverrideOptions) file(ctx context.Context, env cli.Env) error {
	if err := o.check(); err != nil {
		return err
	}
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	filed, err := c.Override(ctx, release.Override{
		Service: o.service, Digest: o.digest, Decision: release.Decision(o.verdict), Reason: o.reason, Until: time.Now().UTC().Add(o.lasting),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s: %s of %s %s until %s\n", cli.Visible(filed.ID), filed.Decision,
		cli.Visible(filed.Service), cli.Visible(filed.Digest), filed.Until.Local().Format(time.RFC1123))
	return err
}

func (o *gateOverrideOptions) takeBack(ctx context.Context, env cli.Env) error {
	c, err := o.server.open(env)
	if err != nil {
		return err
	}
	if err := c.Revoke(ctx, o.revoke); err != nil {
		return fmt.Errorf("%s: %w", o.revoke, err)
	}
	_, err = fmt.Fprintln(env.Stdout, "took back "+cli.Visible(o.revoke))
	return err
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/rules"
)

type rulesSuggestOptions struct {
	output     string
	minSupport uint64
	days       int
}

func newRulesSuggest(env cli.Env) *cobra.Command {
	var opt rulesSuggestOptions
	cmd := &cobra.Command{
		Use:   "suggest EVIDENCE.json",
		Short: "Suggest the narrowest rules that a run's noise supports",
		Long: `Suggest proposes a rule for each difference that was judged noise because base
differs from itself there, often enough to know how: the class that its values keep,
how near its numbers stay, the order of an array. It never proposes a rule for a
difference of structure (a member that comes or goes, another type, a broken body, a
status), nor one that hides a whole part. What it refuses it lists, and why.

The rules are printed, or with -o added to a rule file, whose comments stay. They
expire, so that somebody looks at them again.`,
		Example: `  twinspect rules suggest out/evidence.json
  twinspect rules suggest out/evidence.json -o twinspect.yaml --min-support 50`,
		Args:              cobra.ExactArgs(1),
		RunE:              func(_ *cobra.Command, args []string) error { return opt.run(env, args[0]) },
		ValidArgsFunction: completeJSON,
	}
	flags := cmd.Flags()
	flags.StringVarP(&opt.output, "output", "o", "", "rule file to add the rules to (default: print them)")
	flags.Uint64Var(&opt.minSupport, "min-support", rules.DefaultMinSupport, "in how many outcomes base must have differed from itself")
	flags.IntVar(&opt.days, "days", int(rules.DefaultLifetime.Hours()/24), "how many days the rules hold")
	_ = cmd.MarkFlagFilename("output", "yaml", "yml")
	return cmd
}

// maxDays bounds what people give for days: a hundred years.
const maxDays = 36500

func (o *rulesSuggestOptions) run(env cli.Env, file string) error {
	if o.minSupport < 1 {
		return errors.New("--min-support 0: want 1 or more; without a sample nothing is known of noise")
	}
	if o.days < 1 || o.days > maxDays {
		return fmt.Errorf("--days %d: want 1 to %d", o.days, maxDays)
	}
	r, err := evidenceFrom(env, file)
	if err != nil {
		return err
	}
	now := time.Now()
	opt := rules.SuggestOptions{Now: now, MinSupport: o.minSupport, Lifetime: time.Duration(o.days) * 24 * time.Hour}
	if o.output == "" {
		_, err := io.WriteString(env.Stdout, rules.Suggest(r, nil, opt).File())
		return err
	}
	data, err := rulefile.Read(o.output)
	if errors.Is(err, fs.ErrNotExist) {
		s := rules.Suggest(r, nil, opt)
		if len(s.Rules) == 0 {
			return o.tell(env, s)
		}
		if err := replaceFile(o.output, []byte(s.File())); err != nil {
			return err
		}
		return o.tell(env, s)
	}
	if err != nil {
		return err
	}
	existing, err := rules.Parse(o.output, data, now)
	if err != nil {
		return err
	}
	s := rules.Suggest(r, existing, opt)
	if err := o.add(s, data, existing, now); err != nil {
		return err
	}
	return o.tell(env, s)
}

// add writes the rules into the file, unless it would read otherwise then.
func (o *rulesSuggestOptions) add(s *rules.Suggestions, data []byte, existing *rules.Set, now time.Time) error {
	if len(s.Rules) == 0 {
		return nil
	}
	texts := make([]string, len(s.Rules))
	for i, r := range s.Rules {
		texts[i] = r.YAML
	}
	data, err := appendEntries(data, "rules", texts)
	if err != nil {
		return fmt.Errorf("%s: %w", o.output, err)
	}
	set, err := rules.Parse(o.output, data, now)
	if err != nil || len(set.Counts()) != len(existing.Counts())+len(texts) {
		return errors.Join(fmt.Errorf("%s: the rules cannot be added: print them and add them by hand", o.output), err)
	}
	return replaceFile(o.output, data)
}

func (o *rulesSuggestOptions) tell(env cli.Env, s *rules.Suggestions) error {
	for _, r := range s.Rules {
		fmt.Fprintf(env.Stdout, "added: %s\n", cli.Visible(r.What))
	}
	for _, what := range s.Known {
		fmt.Fprintf(env.Stdout, "there already: %s\n", cli.Visible(what))
	}
	if len(s.Rules) == 0 {
		fmt.Fprintf(env.Stdout, "nothing to add to %s\n", cli.Visible(o.output))
	}
	_, err := io.WriteString(env.Stdout, s.Comments())
	return err
}

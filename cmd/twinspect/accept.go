package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/accept"
)

type acceptOptions struct {
	selection
	all     bool
	reason  string
	by      string
	expires string
	file    string
}

func newAccept(env cli.Env) *cobra.Command {
	var opt acceptOptions
	cmd := &cobra.Command{
		Use:   "accept EVIDENCE.json (--operation OP --path P --kind K | --difference N | --all) --reason TEXT",
		Short: "Accept differences that are intended, for a time",
		Long: `Accept adds differences of a run to the file of those that are intended. The file
belongs to the change that makes them and is reviewed with it. An entry accepts one
place, and only the value that branch has there where all examples show the same one.
It expires, as base will have the change too once it is released.

What is noise needs nobody to accept it.`,
		Example: `  twinspect accept out/evidence.json --difference 1 --reason 'prices have four digits now, SHOP-12'
  twinspect accept out/evidence.json --operation 'POST /orders' --path status --kind changed --reason 'answers 201 now' --expires 14d
  twinspect accept out/evidence.json --all --reason 'the new format' --by 'A. Person' --expires 2027-01-31`,
		Args:              cobra.ExactArgs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return opt.run(env, cmd.Flags(), args[0]) },
		ValidArgsFunction: completeJSON,
	}
	opt.selection.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&opt.all, "all", false, "all regressions and suspects of the run")
	flags.StringVar(&opt.reason, "reason", "", "why the differences are intended")
	flags.StringVar(&opt.by, "by", "", "who accepts them (default: $USER)")
	flags.StringVar(&opt.expires, "expires", "30d", "the day from which on it does not hold (2027-01-31), or in how many days")
	flags.StringVar(&opt.file, "file", accept.DefaultFile, "file of accepted differences")
	for _, name := range []string{"operation", "path", "kind", "difference"} {
		cmd.MarkFlagsMutuallyExclusive("all", name)
	}
	_ = cmd.MarkFlagRequired("reason")
	_ = cmd.MarkFlagFilename("file", "yaml", "yml")
	return cmd
}

func (o *acceptOptions) run(env cli.Env, flags *pflag.FlagSet, file string) error {
	if o.by == "" {
		o.by = env.Getenv("USER")
	}
	now := time.Now()
	until, err := expiry(o.expires, now)
	if err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(o.reason) == "":
		return errors.New("--reason: say why the differences are intended")
	case !o.all && !o.isGiven(flags):
		return errors.New("which differences? give --difference, --operation, --path and --kind, or --all")
	}
	r, err := evidenceFrom(env, file)
	if err != nil {
		return err
	}
	list, noise, err := o.choose(r, flags)
	if err != nil {
		return err
	}
	var entries []accept.Entry
	for _, d := range list {
		e, err := accept.Propose(d, strings.TrimSpace(o.reason), strings.TrimSpace(o.by), until)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	if err := o.add(env, entries, now); err != nil {
		return err
	}
	if noise > 0 {
		fmt.Fprintf(env.Stdout, "not added: %d that are noise, which needs nobody to accept it\n", noise)
	}
	return nil
}

// choose returns the differences to accept, and how many more are meant that are
// noise.
func (o *acceptOptions) choose(r *diff.Report, flags *pflag.FlagSet) (list []*diff.Difference, noise int, err error) {
	meant, err := o.of(r, flags)
	if o.all && len(r.Differences) == 0 {
		return nil, 0, errors.New("the evidence has no differences")
	}
	if err != nil {
		return nil, 0, err
	}
	for _, d := range meant {
		if d.Judgement == diff.Noise {
			noise++
		} else {
			list = append(list, d)
		}
	}
	switch {
	case len(list) > 0 && o.all:
		return list, 0, nil
	case len(list) > 0:
		return list, noise, nil
	case o.all:
		return nil, 0, errors.New("the evidence has no regression and no suspect")
	}
	_, err = accept.Propose(meant[0], o.reason, o.by, time.Time{})
	return nil, 0, err
}

// add appends the entries that the file does not have.
func (o *acceptOptions) add(env cli.Env, entries []accept.Entry, now time.Time) error {
	data, err := rulefile.Read(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("version: 1\naccepted:\n"), nil
	}
	if err != nil {
		return err
	}
	set, err := accept.Parse(o.file, data, now)
	if err != nil {
		return err
	}
	there := set.Entries()
	known := len(there)
	var texts []string
	for i := range entries {
		e := &entries[i]
		if old := holding(there, e, now); old != nil {
			fmt.Fprintf(env.Stdout, "accepted already: %s, until %s\n", cli.Visible(e.String()), old.Day())
			continue
		}
		text, err := e.YAML()
		if err != nil {
			return err
		}
		texts, there = append(texts, text), append(there, *e)
	}
	if len(texts) == 0 {
		return nil
	}
	if err := o.write(data, texts, known, now); err != nil {
		return err
	}
	for _, e := range there[known:] {
		fmt.Fprintf(env.Stdout, "added to %s: %s, until %s\n", cli.Visible(o.file), cli.Visible(e.String()), e.Day())
	}
	return nil
}

// holding returns the entry that accepts the same and has not expired.
func holding(there []accept.Entry, e *accept.Entry, now time.Time) *accept.Entry {
	for i := range there {
		if there[i].Same(e) && now.Before(there[i].Expires) {
			return &there[i]
		}
	}
	return nil
}

// write adds the entries to the file, unless it would read otherwise then.
func (o *acceptOptions) write(data []byte, texts []string, known int, now time.Time) error {
	data, err := appendEntries(data, "accepted", texts)
	if err != nil {
		return fmt.Errorf("%s: %w", o.file, err)
	}
	set, err := accept.Parse(o.file, data, now)
	if err != nil || len(set.Entries()) != known+len(texts) {
		return errors.Join(fmt.Errorf("%s: the entries cannot be added", o.file), err)
	}
	return replaceFile(o.file, data)
}

// expiry reads a day, or in how many days it is.
func expiry(text string, now time.Time) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		n, err = strconv.Atoi(days)
		if n < 1 || n > maxDays {
			return day, fmt.Errorf("--expires %s: want 1d to %dd", text, maxDays)
		}
		day = now.UTC().AddDate(0, 0, n).Truncate(24 * time.Hour)
	}
	switch {
	case err != nil:
		return day, fmt.Errorf("--expires %s: want a day such as 2027-01-31, or 30d", text)
	case !now.Before(day):
		return day, fmt.Errorf("--expires %s: that day has passed", text)
	}
	return day, nil
}

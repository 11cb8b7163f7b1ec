package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/accept"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/diff/report"
	"twinspect.dev/diff/rules"
	diffrun "twinspect.dev/diff/run"
	"twinspect.dev/diff/selfcheck"
)

// judgeOptions say how outcomes are judged and where the report goes.
type judgeOptions struct {
	rules       string
	openapi     string
	descriptors []string
	errorRate   float64
	maxLoss     float64
	selfCheck   time.Duration
	maxMissed   float64
	accepted    string
	profile     string
	report      string
	verbose     bool
	json        bool

	// What was read of the files: at most once, as workers have it in common.
	messages *pb.Descriptors
	known    *noise.Profile
	intended *accept.Set
}

func (o *judgeOptions) register(flags *pflag.FlagSet) {
	o.registerShared(flags)
	o.registerOutput(flags)
}

// registerShared registers how outcomes are judged.
func (o *judgeOptions) registerShared(flags *pflag.FlagSet) {
	flags.StringVar(&o.rules, "rules", "", "rule file (default: twinspect.yaml where there is one)")
	flags.StringVar(&o.openapi, "openapi", "", "name operations by this document's paths")
	flags.Float64Var(&o.errorRate, "error-rate", diffrun.DefaultErrorRate, "share of false regressions to allow among those reported")
	flags.Float64Var(&o.maxLoss, "max-loss", diffrun.DefaultMaxLoss, "share of the traffic that may be lost before the verdict is inconclusive")
	flags.DurationVar(&o.selfCheck, "self-check", selfcheck.DefaultBudget, "spend this much time on finding out what the run would miss (0: none)")
	flags.Float64Var(&o.maxMissed, "max-missed", selfcheck.DefaultMaxMissed, "share of changes made on purpose that may be missed before the verdict is inconclusive")
	flags.StringSliceVar(&o.descriptors, "descriptors", nil, "read protobuf and gRPC by these descriptor sets (protoc --include_imports -o)")
}

// registerOutput registers where the report goes.
func (o *judgeOptions) registerOutput(flags *pflag.FlagSet) {
	flags.StringVar(&o.accepted, "accepted", "", "file of differences that are intended (default: "+accept.DefaultFile+" where there is one)")
	flags.StringVar(&o.profile, "noise-profile", "", "the noise of earlier runs: read from this file, and kept there with this run's")
	flags.StringVar(&o.report, "report", "", "write report.html, evidence.json, junit.xml and summary.md into this folder")
	flags.BoolVar(&o.verbose, "verbose", false, "list everything, noise too")
	flags.BoolVar(&o.json, "json", false, "print the evidence as JSON instead of text")
}

// defaultRules is where a service keeps its rules.
const defaultRules = "twinspect.yaml"

// check refuses what no run could be judged with, and makes the report's folder.
func (o *judgeOptions) check() error {
	if o.errorRate <= 0 || o.errorRate >= 1 {
		return fmt.Errorf("--error-rate %g: want a number between 0 and 1", o.errorRate)
	}
	if o.maxLoss < 0 || o.maxLoss > 1 {
		return fmt.Errorf("--max-loss %g: want a number from 0 to 1", o.maxLoss)
	}
	if o.selfCheck < 0 {
		return fmt.Errorf("--self-check %s: want a time such as 2s, or 0 for none", o.selfCheck)
	}
	if o.maxMissed < 0 || o.maxMissed > 1 {
		return fmt.Errorf("--max-missed %g: want a number from 0 to 1", o.maxMissed)
	}
	if _, err := o.loadRules(); err != nil {
		return err
	}
	if err := o.loadKnown(); err != nil {
		return err
	}
	return o.makeFolder()
}

// loadMessages reads the descriptors of messages.
func (o *judgeOptions) loadMessages() (err error) {
	if len(o.descriptors) > 0 {
		if o.messages, err = pb.Load(o.descriptors...); err != nil {
			return fmt.Errorf("--descriptors: %w", err)
		}
	}
	return nil
}

// loadKnown reads what is known of the service besides its rules: accepted
// differences, and the noise of earlier runs.
func (o *judgeOptions) loadKnown() (err error) {
	if o.intended, err = o.loadAccepted(); err != nil {
		return err
	}
	o.known, err = readProfile(o.profile)
	return err
}

// makeFolder makes the folder of the report before any work is done for it.
func (o *judgeOptions) makeFolder() error {
	if o.report == "" {
		return nil
	}
	if err := os.MkdirAll(o.report, 0o755); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

// judge returns a judge that has seen nothing. Each has rules of its own, which
// count what they matched.
func (o *judgeOptions) judge(known *survey) (*diffrun.Judge, error) {
	set, err := o.loadRules()
	if err != nil {
		return nil, err
	}
	own, err := o.loadRules()
	if err != nil {
		return nil, err
	}
	return diffrun.NewJudge(diffrun.Config{
		Namer: known.namer, Rules: set, ErrorRate: o.errorRate, MaxLoss: o.maxLoss,
		Profile: o.known, Accepted: o.intended, Protobuf: o.messages, Calls: known.calls, SelfCheck: o.checking(own),
	}), nil
}

// checking says how a run checks itself, under rules of its own; nil is not at all.
func (o *judgeOptions) checking(own *rules.Set) *selfcheck.Options {
	if o.selfCheck == 0 {
		return nil
	}
	return &selfcheck.Options{Rules: own, Budget: o.selfCheck, MaxMissed: o.maxMissed, Protobuf: o.messages}
}

// orUsual returns the file that was named, else the usual one where that is there,
// else "".
func orUsual(named, usual string) string {
	if named != "" {
		return named
	}
	if _, err := os.Stat(usual); err != nil {
		return ""
	}
	return usual
}

// loadAccepted reads the accepted differences, nil where there are none.
func (o *judgeOptions) loadAccepted() (*accept.Set, error) {
	name := orUsual(o.accepted, accept.DefaultFile)
	if name == "" {
		return nil, nil
	}
	return accept.Load(name)
}

// loadRules reads the rules, nil where there are none.
func (o *judgeOptions) loadRules() (*rules.Set, error) {
	name := orUsual(o.rules, defaultRules)
	if name == "" {
		return nil, nil
	}
	return rules.Load(name)
}

// publish prints the report and writes its files.
func (o *judgeOptions) publish(env cli.Env, r *diff.Report) error {
	for _, u := range o.intended.Unused() {
		fmt.Fprintln(env.Stderr, "twinspect: "+u.String())
	}
	if o.report != "" {
		if err := o.writeFiles(r); err != nil {
			return err
		}
	}
	return o.print(env, r)
}

func (o *judgeOptions) writeFiles(r *diff.Report) error {
	files := []struct {
		name   string
		render func(io.Writer, *diff.Report) error
	}{
		{"report.html", report.HTML},
		{"evidence.json", report.JSON},
		{"junit.xml", report.JUnit},
		{"summary.md", func(w io.Writer, r *diff.Report) error { return report.Markdown(w, r, 0) }},
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(o.report, f.name), r, f.render); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

func writeFile(name string, r *diff.Report, render func(io.Writer, *diff.Report) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(render(f, r), f.Close())
}

func (o *judgeOptions) print(env cli.Env, r *diff.Report) error {
	if o.json {
		return report.JSON(env.Stdout, r)
	}
	opt := report.TerminalOptions{Color: env.Color(), Width: env.Width, Verbose: o.verbose}
	if o.report != "" {
		opt.More = filepath.Join(o.report, "report.html")
	}
	if err := report.Terminal(env.Stdout, r, opt); err != nil {
		return err
	}
	if o.report != "" {
		fmt.Fprintf(env.Stdout, "\nreport: %s\n", opt.More)
	}
	return nil
}

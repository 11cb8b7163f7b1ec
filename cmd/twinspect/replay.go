package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

type replayCmdOptions struct {
	to      string
	lane    string
	json    bool
	openapi string
	replayOptions
}

func newReplay(env cli.Env) *cobra.Command {
	var opt replayCmdOptions
	cmd := &cobra.Command{
		Use:   "replay FILE --to URL",
		Short: "Send a recording to one URL and sum up the answers",
		Long: `Replay sends the recorded requests to one URL, in the order of each session and
with the sessions side by side, and sums up what it answered. Values that earlier
answers gave (ids, tokens, cookies) are replaced by what this service gave. With
--keep the answers are kept as a recording.

At a planned pace requests are sent on time however slow the answers are. How late
they were is told, and latencies are told as they were and corrected for it.`,
		Example: `  twinspect replay traffic.twin --to http://127.0.0.1:8080 --pace 500/s
  twinspect replay traffic.twin --to http://127.0.0.1:8080 --pace '100/s..2000/s over 5m' --loop 0
  twinspect replay traffic.twin --to http://127.0.0.1:8080 --pace x2 --allow-writes --keep answers.twin
  twinspect replay traffic.twin --to http://127.0.0.1:8080 --dry-run | head
  twinspect replay traffic.twin --to http://catalog.shop:8080 --lane branch`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runReplay(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.to, "to", "", "URL to send to")
	flags.StringVar(&opt.lane, "lane", "", "send into this lane of a mesh: base or branch")
	flags.StringVar(&opt.openapi, "openapi", "", "name operations by this document's paths")
	flags.BoolVar(&opt.json, "json", false, "print JSON")
	opt.register(flags)
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func runReplay(ctx context.Context, env cli.Env, file string, opt replayCmdOptions) error {
	file, err := recording.Fix(ctx, file)
	if err != nil {
		return err
	}
	list := []side{{name: replay.To, url: opt.to, lane: opt.lane}}
	if err := opt.check(env, list, file); err != nil {
		return err
	}
	known, err := surveyOf(ctx, env, file, opt.openapi)
	if err != nil {
		return err
	}
	return opt.within(ctx, env, list, known, func() error { return opt.ask(ctx, env, list, known) })
}

// ask sends the recording and prints what came of it.
func (o *replayCmdOptions) ask(ctx context.Context, env cli.Env, list []side, known *survey) (err error) {
	in, err := o.open(ctx, env, known.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	a, err := o.connect(ctx, env, list, known, 0, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	keep, err := o.keeper(env)
	if err != nil {
		return err
	}
	damage := cli.NewDamage(env)
	a.runner.Damaged, a.runner.Again = damage.Report, in.again
	stop := cli.Watch(ctx, env, "replayed", in.Unit()+" of the recording", in.Progress)
	defer stop()
	tally, kept := newTally(), keepAll(ctx, keep)
	err = a.runner.Run(ctx, in, func(o *replay.Outcome) error {
		tally.add(o)
		if kept == nil {
			return nil
		}
		return kept(o)
	})
	stop()
	tally.finish(append(in.Account(), a.runner.Account()...), a.info())
	if keep != nil {
		err = errors.Join(err, keep.WriteAccount(tally.Account), keep.Close())
	}
	return errors.Join(verdictOf(err, tally), o.print(env, tally), damage.Err())
}

// verdictOf makes the end of a run by its breaker, and answers of the wrong
// version, the verdict that they are: the run proves nothing, and did not fail
// itself.
func verdictOf(err error, t *tally) error {
	var opened *pace.OpenError
	if errors.As(err, &opened) {
		t.Ended = opened.Error()
		err = nil
	}
	if err == nil && (t.Ended != "" || t.Replay.Misrouted() > 0) {
		return &cli.VerdictError{Verdict: diff.Inconclusive}
	}
	return err
}

func (o *replayCmdOptions) print(env cli.Env, t *tally) error {
	if o.json {
		return cli.PrintJSON(env.Stdout, t)
	}
	return t.print(env.Stdout)
}

// tally sums up what one side answered.
type tally struct {
	Sent     uint64            `json:"sent"`
	Seconds  float64           `json:"seconds"`
	Rate     float64           `json:"per_second"`
	Statuses map[int]uint64    `json:"statuses"`
	Faults   map[string]uint64 `json:"faults,omitempty"`
	// AsRecorded counts the answers with the status of the recording.
	AsRecorded uint64        `json:"status_as_recorded"`
	Latency    *distribution `json:"latency_us"`
	// Corrected is the latency counted from when the request was planned for: it
	// hides no coordinated omission. It is nil where nothing was planned.
	Corrected *distribution   `json:"corrected_latency_us,omitempty"`
	Replay    *diff.Replay    `json:"replay"`
	Account   capture.Account `json:"account"`
	// Ended says why the run was ended before its end, if it was.
	Ended string `json:"ended,omitempty"`

	started time.Time
}

func newTally() *tally {
	return &tally{
		Statuses: make(map[int]uint64), Faults: make(map[string]uint64),
		Latency: newDistribution(), Corrected: newDistribution(), started: time.Now(),
	}
}

func (t *tally) add(o *replay.Outcome) {
	t.Sent++
	a := &o.Answers[0]
	if !a.OK() {
		t.Faults[string(a.Fault)]++
		return
	}
	t.Statuses[a.Response.Status]++
	if a.Response.Status == o.Recorded.Response.Status {
		t.AsRecorded++
	}
	t.Latency.record(a.Latency().Microseconds())
	t.Corrected.record((a.Latency() + o.Late).Microseconds())
}

func (t *tally) finish(account capture.Account, info *diff.Replay) {
	t.Seconds = time.Since(t.started).Seconds()
	t.Rate = float64(t.Sent) / t.Seconds
	t.Account, t.Replay = account, info
	if info.Lateness == nil {
		t.Corrected = nil
	}
}

func (t *tally) print(w io.Writer) error {
	fmt.Fprintf(w, "%d requests in %.1f s, %.0f/s; %d answered with the recorded status\n",
		t.Sent, t.Seconds, t.Rate, t.AsRecorded)
	if t.Ended != "" {
		fmt.Fprintf(w, "ended:     %s\n", t.Ended)
	}
	fmt.Fprintf(w, "statuses:  %s\n", counts(t.Statuses))
	if len(t.Faults) > 0 {
		fmt.Fprintf(w, "faults:    %s\n", counts(t.Faults))
	}
	fmt.Fprintf(w, "latency:   %s\n", t.Latency)
	if l := t.Replay.Lateness; l != nil {
		fmt.Fprintf(w, "corrected: %s\n", t.Corrected)
		fmt.Fprintf(w, "late by:   p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms\n", l.P50, l.P90, l.P99, l.Max)
	}
	if rate := t.Replay.Sustained; rate > 0 {
		fmt.Fprintf(w, "sustained: %.0f/s is the highest rate that was good\n", rate)
	}
	for _, l := range t.Replay.Lanes {
		fmt.Fprintf(w, "lane %s: %d attested, %d misrouted\n", l.Lane, l.Attested, l.Misrouted)
	}
	for _, l := range t.Replay.Links {
		s := l.Sides[0]
		fmt.Fprintf(w, "link %s -> %s: %d bound (%d differ), %d without a value\n", cli.Visible(l.From), cli.Visible(l.To), s.Bound, s.Differing, s.Unbound)
	}
	for _, r := range t.Replay.Rewrites {
		fmt.Fprintf(w, "%s %s: %d changed\n", r.Where, cli.Visible(r.What), r.Changed)
	}
	fmt.Fprintln(w)
	return cli.PrintAccount(w, t.Account)
}

func counts[K int | string](m map[K]uint64) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%v×%d", k, m[k]))
	}
	return strings.Join(parts, " ")
}

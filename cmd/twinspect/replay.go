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
	"twinspect.dev/replay"
)

type replayCmdOptions struct {
	to   string
	json bool
	replayOptions
}

func newReplay(env cli.Env) *cobra.Command {
	var opt replayCmdOptions
	cmd := &cobra.Command{
		Use:   "replay FILE --to URL",
		Short: "Send a recording to one URL and sum up the answers",
		Long: `Replay sends the recorded requests to one URL, in the order of each session and
with the sessions side by side, and sums up what it answered. With --keep the
answers are kept as a recording.`,
		Example: `  twinspect replay traffic.twin --to http://127.0.0.1:8080 --pace 500/s
  twinspect replay traffic.twin --to http://127.0.0.1:8080 --pace x2 --allow-writes --keep answers.twin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runReplay(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.to, "to", "", "URL to send to")
	flags.BoolVar(&opt.json, "json", false, "print JSON")
	opt.register(flags)
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func runReplay(ctx context.Context, env cli.Env, file string, opt replayCmdOptions) (err error) {
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	damage := cli.NewDamage(env)
	runner, open, err := opt.connect(ctx, []side{{replay.To, opt.to}}, damage.Report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	keep, err := opt.keeper(env)
	if err != nil {
		return err
	}
	stop := cli.Watch(ctx, env, "replayed", in.Unit+" of the recording", in.Progress)
	defer stop()
	tally := newTally()
	err = runner.Run(ctx, in, func(o *replay.Outcome) error {
		tally.add(o)
		if keep == nil {
			return nil
		}
		return replay.WriteOutcome(context.WithoutCancel(ctx), keep, o)
	})
	stop()
	tally.finish(append(in.Account(), runner.Account()...))
	if keep != nil {
		err = errors.Join(err, keep.WriteAccount(tally.Account), keep.Close())
	}
	if opt.json {
		return errors.Join(err, cli.PrintJSON(env.Stdout, tally), damage.Err())
	}
	return errors.Join(err, tally.print(env.Stdout), damage.Err())
}

// tally sums up what one side answered.
type tally struct {
	Sent     uint64            `json:"sent"`
	Seconds  float64           `json:"seconds"`
	Rate     float64           `json:"per_second"`
	Statuses map[int]uint64    `json:"statuses"`
	Faults   map[string]uint64 `json:"faults,omitempty"`
	// AsRecorded counts the answers with the status of the recording.
	AsRecorded uint64          `json:"status_as_recorded"`
	Latency    *distribution   `json:"latency_us"`
	Account    capture.Account `json:"account"`

	started time.Time
}

func newTally() *tally {
	return &tally{
		Statuses: make(map[int]uint64), Faults: make(map[string]uint64),
		Latency: newDistribution(), started: time.Now(),
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
}

func (t *tally) finish(account capture.Account) {
	t.Seconds = time.Since(t.started).Seconds()
	t.Rate = float64(t.Sent) / t.Seconds
	t.Account = account
}

func (t *tally) print(w io.Writer) error {
	fmt.Fprintf(w, "%d requests in %.1f s, %.0f/s; %d answered with the recorded status\n",
		t.Sent, t.Seconds, t.Rate, t.AsRecorded)
	fmt.Fprintf(w, "statuses: %s\n", counts(t.Statuses))
	if len(t.Faults) > 0 {
		fmt.Fprintf(w, "faults:   %s\n", counts(t.Faults))
	}
	fmt.Fprintf(w, "latency:  p50 %s ms, p90 %s ms, p99 %s ms, max %s ms\n\n",
		millis(t.Latency.at(50)), millis(t.Latency.at(90)), millis(t.Latency.at(99)), millis(t.Latency.at(100)))
	return cli.PrintAccount(w, t.Account)
}

func counts[K int | string](m map[K]uint64) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%v×%d", k, m[k]))
	}
	return strings.Join(parts, " ")
}

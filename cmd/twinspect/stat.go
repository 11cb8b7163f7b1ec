package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
)

type statOptions struct {
	filters
	openapi string
	json    bool
}

func newStat(env cli.Env) *cobra.Command {
	var opt statOptions
	cmd := &cobra.Command{
		Use:   "stat FILE",
		Short: "Sum up a recording: its account, operations, sizes and times",
		Long: `Stat reads a recording and prints its account from the wire, and for each
operation how often it was called, with which statuses, sizes and durations.
Operations are named by the paths of an OpenAPI document when one is given, and
by templates learned from the recording otherwise.`,
		Example: `  twinspect stat traffic.twin
  twinspect stat traffic.pcap --openapi openapi.yaml --json | jq .operations`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runStat(cmd.Context(), env, args[0], opt) },
	}
	opt.register(cmd.Flags())
	cmd.Flags().StringVar(&opt.openapi, "openapi", "", "name operations by this document's paths")
	cmd.Flags().BoolVar(&opt.json, "json", false, "print JSON")
	return cmd
}

func runStat(ctx context.Context, env cli.Env, file string, opt statOptions) error {
	keep, err := opt.keep()
	if err != nil {
		return err
	}
	if file, err = recording.Fix(ctx, file); err != nil {
		return err
	}
	namer, err := recording.NewNamer(ctx, env, file, opt.openapi)
	if err != nil {
		return err
	}
	in, err := recording.Open(ctx, env, file)
	if err != nil {
		return err
	}
	defer in.Close()
	var src capture.Source = in
	if keep != nil {
		src = capture.NewFilter(src, keep)
	}
	sum := newSummary(namer)
	stop := cli.Watch(ctx, env, "read", in.Unit, in.Progress)
	defer stop()
	damage := cli.NewDamage(env)
	if _, err := capture.Copy(ctx, capture.SinkFunc(sum.add), src, damage.Report); err != nil {
		return err
	}
	stop()
	sum.Account = capture.AccountOf(src)
	if opt.json {
		err = cli.PrintJSON(env.Stdout, sum)
	} else {
		err = sum.print(env.Stdout)
	}
	if err != nil {
		return err
	}
	return damage.Err()
}

// summary is what stat says of a recording.
type summary struct {
	Exchanges  uint64                        `json:"exchanges"`
	Incomplete map[capture.Incomplete]uint64 `json:"incomplete,omitempty"`
	From       time.Time                     `json:"from"`
	To         time.Time                     `json:"to"`
	Operations map[string]*operationSummary  `json:"operations"`
	Account    capture.Account               `json:"account,omitempty"`

	namer recording.Namer
}

type operationSummary struct {
	Count    uint64         `json:"count"`
	Statuses map[int]uint64 `json:"statuses"`
	Request  *distribution  `json:"request_bytes"`
	Response *distribution  `json:"response_bytes"`
	Duration *distribution  `json:"duration_us"`
}

func newSummary(namer recording.Namer) *summary {
	return &summary{
		namer:      namer,
		Incomplete: make(map[capture.Incomplete]uint64),
		Operations: make(map[string]*operationSummary),
	}
}

func (s *summary) add(_ context.Context, e *capture.Exchange) error {
	s.Exchanges++
	for _, reason := range []capture.Incomplete{e.Request.Incomplete, e.Response.Incomplete} {
		if reason != "" {
			s.Incomplete[reason]++
		}
	}
	s.span(e)
	op := s.operation(e)
	op.Count++
	op.Statuses[e.Response.Status]++
	op.Request.record(e.Request.BodySize)
	op.Response.record(e.Response.BodySize)
	if !e.Request.Start.IsZero() && !e.Response.End.IsZero() {
		op.Duration.record(e.Response.End.Sub(e.Request.Start).Microseconds())
	}
	return nil
}

func (s *summary) span(e *capture.Exchange) {
	start, end := e.Request.Start, e.Response.End
	if !start.IsZero() && (s.From.IsZero() || start.Before(s.From)) {
		s.From = start
	}
	if end.After(s.To) {
		s.To = end
	}
}

func (s *summary) operation(e *capture.Exchange) *operationSummary {
	name := "(request unseen)"
	if e.Request.Incomplete != capture.Unseen {
		name = s.namer.Name(e.Request.Method, e.Request.Target)
	}
	op := s.Operations[name]
	if op == nil {
		op = &operationSummary{
			Statuses: make(map[int]uint64),
			Request:  newDistribution(), Response: newDistribution(), Duration: newDistribution(),
		}
		s.Operations[name] = op
	}
	return op
}

func (s *summary) print(w io.Writer) error {
	fmt.Fprintf(w, "%d exchanges in %d operations, %s to %s\n", s.Exchanges, len(s.Operations),
		s.From.Format(time.RFC3339), s.To.Format(time.RFC3339))
	for _, reason := range slices.Sorted(maps.Keys(s.Incomplete)) {
		fmt.Fprintf(w, "  incomplete: %d %s\n", s.Incomplete[reason], reason)
	}
	columns := []cli.Column{{Title: "count", Right: true}, {Title: "operation"}, {Title: "statuses"},
		{Title: "bytes p50", Right: true}, {Title: "max", Right: true},
		{Title: "ms p50", Right: true}, {Title: "p99", Right: true}, {Title: "max", Right: true}}
	var rows [][]string
	for _, name := range s.byCount() {
		op := s.Operations[name]
		rows = append(rows, []string{fmt.Sprint(op.Count), name, op.statuses(),
			fmt.Sprint(op.Response.at(50)), fmt.Sprint(op.Response.at(100)),
			millis(op.Duration.at(50)), millis(op.Duration.at(99)), millis(op.Duration.at(100))})
	}
	fmt.Fprintln(w)
	if err := cli.Table(w, columns, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return cli.PrintAccount(w, s.Account)
}

func (s *summary) byCount() []string {
	names := slices.Sorted(maps.Keys(s.Operations))
	slices.SortStableFunc(names, func(a, b string) int {
		return int(s.Operations[b].Count) - int(s.Operations[a].Count)
	})
	return names
}

func (op *operationSummary) statuses() string {
	return counts(op.Statuses)
}

func millis(micros int64) string { return fmt.Sprintf("%.1f", float64(micros)/1000) }

// distribution holds sizes or times with two significant digits.
type distribution struct{ h *hdrhistogram.Histogram }

// largest bounds a distribution: a terabyte, or eleven days in microseconds.
const largest = 1 << 40

func newDistribution() *distribution { return &distribution{hdrhistogram.New(1, largest, 2)} }

func (d *distribution) record(v int64) {
	// In range by the clamp, so RecordValue cannot fail.
	_ = d.h.RecordValue(min(max(v, 0), largest))
}

func (d *distribution) at(quantile float64) int64 { return d.h.ValueAtQuantile(quantile) }

// String tells the quantiles of microseconds to a person.
func (d *distribution) String() string {
	return fmt.Sprintf("p50 %s ms, p90 %s ms, p99 %s ms, max %s ms", millis(d.at(50)), millis(d.at(90)), millis(d.at(99)), millis(d.at(100)))
}

// MarshalJSON writes the quantiles that people ask for.
func (d *distribution) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{
		"min": d.h.Min(), "p50": d.at(50), "p90": d.at(90), "p99": d.at(99), "max": d.h.Max(),
	})
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/spf13/cobra"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
)

type mergeOptions struct {
	store   string
	damaged bool
	judgeOptions
}

func newMerge(env cli.Env) *cobra.Command {
	var opt mergeOptions
	cmd := &cobra.Command{
		Use:   "merge PLAN --store STORE",
		Short: "Make one report of what the workers of a plan stored",
		Long: `Merge adds up what workers stored, each chunk once, and judges it as diff-run does:
the report is that of one worker that did it all. Chunks that nobody has stored are
counted as lost, and leave the verdict inconclusive.`,
		Example: `  twinspect merge plan.json --store /mnt/evidence --report out
  twinspect merge plan.json --store 's3://evidence/runs?endpoint=minio:9000' --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runMerge(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.store, "store", "", "where the workers kept partial evidence")
	flags.BoolVar(&opt.damaged, "skip-damaged", false, "count damaged partial evidence as lost instead of ending")
	opt.registerOutput(flags)
	_ = cmd.MarkFlagRequired("store")
	return cmd
}

func runMerge(ctx context.Context, env cli.Env, file string, opt mergeOptions) (err error) {
	p, err := openPlan(env, file)
	if err != nil {
		return err
	}
	opt.errorRate, opt.maxLoss = p.opt.errorRate, p.opt.maxLoss
	if err := errors.Join(opt.loadKnown(), opt.makeFolder()); err != nil {
		return err
	}
	p.opt.known, p.opt.intended = opt.known, opt.intended
	s, err := store.Open(ctx, opt.store)
	if err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	judge, err := p.newJudge(p.opt.selfCheck)
	if err != nil {
		return err
	}
	into := &merger{Counts: shard.Counts{Judge: judge}}
	result, err := into.merge(ctx, env, s, p.plan, opt.damaged)
	if err != nil {
		return err
	}
	r := judge.Report()
	describe(r, env, p.plan.Source+" "+p.plan.Window, p.plan.Created)
	r.Replay = into.info
	if r.Replay != nil {
		r.Replay.Pace = p.plan.Pace
	}
	nameSides(r, p.list)
	if !result.Complete() {
		inconclusive(r, fmt.Sprintf("%d of %d chunks were not worked on: start workers again, they do the rest",
			result.Chunks-result.Merged, result.Chunks))
	}
	if result.Resent > 0 {
		fmt.Fprintf(env.Stderr, "%d chunks were begun and not stored; at most %d exchanges were sent besides those that count\n", result.Attempts, result.Resent)
	}
	var failed error
	if result.Complete() {
		failed = opt.keepProfile(judge.Profile(), r, nil)
	}
	return opt.conclude(env, r, failed)
}

// merger adds up chunks. It is a [shard.Merger].
type merger struct {
	shard.Counts
	info *diff.Replay
}

// merge merges every chunk that is stored.
func (m *merger) merge(ctx context.Context, env cli.Env, s store.Store, p *shard.Plan, damaged bool) (*shard.Result, error) {
	var done, all atomic.Int64
	stop := cli.Watch(ctx, env, "merged", "chunks", func() (int64, int64) { return done.Load(), all.Load() })
	defer stop()
	result, err := shard.Merge(ctx, s, p, m, shard.MergeOptions{SkipDamaged: damaged, Progress: func(n, total int) {
		done.Store(int64(n))
		all.Store(int64(total))
	}})
	return result, err
}

// MergeFrom implements [shard.Merger]: it reads what [chunkJudge] wrote.
func (m *merger) MergeFrom(r io.Reader) error {
	buffered := bufio.NewReader(r)
	line, err := readLine(buffered)
	if err != nil {
		return err
	}
	var info diff.Replay
	if err := json.Unmarshal(line, &info); err != nil {
		return fmt.Errorf("how the sides were asked: %w", err)
	}
	if err := m.Counts.MergeFrom(buffered); err != nil {
		return err
	}
	m.info = m.info.Merge(&info)
	return nil
}

// readLine reads a line of at most [maxReplay] bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("how the sides were asked: %w", err)
		case len(line) > maxReplay:
			return nil, fmt.Errorf("how the sides were asked: longer than %d bytes", maxReplay)
		}
	}
}

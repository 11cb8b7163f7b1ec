package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
	"twinspect.dev/replay"
	"twinspect.dev/replay/correlate"
	"twinspect.dev/replay/pace"

	diffrun "twinspect.dev/diff/run"
)

type workerOptions struct {
	store    string
	name     string
	parallel int
	session  time.Duration
}

func newWorker(env cli.Env) *cobra.Command {
	var opt workerOptions
	cmd := &cobra.Command{
		Use:   "worker PLAN --store STORE",
		Short: "Work on a plan beside others, and store partial evidence",
		Long: `Worker joins the consumer group of a plan's run, asks the sides what its part of the
window recorded, and stores what each chunk came to. It ends when every chunk of the
plan is stored, by whomever. One that is killed loses its chunk, which another does
again: a chunk counts once.

STORE is what all workers reach: a shared folder, s3://bucket/prefix, or
kafka://host:9092/topic. Credentials come from the environment: KAFKA_PASSWORD,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what the plan's rules refer to.`,
		Example: `  twinspect worker plan.json --store /mnt/evidence
  twinspect worker plan.json --store 's3://evidence/runs?endpoint=minio:9000'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runWorker(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.store, "store", "", "where partial evidence is kept")
	flags.StringVar(&opt.name, "name", "", "name of this worker (default: $POD_NAME, else the host's)")
	flags.IntVar(&opt.parallel, "parallel", 0, "partitions to work on at once (default: 16)")
	flags.DurationVar(&opt.session, "session-timeout", 30*time.Second, "a worker that gives no sign for this time is dead: others take its partitions")
	_ = cmd.MarkFlagRequired("store")
	return cmd
}

// runWorker ends with 2 what fails again however often it is repeated. What may
// pass is told here, and ends as inconclusive: a Job that took it for wrong usage
// would end all workers.
func runWorker(ctx context.Context, env cli.Env, file string, opt workerOptions) error {
	err := opt.work(ctx, env, file)
	if !passing(err) {
		return err
	}
	fmt.Fprintln(env.Stderr, "twinspect: "+cli.Message(err))
	return &cli.VerdictError{Verdict: diff.Inconclusive}
}

// passing reports whether Kafka, the store or a side is away.
func passing(err error) bool {
	var away *notReadyError
	var opened *pace.OpenError
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	return errors.As(err, &away) || errors.As(err, &opened) || store.Passing(err)
}

// notReadyError says that a side does not answer, or not as it should.
type notReadyError struct{ error }

// Unwrap returns the cause.
func (e *notReadyError) Unwrap() error { return e.error }

func (opt *workerOptions) work(ctx context.Context, env cli.Env, file string) (err error) {
	if opt.parallel < 0 {
		return fmt.Errorf("--parallel %d: want the number of partitions, or 0 for the default", opt.parallel)
	}
	if opt.session < 0 {
		return fmt.Errorf("--session-timeout %s: want a time such as 30s", opt.session)
	}
	if opt.name == "" {
		opt.name = env.Getenv("POD_NAME")
	}
	if opt.name == "" {
		if opt.name, err = os.Hostname(); err != nil {
			return err
		}
	}
	job, err := openPlan(env, file)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, opt.store)
	if err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	target, err := kafka.ParseURL(job.plan.Source)
	if err != nil {
		return err
	}
	var done, all atomic.Int64
	var last shard.Progress
	damage := cli.NewDamage(env)
	var one sync.Mutex
	worker := &shard.Worker{
		Plan: job.plan, Store: s, Topic: target.Config, Name: opt.name, Parallel: opt.parallel, SessionTimeout: opt.session,
		Runner: job.runner,
		Judge:  job.judge,
		Damaged: func(bad *capture.RecordError) {
			one.Lock()
			defer one.Unlock()
			damage.Report(bad)
		},
		Progress: func(p shard.Progress) {
			done.Store(p.Offsets)
			all.Store(p.Window)
			last = p
		},
	}
	stop := cli.Watch(ctx, env, "worked on", "offsets by all workers", func() (int64, int64) { return done.Load(), all.Load() })
	defer stop()
	err = worker.Run(ctx)
	stop()
	fmt.Fprintf(env.Stderr, "%d chunks stored here, %d of %d by all workers\n", last.Own, last.Stored, last.Chunks)
	// Damaged records are in the account, which the merge judges.
	return errors.Join(err, cli.PrintAccount(env.Stderr, last.Account))
}

// planned is a plan with what was made of its texts.
type planned struct {
	env   cli.Env
	plan  *shard.Plan
	opt   diffRunOptions
	list  []side
	known *survey
	parts []int // the partitions that have a part of the window
}

// openPlan reads a plan.
func openPlan(env cli.Env, file string) (*planned, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	plan, err := shard.DecodePlan(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var s settings
	if err := json.Unmarshal(plan.Settings, &s); err != nil {
		return nil, fmt.Errorf("%s: settings: %w", file, err)
	}
	p := &planned{env: env, plan: plan, opt: s.options(), list: sidesOf(plan)}
	p.opt.pace = plan.Pace
	ranges, err := plan.Ranges()
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		p.parts = append(p.parts, r.Partition)
	}
	return p, p.survey()
}

// survey makes of the plan's texts what a reading of the recording gave.
func (p *planned) survey() error {
	var document []byte
	name := ""
	if f := p.plan.File(roleOpenAPI); f != nil {
		document, name = []byte(f.Text), f.Name
	}
	namer, err := recording.NamerOf(p.env, name, document)
	if err != nil {
		return err
	}
	p.known = &survey{namer: namer}
	if f := p.plan.File(roleLinks); f != nil {
		if p.known.links, err = correlate.Parse([]byte(f.Text), f.Name); err != nil {
			return err
		}
	}
	if f := p.plan.File(roleReplay); f != nil {
		p.opt.replayRules, p.opt.replayText = f.Name, []byte(f.Text)
	}
	if err := p.messages(); err != nil {
		return err
	}
	_, err = p.newJudge(p.opt.selfCheck)
	return err
}

// runner makes what asks the sides for a partition: its share of the pace is that
// of one partition of those in the window.
func (p *planned) runner(ctx context.Context, partition int) (shard.Runner, error) {
	i := max(slices.Index(p.parts, partition), 0)
	a, err := p.opt.prepare(p.list, p.known, p.env, i, max(len(p.parts), 1), nil)
	if err != nil {
		return nil, err
	}
	if err := p.opt.reach(ctx, p.list, a); err != nil {
		return nil, errors.Join(&notReadyError{err}, a.Close())
	}
	return &partRunner{asking: a}, nil
}

// partRunner is what asks the sides for one partition.
type partRunner struct {
	*asking
	told *diff.Replay // of the chunks before this one
}

// Run implements [shard.Runner].
func (r *partRunner) Run(ctx context.Context, src capture.Source, each func(*replay.Outcome) error) error {
	return r.runner.Run(ctx, src, each)
}

// Account implements [shard.Runner].
func (r *partRunner) Account() capture.Account { return r.runner.Account() }

// judge makes the judge of a chunk.
func (p *planned) judge(r shard.Runner) (shard.Judge, error) {
	judge, err := p.newJudge(p.opt.selfCheck / chunkShare)
	if err != nil {
		return nil, err
	}
	return &chunkJudge{shard.Counts{Judge: judge}, r.(*partRunner)}, nil
}

// chunkShare is the part of the self-check's time that each chunk gets: of 2 s, a
// twentieth of the ten seconds that a chunk takes.
const chunkShare = 4

// newJudge makes a judge whose self-check may take so long.
func (p *planned) newJudge(selfCheck time.Duration) (*diffrun.Judge, error) {
	set, err := p.rules()
	if err != nil {
		return nil, err
	}
	own, err := p.rules()
	if err != nil {
		return nil, err
	}
	check := p.opt.checking(own)
	if check != nil {
		check.Budget = selfCheck
	}
	return diffrun.NewJudge(diffrun.Config{
		Namer: p.known.namer, Names: named(p.plan), Rules: set, ErrorRate: p.opt.errorRate, MaxLoss: p.opt.maxLoss,
		Protobuf: p.opt.messages, SelfCheck: check,
		// Of these, the merge alone knows any.
		Profile: p.opt.known, Accepted: p.opt.intended,
	}), nil
}

// rules returns the rules of the plan in a set of their own, nil where there are none.
func (p *planned) rules() (*rules.Set, error) {
	f := p.plan.File(roleRules)
	if f == nil {
		return nil, nil
	}
	return rules.Parse(f.Name, []byte(f.Text), p.plan.Created)
}

// messages reads the descriptors of the plan.
func (p *planned) messages() error {
	for i := range p.plan.Files {
		f := &p.plan.Files[i]
		if f.Role != roleMessages {
			continue
		}
		set, err := base64.StdEncoding.DecodeString(f.Text)
		if err != nil {
			return fmt.Errorf("descriptors %s: %w", f.Name, err)
		}
		more, err := pb.Parse(f.Name, set)
		if err != nil {
			return err
		}
		if p.opt.messages, err = pb.Merge(p.opt.messages, more); err != nil {
			return err
		}
	}
	return nil
}

// chunkJudge counts the outcomes of a chunk, and how the sides were asked for them.
type chunkJudge struct {
	shard.Counts
	runner *partRunner
}

// maxReplay bounds what a chunk says of how the sides were asked: some thousands of
// links of 300 bytes.
const maxReplay = 4 << 20

// Encode implements [shard.Judge]: how the sides were asked, in a line of JSON,
// and the counts.
func (j *chunkJudge) Encode(w io.Writer) error {
	info := j.runner.info()
	if err := json.NewEncoder(w).Encode(info.Since(j.runner.told)); err != nil {
		return err
	}
	j.runner.told = info
	return j.Counts.Encode(w)
}

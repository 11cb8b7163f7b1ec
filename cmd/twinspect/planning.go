package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"twinspect.dev/capture/kafka"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/diff/shard"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// The texts that a plan holds, by what they are for.
const (
	roleRules   = "rules"
	roleReplay  = "replay-rules"
	roleLinks   = "links"
	roleOpenAPI = "openapi"
	// roleMessages is a descriptor set, as base64.
	roleMessages = "descriptors"
)

// settings are the options of a diff-run that every worker must share.
type settings struct {
	InFlight    int               `json:"in_flight"`
	MaxRate     float64           `json:"max_rate,omitempty"`
	FaultsInRow int               `json:"stop_after_faults"`
	FaultShare  float64           `json:"stop_at_faults"`
	Timeout     time.Duration     `json:"timeout_ns"`
	BodyLimit   int64             `json:"body_limit"`
	Health      string            `json:"health_path"`
	KeepHost    bool              `json:"keep_host,omitempty"`
	Protocol    string            `json:"protocol"`
	Dial        map[string]string `json:"dial,omitempty"`
	// TLS names files, which every worker has for itself.
	CA          string  `json:"ca,omitempty"`
	Cert        string  `json:"cert,omitempty"`
	Key         string  `json:"key,omitempty"`
	ServerName  string  `json:"server_name,omitempty"`
	Insecure    bool    `json:"insecure,omitempty"`
	Lane        string  `json:"lane_header,omitempty"`
	Attest      string  `json:"attest_header,omitempty"`
	AllowWrites bool    `json:"allow_writes,omitempty"`
	NoCorrelate bool    `json:"no_correlate,omitempty"`
	ErrorRate   float64 `json:"error_rate"`
	MaxLoss     float64 `json:"max_loss"`
	// SelfCheck is how much time each worker spends on it; 0 is none.
	SelfCheck time.Duration `json:"self_check_ns,omitempty"`
	MaxMissed float64       `json:"max_missed,omitempty"`
}

func (o *diffRunOptions) settings() settings {
	return settings{
		InFlight: o.inFlight, MaxRate: o.maxRate, FaultsInRow: o.faultsInRow, FaultShare: o.faultShare,
		Timeout: o.timeout, BodyLimit: o.bodyLimit, Health: o.health, KeepHost: o.keepHost,
		Protocol: o.protocol, Dial: o.dial,
		CA: o.tls.CA, Cert: o.tls.Cert, Key: o.tls.Key, ServerName: o.tls.ServerName, Insecure: o.tls.Insecure,
		Lane: o.laneHeader, Attest: o.attestHeader,
		AllowWrites: o.allowWrites, NoCorrelate: o.noCorrelate, ErrorRate: o.errorRate, MaxLoss: o.maxLoss,
		SelfCheck: o.selfCheck, MaxMissed: o.maxMissed,
	}
}

func (s settings) options() diffRunOptions {
	var o diffRunOptions
	o.inFlight, o.maxRate, o.faultsInRow, o.faultShare = s.InFlight, s.MaxRate, s.FaultsInRow, s.FaultShare
	o.timeout, o.bodyLimit, o.health, o.keepHost = s.Timeout, s.BodyLimit, s.Health, s.KeepHost
	o.protocol, o.dial = s.Protocol, s.Dial
	o.tls = send.TLSOptions{CA: s.CA, Cert: s.Cert, Key: s.Key, ServerName: s.ServerName, Insecure: s.Insecure}
	o.laneHeader, o.attestHeader, o.wait = s.Lane, s.Attest, defaultRouteWait
	o.allowWrites, o.noCorrelate, o.errorRate, o.maxLoss = s.AllowWrites, s.NoCorrelate, s.ErrorRate, s.MaxLoss
	o.selfCheck, o.maxMissed = s.SelfCheck, s.MaxMissed
	o.copies, o.loop, o.workers = 1, 1, 1
	return o
}

type planOptions struct {
	diffRunOptions
	run    string
	output string
	chunk  int64
	job    jobOptions
}

// jobOptions say which Job works on a plan.
type jobOptions struct {
	image     string
	namespace string
	workers   int
	store     string
	account   string
	secrets   map[string]string
	env       map[string]string
	claim     string
	mount     string
}

func (o *jobOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.image, "image", "", "print a Kubernetes Job of workers with this image, and the plan in a ConfigMap")
	flags.StringVar(&o.namespace, "job-namespace", "", "with --image: namespace of the Job (default: of whoever applies it)")
	flags.IntVar(&o.workers, "job-workers", 4, "with --image: how many pods work at once")
	flags.StringVar(&o.store, "store", "", "with --image: where the workers write partial evidence")
	flags.StringVar(&o.account, "service-account", "", "with --image: service account of the pods")
	flags.StringToStringVar(&o.secrets, "secret-env", nil, "with --image: variables from secrets (KAFKA_PASSWORD=secret/key)")
	flags.StringToStringVar(&o.env, "env", nil, "with --image: variables of the pods")
	flags.StringVar(&o.claim, "volume", "", "with --image: claim of a shared volume for a store in a folder")
	flags.StringVar(&o.mount, "mount", "/var/lib/twinspect", "with --volume: where it is mounted")
}

func newPlan(env cli.Env) *cobra.Command {
	var opt planOptions
	cmd := &cobra.Command{
		Use:   "plan KAFKA-URL (--base URL --branch URL | --through URL)",
		Short: "Plan a diff-run for workers on several machines",
		Long: `Plan fixes the window of a topic and writes down what every worker needs to know:
the sides, the pace, the rules by their text, the links that were learned. It holds
no secrets: references to the environment stay as they are.

Then start workers, as many as the topic has partitions at most, and merge:
  twinspect worker plan.json --store STORE
  twinspect merge plan.json --store STORE --report out
With --image a Kubernetes Job of workers is printed besides, and the plan in a
ConfigMap: apply it by kubectl apply --server-side, which takes a plan of any size
that a ConfigMap does.`,
		Example: `  twinspect plan 'kafka://kafka:9092/exchanges?from=-1h&to=now' --base http://base --branch http://branch -o plan.json
  twinspect plan 'kafka://kafka:9092/exchanges?from=-1h' --through http://catalog.shop:8080 -o plan.json \
      --image registry.example/twinspect:1.4 --store s3://evidence/runs --job-workers 8 > job.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runPlan(cmd.Context(), env, args[0], opt) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&opt.output, "output", "o", "plan.json", "write the plan here")
	flags.StringVar(&opt.run, "run", "", "name of the run (default: made up)")
	flags.Int64Var(&opt.chunk, "chunk", shard.DefaultChunk, "offsets that are worked on as one: what the death of a worker costs")
	opt.sidesOptions.register(flags)
	opt.replayOptions.registerShared(flags)
	opt.judgeOptions.registerShared(flags)
	opt.job.register(flags)
	flags.BoolVar(&opt.force, "force", false, "overwrite the plan")
	return cmd
}

func runPlan(ctx context.Context, env cli.Env, source string, opt planOptions) error {
	list, err := opt.sides(opt.allowWrites)
	if err != nil {
		return err
	}
	if opt.job.image == "" && opt.job.store != "" {
		return errors.New("--store: a plan names no store: give it to the workers and to merge, or print their Job with --image")
	}
	if !kafka.IsURL(source) {
		return fmt.Errorf("%s: only a topic can be divided between machines: want kafka://host:9092/topic; a file is divided with diff-run --workers", source)
	}
	if err := opt.judgeOptions.check(); err != nil {
		return err
	}
	if err := opt.loadMessages(); err != nil {
		return err
	}
	plan, err := opt.plan(ctx, env, source, list)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := plan.Encode(&text); err != nil { // checks it
		return err
	}
	chunks, err := plan.Chunks()
	if err != nil {
		return err
	}
	// What cannot be applied is told before the plan is there.
	var manifest []byte
	if opt.job.image != "" {
		if manifest, err = opt.job.manifest(plan); err != nil {
			return err
		}
	}
	if err := opt.write(text.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "%s: run %s, %d chunks\n", opt.output, plan.Run, len(chunks))
	_, err = env.Stdout.Write(manifest)
	return err
}

// plan fixes the window and makes the plan for it.
func (o *planOptions) plan(ctx context.Context, env cli.Env, source string, list []side) (*shard.Plan, error) {
	fixed, err := recording.Fix(ctx, source)
	if err != nil {
		return nil, err
	}
	target, err := kafka.ParseURL(fixed)
	if err != nil {
		return nil, err
	}
	if target.Window == nil {
		return nil, errors.New("the window of a consumer group cannot be fixed: leave the group out of the address")
	}
	run := o.run
	if run == "" {
		run = "run-" + strings.ToLower(rand.Text()[:12])
	}
	options, err := json.Marshal(o.settings())
	if err != nil {
		return nil, err
	}
	p := &shard.Plan{
		Schema: shard.PlanSchema, Version: shard.PlanVersion, Run: run, Created: time.Now().UTC(),
		Source: withoutWindow(source), Group: "twinspect-" + run, Window: target.Window.String(),
		Chunk: o.chunk, Pace: o.pace, Settings: options,
	}
	for _, s := range list {
		p.Sides = append(p.Sides, shard.Side{Name: string(s.name), URL: s.url, Lane: s.lane})
	}
	// Before the window is read, which may take long.
	if err := p.Encode(io.Discard); err != nil {
		return nil, err
	}
	return p, o.learn(ctx, env, p, fixed, list)
}

// learn reads the window and puts into the plan what its workers need to know.
func (o *planOptions) learn(ctx context.Context, env cli.Env, p *shard.Plan, fixed string, list []side) error {
	namer, err := recording.NewShapeNamer(env, o.openapi)
	if err != nil {
		return err
	}
	known, err := surveyBy(ctx, env, fixed, namer)
	if err != nil {
		return err
	}
	// Wrong options are told now, not by every worker.
	a, err := o.prepare(list, known, env, 0, 1, nil)
	if err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	return o.enclose(p, known)
}

// enclose puts the texts into the plan.
func (o *planOptions) enclose(p *shard.Plan, known *survey) error {
	rules := orUsual(o.rules, defaultRules)
	for _, f := range []struct{ role, name string }{{roleRules, rules}, {roleReplay, o.replayRules}, {roleOpenAPI, o.openapi}} {
		if f.name == "" {
			continue
		}
		text, err := os.ReadFile(f.name)
		if err != nil {
			return err
		}
		p.Files = append(p.Files, shard.File{Role: f.role, Name: f.name, Text: string(text)})
	}
	for _, name := range o.descriptors {
		set, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("--descriptors: %w", err)
		}
		p.Files = append(p.Files, shard.File{Role: roleMessages, Name: name, Text: base64.StdEncoding.EncodeToString(set)})
	}
	if known.links != nil {
		p.Files = append(p.Files, shard.File{Role: roleLinks, Name: "learned links", Text: "version: 1\n" + string(known.links.YAML())})
	}
	return nil
}

func (o *planOptions) write(text []byte) error {
	flag := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if !o.force {
		flag |= os.O_EXCL
	}
	f, err := os.OpenFile(o.output, flag, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists: name another with -o, or overwrite it with --force", o.output)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// manifest returns the Job of workers.
func (o *jobOptions) manifest(p *shard.Plan) ([]byte, error) {
	spec := shard.JobSpec{
		Name: p.Run, Namespace: o.namespace, Image: o.image, Workers: o.workers, Plan: p, Store: o.store,
		ServiceAccount: o.account, Env: o.env,
	}
	for name, from := range o.secrets {
		secret, key, ok := strings.Cut(from, "/")
		if !ok {
			return nil, fmt.Errorf("--secret-env %s=%s: want NAME=secret/key", name, from)
		}
		if spec.Secrets == nil {
			spec.Secrets = make(map[string]shard.SecretKey)
		}
		spec.Secrets[name] = shard.SecretKey{Secret: secret, Key: key}
	}
	if o.claim != "" {
		spec.Volume = &shard.Volume{Claim: o.claim, Path: o.mount}
	}
	return shard.JobManifest(spec)
}

// withoutWindow returns a topic's address without what says where it begins and
// ends.
func withoutWindow(address string) string {
	base, query, _ := strings.Cut(address, "?")
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "", "from", "to", "partition", "window":
		default:
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return base
	}
	return base + "?" + strings.Join(kept, "&")
}

// named identifies how operations are named in a plan, so that only counts of
// equal names are merged.
func named(p *shard.Plan) string {
	if doc := p.File(roleOpenAPI); doc != nil {
		return fmt.Sprintf("openapi %x", sha256.Sum256([]byte(doc.Text)))
	}
	return "shape"
}

// sidesOf returns the sides of a plan.
func sidesOf(p *shard.Plan) []side {
	var list []side
	for _, s := range p.Sides {
		list = append(list, side{name: replay.Side(s.Name), url: s.URL, lane: s.Lane})
	}
	return list
}

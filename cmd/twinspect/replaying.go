package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
	"twinspect.dev/replay"
	"twinspect.dev/replay/correlate"
	"twinspect.dev/replay/pace"
	"twinspect.dev/replay/rewrite"
	"twinspect.dev/replay/route"
	"twinspect.dev/replay/send"
)

// replayOptions say how the sides are asked.
type replayOptions struct {
	paceOptions
	passOptions
	sideOptions
	meshOptions
	allowWrites     bool
	allowProduction bool
	replayRules     string
	replayText      []byte // of the rules, where they are not in a file
	noCorrelate     bool
	keep            string
	force           bool
	dry             bool
	tracing         *tracing // nil where requests keep the traces they had
}

func (o *replayOptions) register(flags *pflag.FlagSet) {
	o.registerShared(flags)
	o.passOptions.register(flags)
	o.meshOptions.register(flags)
	flags.StringVar(&o.keep, "keep", "", "keep the outcomes in this recording (.twin, .jsonl), to be judged again by diff")
	flags.BoolVar(&o.force, "force", false, "overwrite the kept outcomes")
	flags.BoolVar(&o.dry, "dry-run", false, "print what would be sent as curl lines without secrets, and send nothing")
}

// registerShared registers what the workers of a plan have in common.
func (o *replayOptions) registerShared(flags *pflag.FlagSet) {
	o.paceOptions.register(flags)
	o.sideOptions.register(flags)
	o.meshOptions.registerLanes(flags)
	flags.BoolVar(&o.allowWrites, "allow-writes", false, "send unsafe methods too (POST, PUT, PATCH, DELETE …)")
	flags.BoolVar(&o.allowProduction, "allow-production", false, "send to a host even if the recording calls it production")
	flags.StringVar(&o.replayRules, "replay-rules", "", "file of rules that change requests, sign them, shift dates and link values (YAML)")
	flags.BoolVar(&o.noCorrelate, "no-correlate", false, "send values that earlier answers gave as they were recorded")
}

// asking is what one worker of a run asks the sides with. Workers share nothing
// of it.
type asking struct {
	runner  *replay.Runner
	pacing  *pacing
	clients clients
	lanes   []lane
	links   *correlate.Correlator
	rules   *rewrite.Rules
}

// lane is a side that is a version of the mesh.
type lane struct {
	side   replay.Side
	sender *route.Sender
}

// connect makes what the i-th of n workers asks the sides with, each side seen
// healthy and each lane proven. The caller closes it.
func (o *replayOptions) connect(ctx context.Context, env cli.Env, list []side, s *survey, i, n int) (*asking, error) {
	a, err := o.prepare(list, s, env, i, n, nil)
	if err != nil {
		return nil, err
	}
	if err := o.reach(ctx, list, a); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// check tells wrong options before the recording is read.
func (o *replayOptions) check(env cli.Env, list []side, file string) error {
	if err := errors.Join(checkSides(list), o.passOptions.check(file)); err != nil {
		return err
	}
	namer, err := recording.NamerOf(env, "", nil)
	if err != nil {
		return err
	}
	a, err := o.prepare(list, &survey{namer: namer}, env, 0, 1, nil)
	if err != nil {
		return err
	}
	return a.Close()
}

// prepare makes the way to each side and connects to none. last, where it is not
// nil, takes the place of what sends.
func (o *replayOptions) prepare(list []side, s *survey, env cli.Env, i, n int, last func(*send.Client, side) replay.Sender) (*asking, error) {
	pacing, err := o.worker(i, n)
	if err = errors.Join(err, o.checkDial(list)); err != nil {
		return nil, err
	}
	a := &asking{pacing: pacing}
	if a.rules, a.links, err = o.rulesOf(s, env); err != nil {
		return nil, err
	}
	a.runner = &replay.Runner{
		Pacer: pacing.pacer, Feedback: pacing.feedback, InFlight: o.inFlight, AllowWrites: o.allowWrites,
		Copies: o.copies, Origin: s.origin,
	}
	if a.links != nil {
		a.runner.Linker = a.links
	}
	if _, seeking := pacing.pacer.(*pace.Adaptive); seeking {
		// A new rate holds for what is planned after it: little may be.
		a.runner.ReadAhead = 2 * o.inFlight
	}
	for _, side := range list {
		if err := o.add(a, side, s, last); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// add makes the way to a side: what a recorded request goes through from the
// left to the right is links, rules, its own trace, lane, client.
func (o *replayOptions) add(a *asking, s side, known *survey, last func(*send.Client, side) replay.Sender) error {
	client, err := o.client(s, a.rules.SetsHost(s.name), o.inFlight)
	if err != nil {
		return err
	}
	a.clients = append(a.clients, client)
	if err := known.production.Refuse(client.URL()); err != nil && !o.allowProduction {
		return fmt.Errorf("--%s: %w: send there with --allow-production, if that is what you mean", s.name, err)
	}
	var next replay.Sender = client
	if last != nil {
		next = last(client, s)
	}
	if s.lane != "" {
		sender, err := route.New(route.Lane{Name: s.lane, Header: o.laneHeader, Attest: o.attestHeader}, next)
		if err != nil {
			return err
		}
		a.lanes = append(a.lanes, lane{s.name, sender})
		next = sender
	}
	if last == nil {
		next = o.tracing.side(s.name, next)
	}
	next = a.rules.Side(s.name, next)
	if a.links != nil {
		next = a.links.Side(s.name, next)
	}
	a.runner.Targets = append(a.runner.Targets, replay.Target{Side: s.name, Sender: next})
	return nil
}

// reach sees that every side answers, and that every lane is the one it should be.
func (o *replayOptions) reach(ctx context.Context, list []side, a *asking) error {
	if err := a.rules.Prepare(ctx); err != nil {
		return err
	}
	for i, s := range list {
		if s.lane == "" {
			if err := a.clients[i].Health(ctx); err != nil {
				return err
			}
		}
	}
	for _, l := range a.lanes {
		if err := o.probe(ctx, l.sender, o.health); err != nil {
			return fmt.Errorf("side %s: %w", l.side, err)
		}
	}
	return nil
}

// Close closes the connections.
func (a *asking) Close() error { return a.clients.Close() }

// rulesOf reads the rules by which requests are changed and values linked.
func (o *replayOptions) rulesOf(s *survey, env cli.Env) (*rewrite.Rules, *correlate.Correlator, error) {
	text, err := o.readRules()
	if err != nil {
		return nil, nil, fmt.Errorf("--replay-rules: %w", err)
	}
	var rules *rewrite.Rules
	if text != nil {
		lookup := func(name string) (string, bool) {
			value := env.Getenv(name)
			return value, value != ""
		}
		if rules, err = rewrite.Parse(o.replayRules, text, lookup); err != nil {
			return nil, nil, err
		}
	}
	if o.noCorrelate {
		return rules, nil, nil
	}
	links, err := s.correlator(o.replayRules, text)
	return rules, links, err
}

// readRules returns the text of the rules, nil where there are none.
func (o *replayOptions) readRules() ([]byte, error) {
	if o.replayText != nil || o.replayRules == "" {
		return o.replayText, nil
	}
	return os.ReadFile(o.replayRules)
}

// keeper returns where outcomes are kept, nil where they are not.
func (o *replayOptions) keeper(env cli.Env) (recording.Sink, error) {
	if o.keep == "" {
		return nil, nil
	}
	return recording.Create(env, o.keep, recording.Options{Force: o.force})
}

// within sends where the routes to its lanes are there and checked; in a dry run it
// prints instead.
func (o *replayOptions) within(ctx context.Context, env cli.Env, list []side, known *survey, send func() error) (err error) {
	if o.dry {
		return o.dryRun(ctx, env, list, known)
	}
	if hasLanes(list) {
		leave, failed := o.enter(ctx, env, list, known.asked)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, leave()) }()
	}
	return send()
}

// hasLanes reports whether a side is a version of the mesh.
func hasLanes(list []side) bool {
	return slices.ContainsFunc(list, func(s side) bool { return s.lane != "" })
}

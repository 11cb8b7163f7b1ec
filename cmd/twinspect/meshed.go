package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release/mesh"
	"twinspect.dev/replay"
	"twinspect.dev/replay/route"
)

// meshOptions say how the lanes of a mesh are reached and checked.
type meshOptions struct {
	clusterOptions
	routes       string
	caller       string
	laneHeader   string
	attestHeader string
	unchecked    bool
	wait         time.Duration
}

func (o *meshOptions) register(flags *pflag.FlagSet) {
	o.clusterOptions.register(flags)
	flags.StringVar(&o.routes, "routes", "", "make the routes of this file (YAML) for the run, and remove them at its end")
	flags.StringVar(&o.caller, "caller-namespace", "", "namespace from which the lanes are asked (default: the context's)")
	flags.BoolVar(&o.unchecked, "no-route-check", false, "do not look at the cluster's routes; probes and answers must still prove their lane")
	flags.DurationVar(&o.wait, "route-wait", defaultRouteWait, "wait this long for a lane to prove itself before the first request")
}

// defaultRouteWait is more than a mesh of some thousand proxies takes to tell them
// what was applied.
const defaultRouteWait = 30 * time.Second

// registerLanes registers how a lane is named.
func (o *meshOptions) registerLanes(flags *pflag.FlagSet) {
	flags.StringVar(&o.laneHeader, "lane-header", route.DefaultHeader, "request's field that names the lane")
	flags.StringVar(&o.attestHeader, "attest-header", route.DefaultAttest, "response's field in which the route names the lane")
}

// spec returns the routes that the lanes stand for.
func (o *meshOptions) spec() (mesh.Routes, error) {
	var spec mesh.Routes
	if o.routes != "" {
		var err error
		if spec, err = readRoutes(o.routes); err != nil {
			return spec, fmt.Errorf("--routes: %w", err)
		}
	}
	if spec.LaneHeader == "" {
		spec.LaneHeader = o.laneHeader
	}
	if spec.AttestHeader == "" {
		spec.AttestHeader = o.attestHeader
	}
	return spec, nil
}

// enter makes the routes, where they were asked for, and checks that each of the
// requests reaches its lane. The caller calls leave at the end of the run, which
// undoes what was made, whatever became of the run.
func (o *replayOptions) enter(ctx context.Context, env cli.Env, list []side, asked []mesh.Request) (leave func() error, err error) {
	leave = func() error { return nil }
	if o.unchecked && o.routes == "" {
		return leave, nil
	}
	clients, err := o.clusterOptions.connect(ctx)
	if err != nil {
		return leave, fmt.Errorf("check the routes: %w; or rely on the answers alone with --no-route-check", err)
	}
	spec, err := o.spec()
	if err != nil {
		return leave, err
	}
	if o.routes != "" {
		undo, err := makeRoutes(ctx, env, clients, spec)
		if err != nil {
			return leave, err
		}
		leave = undo
	}
	if o.unchecked {
		return leave, nil
	}
	if err := o.checkRoutes(ctx, clients, spec, list, asked); err != nil {
		return func() error { return nil }, errors.Join(err, leave())
	}
	return leave, nil
}

// makeRoutes applies the routes and returns what undoes that.
func makeRoutes(ctx context.Context, env cli.Env, clients *mesh.Clients, spec mesh.Routes) (undo func() error, err error) {
	if spec.Namespace == "" {
		spec.Namespace = clients.Namespace
	}
	plan, err := mesh.MakePlan(ctx, clients, spec)
	if err != nil {
		return nil, fmt.Errorf("make the routes: %w", err)
	}
	applied, err := mesh.Apply(ctx, clients, plan)
	if err != nil {
		return nil, err
	}
	for _, ref := range applied.Done {
		fmt.Fprintf(env.Stderr, "made %s for this run\n", ref)
	}
	return func() error {
		if err := applied.Undo(ctx); err != nil {
			return fmt.Errorf("remove the routes of this run: %w; remove them with: twinspect routes delete --namespace %s --name %s",
				err, plan.Routes.Namespace, plan.Routes.Name)
		}
		return nil
	}, nil
}

// checkRoutes asks the cluster's objects where each request would go in each lane.
func (o *replayOptions) checkRoutes(ctx context.Context, clients *mesh.Clients, spec mesh.Routes, list []side, asked []mesh.Request) error {
	snapshot, err := mesh.Load(ctx, clients)
	if err != nil {
		return fmt.Errorf("check the routes: %w", err)
	}
	caller := o.caller
	if caller == "" {
		caller = clients.Namespace
	}
	asked = append(slices.Clone(asked), mesh.Request{Method: http.MethodGet, Path: o.health}) // of the probe
	var findings []error
	checked := make(map[string]bool)
	for _, s := range list {
		for _, r := range asked {
			if s.lane == "" || !o.allowWrites && !replay.Safe(r.Method) {
				continue
			}
			r.Namespace = caller
			if err := o.addressed(&r, s.url); err != nil {
				return err
			}
			_, err := snapshot.Route(r.InLane(spec, s.lane))
			if err != nil && !checked[err.Error()] {
				checked[err.Error()] = true
				findings = append(findings, fmt.Errorf("lane %s: %w", s.lane, err))
			}
		}
	}
	return errors.Join(findings...)
}

// addressed fills in where a side's requests go to.
func (o *replayOptions) addressed(r *mesh.Request, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if r.Host == "" || !o.keepHost {
		r.Host = u.Hostname()
	}
	r.Scheme, r.Path = u.Scheme, strings.TrimRight(u.EscapedPath(), "/")+r.Path
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("port of %s: %w", address, err)
		}
		r.Port = uint32(n)
	}
	return nil
}

// meshRequest returns what a route can look at of a recorded request.
func meshRequest(e *capture.Exchange) mesh.Request {
	header := make(http.Header, len(e.Request.Header))
	for _, f := range e.Request.Header {
		header.Add(f.Name, f.Value)
	}
	path := e.Request.Target
	if !strings.HasPrefix(path, "/") {
		path = capture.PathOf(path)
	}
	host, _, _ := strings.Cut(e.Request.Header.Get("Host"), ":")
	return mesh.Request{Method: e.Request.Method, Host: host, Path: path, Header: header}
}

// probe waits until the lane proves itself: a mesh takes a while to tell its
// proxies what was applied.
func (o *meshOptions) probe(ctx context.Context, lane *route.Sender, path string) error {
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	for wait := probeFirst; ; wait = min(2*wait, probeMost) {
		err := lane.Probe(ctx, path)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// The waits between two probes: from one that a mesh on the same machine needs to
// one that does not burden any.
const (
	probeFirst = 50 * time.Millisecond
	probeMost  = time.Second
)

package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/place"
	"twinspect.dev/contract/schema"
	"twinspect.dev/replay"
)

// The reasons for which a case is not run, or not to its end.
const (
	// SetupFailed: what the case needs could not be made.
	SetupFailed capture.Reason = "setup-failed"
	// NotEncodable: a request has no form on the wire.
	NotEncodable capture.Reason = "not-encodable"
	// NoOperation: the document does not have the operation (any more).
	NoOperation capture.Reason = "no-operation"
	// NoCredentials: there are none for a scheme that the operation asks for.
	NoCredentials capture.Reason = "no-credentials"
	// Skipped: a hook of the user said so.
	Skipped capture.Reason = "skipped"
	// Hook: a hook of the user failed.
	Hook capture.Reason = "hook"
	// OperationHangs: the operation did not answer several times in a row.
	OperationHangs capture.Reason = "operation-hangs"
	// ProviderGone: the provider could not be reached.
	ProviderGone capture.Reason = "provider-gone"
	// Stopped: the run was interrupted, or its time was over.
	Stopped capture.Reason = "stopped"
)

// halt is why a case goes no further.
type halt struct {
	reason capture.Reason
	err    error
}

func (h *halt) Error() string { return string(h.reason) + ": " + h.err.Error() }

func stop(reason capture.Reason, err error) error { return &halt{reason, err} }

// worker runs one case at a time.
type worker struct {
	*Runner
	number int
	asked  uint64
	setups map[string]*ready
	// settling asks again what is known to fail: also of operations that hang.
	settling bool
}

// ready is a setup that was made: its observations by step.
type ready struct {
	setup *contract.Setup
	steps map[string]*contract.Observation
}

// script is a case under way.
type script struct {
	*worker
	cs   *contract.Case
	ctx  context.Context
	seen []contract.Observation
	last map[string]int // index in seen by the step's name
	pre  *ready
	add  Change
}

// run sends the requests of a case. Where it goes no further, the observations up
// to there come with a *halt.
func (w *worker) run(ctx context.Context, cs *contract.Case) ([]contract.Observation, error) {
	change, err := w.before(ctx, cs)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		s := &script{worker: w, cs: cs, ctx: ctx, add: change, last: make(map[string]int, len(cs.Steps))}
		if len(cs.Steps) == 1 {
			if s.pre, err = w.ready(ctx, cs.Steps[0].Operation, attempt > 0); err != nil {
				return nil, err
			}
		}
		err = s.steps()
		if attempt > 0 || !s.stale() {
			return s.seen, err
		}
	}
}

func (w *worker) before(ctx context.Context, cs *contract.Case) (Change, error) {
	if w.cfg.Hooks == nil {
		return Change{}, nil
	}
	change, err := w.cfg.Hooks.Before(ctx, cs)
	if err != nil {
		return Change{}, stop(Hook, err)
	}
	if change.Skip != "" {
		return Change{}, stop(Skipped, errors.New(change.Skip))
	}
	return change, nil
}

func (s *script) steps() error {
	for i := range s.cs.Steps {
		step := &s.cs.Steps[i]
		op := s.cfg.Document.Operation(step.Operation)
		if op == nil {
			return stop(NoOperation, fmt.Errorf("the document has no operation %s", step.Operation))
		}
		r, err := s.request(step)
		if err != nil {
			return stop(SetupFailed, err)
		}
		if err := s.pages(i, op, r); err != nil {
			return err
		}
	}
	return nil
}

// request puts what earlier steps gave, the setup, and the hook into a step's
// request.
func (s *script) request(step *contract.Step) (contract.Request, error) {
	r := step.Request
	for _, u := range step.Use {
		i, ok := s.last[u.Step]
		if !ok {
			return r, fmt.Errorf("there is no earlier step %q", u.Step)
		}
		var err error
		if r, err = s.use(r, u, &s.seen[i]); err != nil {
			return r, err
		}
	}
	if s.pre != nil {
		for _, u := range s.pre.setup.Use {
			if place.Has(&r, u.Into) || s.cs.At == u.Into {
				continue
			}
			with, err := s.use(r, u, s.pre.steps[u.Step])
			if part, _ := u.Into.Split(); err != nil && part == "body" && s.cs.Kind == contract.Negative {
				continue // the body that breaks the document has no such place
			}
			if err != nil {
				return r, err
			}
			r = with
		}
	}
	for p, v := range s.add.Values {
		var err error
		if r, err = place.Put(r, p, v); err != nil {
			return r, fmt.Errorf("hook: %w", err)
		}
	}
	return r, nil
}

func (s *script) use(r contract.Request, u contract.Use, o *contract.Observation) (contract.Request, error) {
	v, err := s.take(u.From, o)
	if err != nil {
		return r, err
	}
	if u.Into == "target" {
		if v, err = targetOf(fmt.Sprint(v), s.cfg.URL); err != nil {
			return r, err
		}
	}
	if u.From == "header Location" && u.Into != "target" {
		v = lastSegment(fmt.Sprint(v))
	}
	return place.Put(r, u.Into, v)
}

// lastSegment returns the last segment of a Location's path: the id that it names.
func lastSegment(location string) string {
	location, _, _ = strings.Cut(location, "?")
	location = strings.TrimRight(location, "/")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// pages asks a step once, or until its list has ended.
func (s *script) pages(i int, op *openapi.Operation, r contract.Request) error {
	step := &s.cs.Steps[i]
	for page := 0; ; page++ {
		o, err := s.ask(s.ctx, op, step, r, s.add.Header)
		if err != nil {
			return err
		}
		o.Step, o.Page = i, page
		s.last[step.Name] = len(s.seen)
		s.seen = append(s.seen, o)
		if o.Fault != "" || len(s.cs.Steps) > i+1 && !s.prepared(step, &o) {
			return s.unprepared(step, &o)
		}
		if step.Pages == nil || page+1 >= step.Pages.Max {
			return nil
		}
		next, more := s.next(step.Pages, r, &o)
		if !more {
			return nil
		}
		r = next
	}
}

// prepared reports whether the steps after this one can be asked: where nothing is
// expected of it, its success is what they need.
func (s *script) prepared(step *contract.Step, o *contract.Observation) bool {
	if step.Expect.Check != "" {
		return true
	}
	status := o.Exchange.Response.Status
	if len(step.Expect.Status) == 0 {
		return true
	}
	for _, pattern := range step.Expect.Status {
		if contract.StatusFits(pattern, status) {
			return true
		}
	}
	return false
}

func (s *script) unprepared(step *contract.Step, o *contract.Observation) error {
	if o.Fault == string(replay.Canceled) {
		return stop(Stopped, errors.New("the run was stopped"))
	}
	if len(s.cs.Steps) == 1 {
		return nil
	}
	what := strconv.Itoa(o.Exchange.Response.Status)
	if o.Fault != "" {
		what = o.Fault
	}
	return stop(SetupFailed, fmt.Errorf("step %s, %s: %s", step.Name, step.Operation, what))
}

// next returns the request for the page after o, and whether there is one.
func (s *script) next(p *contract.Pages, r contract.Request, o *contract.Observation) (contract.Request, bool) {
	if o.Exchange.Response.Status/100 != 2 {
		return r, false
	}
	if p.Next == "header Link" {
		target, err := targetOf(nextOf(o.Exchange.Response.Header.Get("Link")), s.cfg.URL)
		r.Target = target
		return r, err == nil
	}
	if p.Next != "" {
		v, err := s.take(p.Next, o)
		if err == nil && p.Into == "target" {
			v, err = targetOf(fmt.Sprint(v), s.cfg.URL)
		}
		if err != nil || v == "" {
			return r, false
		}
		next, err := place.Put(r, p.Into, v)
		return next, err == nil
	}
	if items, err := s.take(p.Items, o); err != nil || empty(items) {
		return r, false
	}
	now, err := taken(&r, p.Into)
	if err != nil {
		return r, false
	}
	n, err := strconv.Atoi(fmt.Sprint(now))
	if err != nil {
		return r, false
	}
	next, err := place.Put(r, p.Into, json.Number(strconv.Itoa(n+p.Step)))
	return next, err == nil
}

func empty(list any) bool {
	items, ok := list.([]any)
	return !ok || len(items) == 0
}

// stale reports whether the setup seems to be gone, so that the case has to be
// asked with a new one.
func (s *script) stale() bool {
	if part, _ := s.cs.At.Split(); s.pre == nil || len(s.seen) == 0 || part == "path" {
		return false
	}
	switch o := &s.seen[len(s.seen)-1]; o.Exchange.Response.Status {
	case 404, 409, 410, 412:
		return true
	default:
		if o.Exchange.Request.Method == http.MethodDelete {
			delete(s.setups, s.cs.Steps[0].Operation)
		}
	}
	return false
}

// ready returns the setup of an operation, made now where it was not before, or
// where it is wanted anew; nil where the operation needs none.
func (w *worker) ready(ctx context.Context, operation string, anew bool) (*ready, error) {
	setup := w.cfg.Setup(operation)
	if setup == nil {
		return nil, nil
	}
	if r := w.setups[operation]; r != nil && !anew {
		return r, nil
	}
	delete(w.setups, operation)
	s := &script{worker: w, ctx: ctx, last: make(map[string]int), cs: &contract.Case{ID: "setup of " + operation, Steps: setup.Steps}}
	if err := s.steps(); err != nil {
		return nil, err
	}
	r := &ready{setup: setup, steps: make(map[string]*contract.Observation, len(s.seen))}
	for name, i := range s.last {
		o := &s.seen[i]
		if !s.prepared(&setup.Steps[o.Step], o) {
			return nil, s.failed(&setup.Steps[o.Step], o)
		}
		r.steps[name] = o
	}
	w.setups[operation] = r
	return r, nil
}

func (s *script) failed(step *contract.Step, o *contract.Observation) error {
	what := o.Fault
	if what == "" {
		what = strconv.Itoa(o.Exchange.Response.Status)
	}
	return stop(SetupFailed, fmt.Errorf("%s, step %s, %s: %s", s.cs.ID, step.Name, step.Operation, what))
}

// ask sends one request and returns what came of it.
func (w *worker) ask(ctx context.Context, op *openapi.Operation, step *contract.Step, r contract.Request, extra capture.Header) (contract.Observation, error) {
	o := contract.Observation{Request: r}
	if reason := w.health.closed(op.Name); reason != "" && !w.settling {
		return o, stop(reason, fmt.Errorf("%s is not asked any more", op.Name))
	}
	encode := w.cfg.Codec.Write
	if w.settling { // a request that was made smaller may have no form
		encode = w.cfg.Codec.Encode
	}
	wire, err := encode(op, &r)
	if err != nil {
		return o, stop(NotEncodable, err)
	}
	wire.Header = append(wire.Header, extra...)
	for again := false; ; again = true {
		sent := wire
		if err := w.sign(ctx, op, step.Request.Credentials, &sent); err != nil {
			return o, err
		}
		w.send(ctx, &o, sent)
		if again || o.Exchange.Response.Status != 401 || step.Request.Credentials != "" ||
			w.cfg.Credentials == nil || !w.cfg.Credentials.Renew(ctx, op) {
			break
		}
	}
	w.health.hear(op.Name, o.Fault)
	if o.Fault == string(replay.Refused) { // the environment's fault, of which the provider knows nothing
		return o, stop(ProviderGone, errors.New("no connection was made: "+o.Err))
	}
	return o, nil
}

func (w *worker) sign(ctx context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error {
	if w.cfg.Credentials == nil {
		return nil
	}
	if err := w.cfg.Credentials.Apply(ctx, op, which, req); err != nil {
		return stop(NoCredentials, err)
	}
	return nil
}

func (w *worker) send(ctx context.Context, o *contract.Observation, req capture.Request) {
	connection := "case-" + strconv.Itoa(w.number)
	e := capture.Exchange{Request: req}
	e.Context = capture.Context{Agent: "contract-run", Connection: connection, Index: w.asked}
	w.asked++
	w.requests.Add(1)
	a := w.cfg.Provider.Send(ctx, &replay.Ask{Recorded: &e, Session: connection, Request: req})
	e.Request, e.Response = a.Request, a.Response
	e.ID = capture.NewID(e.Context.Agent, connection, w.started, e.Context.Index)
	o.Exchange, o.Fault, o.Err = e, string(a.Fault), a.Err
	o.Latency = max(a.Latency(), 0)
	if a.Fault == replay.Timeout && o.Latency == 0 {
		o.Latency = time.Since(e.Request.Start)
	}
	if w.cfg.Keep != nil {
		kept := e.Clone()
		w.hide(kept)
		w.cfg.Keep(kept)
	}
}

// answerBody returns the body of an answer as a tree.
func (w *worker) answerBody(o *contract.Observation) (any, error) {
	op := w.cfg.Document.Operation(w.cfg.Document.Name(o.Exchange.Request.Method, o.Exchange.Request.Target))
	contentType := o.Exchange.Response.Header.Get("Content-Type")
	media := &openapi.Media{Type: contentType}
	if op != nil {
		for _, response := range op.Responses {
			if !contract.StatusFits(response.Status, o.Exchange.Response.Status) {
				continue
			}
			if best := message.Best(response.Media, contentType); best != nil {
				media = best
			}
			break
		}
	}
	body, err := findings.Plain(&o.Exchange.Response.Message)
	if err != nil {
		return nil, err
	}
	return w.cfg.Codec.Body(media, schema.Response, contentType, body)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"twinspect.dev/capture"
	"twinspect.dev/capture/curl"
	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// printer writes what would be sent to a side as curl lines, without its secrets.
type printer struct {
	mu       *sync.Mutex // of w and redactor, which the sides share
	w        io.Writer
	redactor *redact.Redactor
	client   *send.Client
	side     replay.Side
	err      *error // the first of writing
}

// errDryRun is the fault of every answer.
var errDryRun = errors.New("nothing is sent in a dry run")

// Send implements [replay.Sender].
func (p *printer) Send(_ context.Context, ask *replay.Ask) replay.Answer {
	a := replay.Answer{Request: ask.Request, Fault: replay.Failed, Err: errDryRun.Error()}
	sent, err := p.client.Prepare(&ask.Request)
	p.mu.Lock()
	defer p.mu.Unlock()
	line := ""
	if err != nil {
		line = fmt.Sprintf("# %s: %v", p.side, err)
	} else {
		line = fmt.Sprintf("%s # %s", curl.Line(p.client.URL(), p.withoutSecrets(&sent)), p.side)
	}
	if _, err := fmt.Fprintln(p.w, line); err != nil && *p.err == nil {
		*p.err = err
	}
	return a
}

// withoutSecrets returns a copy of a request with pseudonyms in it.
func (p *printer) withoutSecrets(req *capture.Request) *capture.Request {
	e := (&capture.Exchange{Request: *req}).Clone()
	p.redactor.Redact(e)
	return &e.Request
}

// dryRun prints what would be sent, in the order of the recording, and sends
// nothing: no health check, no token is fetched, and no answer gives a value to a
// later request.
func (o *replayOptions) dryRun(ctx context.Context, env cli.Env, list []side, s *survey) (err error) {
	redactor, err := redact.New(redact.Defaults(), redact.NewKey())
	if err != nil {
		return err
	}
	in, err := o.passOptions.open(ctx, env, s.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var mu sync.Mutex
	var failed error
	a, err := o.prepare(list, s, env, 0, 1, func(c *send.Client, side side) replay.Sender {
		return &printer{mu: &mu, w: env.Stdout, redactor: redactor, client: c, side: side.name, err: &failed}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	a.rules.Offline()
	a.runner.Pacer, a.runner.Feedback, a.runner.InFlight, a.runner.ReadAhead = nil, nil, 1, 1
	a.runner.Again = in.again
	damage := cli.NewDamage(env)
	a.runner.Damaged = damage.Report
	err = a.runner.Run(ctx, in, func(*replay.Outcome) error { return failed })
	if err != nil {
		return err
	}
	return errors.Join(cli.PrintAccount(env.Stderr, append(in.Account(), a.runner.Account()...)), damage.Err())
}

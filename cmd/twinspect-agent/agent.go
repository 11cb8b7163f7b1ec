package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/sample"
	"twinspect.dev/capture/spool"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/telemetry"
)

// agent is one run: packets, exchanges, sampled, redacted, shipped.
type agent struct {
	from  settings
	log   *slog.Logger
	level *level

	input    input
	sampler  *sample.Source
	redactor *redact.Source // nil when redaction is off
	out      *spool.Sink
	broker   broker
	governor *sample.Governor
	key      []byte

	limited  atomic.Pointer[limited]
	reloads  atomic.Uint64
	refused  atomic.Uint64           // reloads whose configuration was wrong
	cfg      config                  // what the agent was started with
	live     atomic.Pointer[config]  // what it was told since; only the live settings count
	missing  atomic.Pointer[contact] // nil while the broker is ready
	finished atomic.Bool
}

// limited is what the governor last said.
type limited struct {
	factor float64
	why    capture.Reason
}

func runAgent(ctx context.Context, env cli.Env, c config, from settings) (err error) {
	var l level
	_ = l.set(c.Log.Level) // was checked
	a := &agent{from: from, log: newLog(env.Stderr, c.Log.Format, &l), level: &l, cfg: c}
	a.live.Store(&c)
	a.limited.Store(&limited{factor: 1})
	a.missing.Store(&contact{time.Now(), "it was not reached yet"})
	tel, err := telemetry.New(ctx, env.Getenv, telemetry.Program{Name: "twinspect-agent", Version: env.Version, Instance: c.Agent})
	if err != nil {
		return err
	}
	stop := func(f func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Shutdown)
		defer cancel()
		err = errors.Join(err, f(ctx))
	}
	defer stop(tel.Close)
	if err := a.open(c, tel); err != nil {
		return err
	}
	if err := observe(tel, a.account, a.gauges()); err != nil {
		return errors.Join(err, a.close(c.Shutdown))
	}
	if c.Listen != "" {
		srv, err := serve(c.Listen, tel.Handler(), a.healthy, a.ready)
		if err != nil {
			return errors.Join(err, a.close(c.Shutdown))
		}
		defer stop(srv.close)
		a.log.Info("serving metrics and health", "address", srv.Addr.String())
	}
	return a.run(ctx)
}

// run records until ctx ends, and then sends what is left.
func (a *agent) run(ctx context.Context) error {
	if notice := a.out.State().Notice; notice != "" {
		a.log.Warn("the spool was not in order", "notice", notice)
	}
	a.log.Info("recording", "interface", a.cfg.Capture.Interface, "ports", a.cfg.Capture.Ports)
	beside, end := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { cli.WatchFiles(beside, a.files, a.reload) })
	group.Go(func() { a.govern(beside) })
	group.Go(func() { a.seekBroker(beside) })
	err := a.record(ctx)
	a.finished.Store(true)
	end()
	group.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // being told to end is the normal end
	}
	err = errors.Join(err, a.close(a.cfg.Shutdown))
	a.tellEnd()
	return err
}

// record copies every exchange to the shipping. What was read is kept, told to
// end or not.
func (a *agent) record(ctx context.Context) error {
	var src capture.Source = a.sampler
	if a.redactor != nil {
		src = a.redactor
	}
	out := capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		return a.out.WriteExchange(context.WithoutCancel(ctx), e)
	})
	_, err := capture.Copy(ctx, out, src, func(bad *capture.RecordError) {
		a.log.Warn("a record could not be read", "error", bad)
	})
	return err
}

// named gives what src reads the service and the labels of the agent, which rules
// of redaction ask for.
func (a *agent) named(src capture.Source) capture.Source {
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := src.ReadExchange(ctx, e); err != nil {
			return err
		}
		e.Context.Service, e.Context.Labels = a.cfg.Service, a.cfg.Labels
		return nil
	})
}

// close ends what open began, in the order of the flow.
func (a *agent) close(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return errors.Join(a.input.Close(), a.out.Shutdown(ctx), a.broker.Close())
}

// account is that of every stage, from the frames to the broker. The decorators
// are asked for their own stages alone: what they know of the input is older.
func (a *agent) account() capture.Account {
	account := append(a.input.Account(), a.sampler.Stage())
	if a.redactor != nil {
		account = append(account, a.redactor.Stages()...)
	}
	return append(account, a.out.Account()...)
}

func (a *agent) tellEnd() {
	account := a.account()
	for _, s := range account {
		a.log.Info("account", "stage", s.Name, "unit", s.Unit, "seen", s.Seen, "written", s.Written,
			"filtered", s.Filtered, "dropped", s.Dropped, "open", s.Open)
	}
	if err := account.Balance(); err != nil {
		a.log.Error("the account does not balance", "error", err)
	}
}

// governEvery is how often the agent looks at what it takes: often enough to
// react within a scrape, seldom enough to cost nothing.
const governEvery = time.Second

// govern keeps the limits by sampling less.
func (a *agent) govern(ctx context.Context) {
	tick := time.NewTicker(governEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		use, err := sample.ReadUsage()
		if err != nil {
			a.log.Warn("cannot read what the agent takes; its limits are not kept", "error", err)
			return
		}
		use.Bytes = a.broker.Sent()
		factor, why := a.governor.Observe(use)
		if last := a.limited.Load(); why != last.why {
			a.log.Warn("sampling changed to keep a limit", "factor", factor, "limit", why)
		}
		a.limited.Store(&limited{factor, why})
		a.sampler.SetFactor(factor)
	}
}

func (a *agent) healthy() status {
	s := status{OK: !a.finished.Load(), Account: a.account()}
	if !s.OK {
		s.Problems = []string{"recording has ended"}
	}
	return s
}

func (a *agent) ready() status {
	s := a.healthy()
	away := func(since time.Time, why string) {
		s.OK = false
		s.Problems = append(s.Problems, fmt.Sprintf("the broker is away since %s: %s", since.Format(time.RFC3339), why))
	}
	if st := a.out.State(); !st.BrokerUp {
		away(st.Since, st.LastError)
	}
	if missing := a.missing.Load(); missing != nil && !a.reached() {
		away(missing.since, missing.why)
	}
	s.Account = nil
	return s
}

func (a *agent) gauges() []gauge {
	state := a.out.State
	return []gauge{
		{"sampling.factor", "", "What the configured sampling is multiplied by to keep the agent's limits.", func() float64 { return a.limited.Load().factor }},
		{"broker.up", "", "Whether the broker took the last batch.", func() float64 { return bit(state().BrokerUp) }},
		{"queue.size", "By", "Memory of the exchanges that wait.", func() float64 { return float64(state().QueuedBytes) }},
		{"spool.exchanges", "{exchange}", "Exchanges that wait on disk.", func() float64 { return float64(state().SpooledExchanges) }},
		{"spool.size", "By", "Bytes of the segments on disk.", func() float64 { return float64(state().SpooledBytes) }},
		{"reloads", "", "Configurations taken while running.", func() float64 { return float64(a.reloads.Load()) }},
		{"reloads.refused", "", "Configurations refused while running.", func() float64 { return float64(a.refused.Load()) }},
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

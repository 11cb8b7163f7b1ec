package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/calls"
	"twinspect.dev/diff/compare"
	"twinspect.dev/replay"
	"twinspect.dev/replay/retrace"
)

// traceOptions say where the traces of the sides are.
type traceOptions struct {
	traces string
	wait   time.Duration
	own    bool
}

func (o *traceOptions) register(flags *pflag.FlagSet, live bool) {
	sources := "jaeger://HOST:16686 or a file of OTLP or Jaeger's JSON"
	if live {
		sources = "otlp://HOST:PORT, where the services send them to, " + sources
		flags.BoolVar(&o.own, "own-traces", false, "give each request of each side a trace of its own, in place of the recorded one (--traces implies it)")
	}
	flags.StringVar(&o.traces, "traces", "", "say by traces where the sides first differ, and judge the calls they make: "+sources)
	flags.DurationVar(&o.wait, "traces-wait", 20*time.Second, "wait this long after the last answer for its spans")
}

// The schemes of where traces come from; anything else is a file.
const (
	otlpScheme   = "otlp://"
	jaegerScheme = "jaeger://"
)

const (
	// quiet is when a trace counts as whole: SDKs hold spans back for 5 s
	// (OTEL_BSP_SCHEDULE_DELAY). Who waits for less says that they come sooner.
	quiet = 6 * time.Second
	// maxTraces is how many traces are held, of three sides of as many outcomes as
	// wait for them.
	maxTraces = 60000
	// askedTraces bounds the traces that Jaeger is asked for one by one, asking as
	// many at once as a browser does.
	askedTraces, jaegerAtOnce = 3000, 6
)

// tracing collects the traces of a run. A nil tracing collects none.
type tracing struct {
	wait     time.Duration
	live     bool // spans may be on their way
	store    *trace.Store
	joiner   *calls.Joiner
	key      [16]byte
	file     string
	jaeger   *trace.Jaeger
	receiver *trace.Receiver
	end      context.CancelFunc
	working  errgroup.Group
}

// openTraces makes ready to collect; nil where no traces are asked for.
func (o *traceOptions) openTraces(ctx context.Context, env cli.Env, live bool) (*tracing, error) {
	if o.wait < 0 {
		return nil, fmt.Errorf("--traces-wait %s: want a time such as 20s", o.wait)
	}
	if o.traces == "" && !o.own {
		return nil, nil
	}
	t := &tracing{wait: o.wait, live: live, store: trace.NewStore(trace.StoreOptions{MaxTraces: maxTraces})}
	if _, err := rand.Read(t.key[:]); err != nil {
		return nil, err
	}
	if o.traces == "" {
		return t, nil
	}
	t.joiner = calls.New(t.store, compare.New(nil).Target)
	return t, t.openSource(ctx, env, o.traces, live)
}

func (t *tracing) openSource(ctx context.Context, env cli.Env, source string, live bool) (err error) {
	address, isOTLP := strings.CutPrefix(source, otlpScheme)
	switch {
	case isOTLP && !live:
		return fmt.Errorf("--traces %s: the run is over, and nothing sends its spans again: want a file, or jaeger://HOST:16686", source)
	case isOTLP:
		return t.listen(ctx, env, address)
	case strings.HasPrefix(source, jaegerScheme):
		return t.reachJaeger(ctx, source)
	}
	t.file = source
	if live {
		return nil // the run itself may make it
	}
	in, err := trace.Open(source)
	if err != nil {
		return fmt.Errorf("--traces: %w", err)
	}
	return in.Close()
}

// reachJaeger sees that Jaeger answers before anything is done that needs it.
func (t *tracing) reachJaeger(ctx context.Context, source string) (err error) {
	if t.jaeger, err = trace.NewJaeger(source, trace.JaegerOptions{}); err == nil {
		_, err = t.jaeger.Services(ctx)
	}
	if err != nil {
		return fmt.Errorf("--traces: %w", err)
	}
	return nil
}

// listen takes the spans that services send.
func (t *tracing) listen(ctx context.Context, env cli.Env, address string) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("--traces: %w", err)
	}
	fmt.Fprintf(env.Stderr, "traces: send spans to %s (OTLP over HTTP and gRPC)\n", l.Addr())
	t.receiver = trace.NewReceiver(l, trace.ReceiverOptions{})
	ctx, t.end = context.WithCancel(ctx)
	damage := cli.NewDamage(env)
	t.working.Go(func() error { return t.store.Collect(ctx, t.receiver, time.Now, damage.Report) })
	t.working.Go(func() error {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case now := <-tick.C:
				t.joiner.Join(now, t.quiet())
			}
		}
	})
	return nil
}

// calls returns what judges take outcomes to, nil where no traces are joined.
func (t *tracing) calls() *calls.Joiner {
	if t == nil {
		return nil
	}
	return t.joiner
}

// side gives the requests of a side traces of their own, which are wanted before
// the first span of them can come.
func (t *tracing) side(name replay.Side, next replay.Sender) replay.Sender {
	if t == nil {
		return next
	}
	own := retrace.New(name, t.key, next)
	if t.receiver == nil {
		return own
	}
	return replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
		id, _ := own.Trace(ask.Recorded.ID, ask.Copy)
		t.store.Want(id)
		return own.Send(ctx, ask)
	})
}

// finish waits for the spans of the last answers, and joins what is there.
func (t *tracing) finish(ctx context.Context, env cli.Env) (err error) {
	if t == nil || t.joiner == nil {
		return nil
	}
	waiting := len(t.joiner.Pending())
	stop := cli.Watch(ctx, env, "joined", "traces", func() (int64, int64) {
		return int64(waiting - len(t.joiner.Pending())), int64(waiting)
	})
	defer stop()
	wait, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	switch {
	case t.receiver != nil:
		t.settle(wait)
	case t.jaeger != nil:
		err = t.fetch(ctx, wait, t.joiner.Pending())
	default:
		t.written(wait)
		err = t.read(ctx, env)
	}
	t.joiner.Finish()
	return errors.Join(err, ctx.Err())
}

// poll is how often it is looked whether there is anything new.
const poll = 200 * time.Millisecond

// settle waits until nothing more is on its way, or it has been long enough: what
// is missing then is counted.
func (t *tracing) settle(wait context.Context) {
	for t.joiner.Join(time.Now(), t.quiet()) > 0 && pause(wait, poll) {
	}
}

func (t *tracing) quiet() time.Duration { return min(quiet, t.wait) }

// pause waits, and reports whether there is time left after it.
func pause(wait context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-wait.Done():
		return false
	case <-timer.C:
		return true
	}
}

// written waits until the file has been left as it is for a while after the last
// answer.
func (t *tracing) written(wait context.Context) {
	for last := time.Now(); t.live; {
		if info, err := os.Stat(t.file); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		if time.Since(last) >= t.quiet() || !pause(wait, min(poll, t.quiet())) {
			return
		}
	}
}

// read collects the wanted spans of a file.
func (t *tracing) read(ctx context.Context, env cli.Env) (err error) {
	in, err := trace.Open(t.file)
	if err != nil {
		return fmt.Errorf("--traces: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return t.store.Collect(ctx, in, time.Now, cli.NewDamage(env).Report)
}

// fetch asks Jaeger for traces, until there is no time left again for those that
// it does not have yet, or not whole. A round that has begun is worth its time.
func (t *tracing) fetch(ctx, wait context.Context, wanted []trace.TraceID) error {
	if t.live {
		pause(wait, t.quiet())
	}
	wanted = wanted[:min(len(wanted), askedTraces)]
	for {
		group, inner := errgroup.WithContext(ctx)
		group.SetLimit(jaegerAtOnce)
		for _, id := range wanted {
			group.Go(func() error { return t.fetchOne(inner, id) })
		}
		if err := group.Wait(); err != nil {
			return fmt.Errorf("--traces: %w", err)
		}
		wanted = slices.DeleteFunc(wanted, t.isWhole)
		if len(wanted) == 0 || !pause(wait, time.Second) {
			return nil
		}
	}
}

func (t *tracing) isWhole(id trace.TraceID) bool {
	tree, ok := t.store.Tree(id)
	return ok && tree.Whole()
}

func (t *tracing) fetchOne(ctx context.Context, id trace.TraceID) error {
	in, err := t.jaeger.Trace(ctx, id)
	if errors.Is(err, trace.ErrNoTrace) {
		return nil // not yet
	}
	if err != nil {
		return err
	}
	return errors.Join(t.store.Collect(ctx, in, time.Now, nil), in.Close())
}

// closing is what a request that has begun has left to end: it holds one batch,
// and comes from near.
const closing = 2 * time.Second

// close ends the collecting, and says what was refused.
func (t *tracing) close(env cli.Env) error {
	if t == nil || t.receiver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if err := t.receiver.Close(ctx); err != nil {
		// The report is written, and says what had come by then.
		fmt.Fprintf(env.Stderr, "traces: who sends spans was cut off: %v\n", err)
	}
	t.end()
	err := t.working.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	for _, stage := range t.receiver.Account() {
		if stage.Lost() > 0 {
			fmt.Fprintf(env.Stderr, "traces: %d %s were refused: %s\n", stage.Lost(), stage.Unit, stage.Losses())
		}
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/cmd/internal/cli"
)

const zipkinScheme = "zipkin://"

// spanSources is the help of what a command that reads spans takes.
const spanSources = `Spans come from files (OTLP as protobuf or JSON, Jaeger's JSON, Zipkin's JSON version
2; also compressed; "-" is standard input), from otlp://HOST:PORT, to which services
send them over HTTP or gRPC, from jaeger://HOST:16686 or from zipkin://HOST:9411.`

// spanOptions say how much is read from where spans are kept or sent to.
type spanOptions struct {
	period time.Duration
	since  time.Duration
	limit  int
}

func (o *spanOptions) register(flags *pflag.FlagSet) {
	flags.DurationVar(&o.period, "for", 0, "take spans at otlp:// for this long (0: until interrupted)")
	flags.DurationVar(&o.since, "since", time.Hour, "ask jaeger:// and zipkin:// for traces that are no older")
	flags.IntVar(&o.limit, "traces-limit", 1500, "ask jaeger:// and zipkin:// for so many traces of each service at most")
}

func (o *spanOptions) check() error {
	switch {
	case o.period < 0:
		return fmt.Errorf("--for %s: want a time such as 10m", o.period)
	case o.since <= 0:
		return fmt.Errorf("--since %s: want a time such as 1h", o.since)
	case o.limit <= 0:
		return fmt.Errorf("--traces-limit %d: want a number of traces", o.limit)
	}
	return nil
}

// spanReader reads all spans of several sources, one source after the other.
type spanReader struct {
	env     cli.Env
	options spanOptions
	damage  *cli.Damage
	account capture.Account
	count   atomic.Int64
}

// each hands every span of the sources on; the span is do's until the next. An
// interruption is the usual end of what services send: what comes after it is done
// by a context that goes on.
func (r *spanReader) each(ctx context.Context, sources []string, do func(*trace.Span) error) (context.Context, error) {
	stop := cli.Watch(ctx, r.env, "read", "spans", func() (int64, int64) { return r.count.Load(), 0 })
	defer stop()
	for _, name := range sources {
		if err := r.source(ctx, name, do); err != nil {
			return ctx, fmt.Errorf("spans of %s: %w", shownNames([]string{name})[0], err)
		}
		if strings.HasPrefix(name, otlpScheme) {
			ctx = context.WithoutCancel(ctx)
		}
	}
	return ctx, nil
}

func (r *spanReader) source(ctx context.Context, name string, do func(*trace.Span) error) error {
	switch {
	case strings.HasPrefix(name, otlpScheme):
		return r.received(ctx, strings.TrimPrefix(name, otlpScheme), do)
	case strings.HasPrefix(name, jaegerScheme):
		system, err := trace.NewJaeger(name, trace.JaegerOptions{})
		if err != nil {
			return err
		}
		return r.searched(ctx, system, do)
	case strings.HasPrefix(name, zipkinScheme):
		system, err := trace.NewZipkin(name, trace.QueryOptions{})
		if err != nil {
			return err
		}
		return r.searched(ctx, system, do)
	case name == "-":
		return r.drain(ctx, trace.NewReader(r.env.Stdin, trace.ReadOptions{Name: "standard input"}), do)
	}
	in, err := trace.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(r.drain(ctx, in, do), in.Close())
}

// spanStream is a source of spans that keeps an account.
type spanStream interface {
	trace.Source
	capture.Accounted
}

// drain reads a source to its end, damaged records told.
func (r *spanReader) drain(ctx context.Context, src spanStream, do func(*trace.Span) error) error {
	defer func() { r.account = r.account.Merge(src.Account()) }()
	var sp trace.Span
	for {
		err := src.ReadSpan(ctx, &sp)
		var damaged *capture.RecordError
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damaged):
			r.damage.Report(damaged)
			continue
		default:
			return err
		}
		r.count.Add(1)
		if err := do(&sp); err != nil {
			return err
		}
	}
}

// received takes what services send until the time is up, or until the user says
// that it is enough, which is no failure.
func (r *spanReader) received(ctx context.Context, address string, do func(*trace.Span) error) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.env.Stderr, "send spans to %s (OTLP over HTTP and gRPC)\n", l.Addr())
	in := trace.NewReceiver(l, trace.ReceiverOptions{})
	listening, release := context.WithCancel(ctx)
	defer release()
	if r.options.period > 0 {
		var expire context.CancelFunc
		listening, expire = context.WithTimeout(listening, r.options.period)
		defer expire()
	}
	closed := make(chan error, 1)
	go func() {
		<-listening.Done()
		late, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		closed <- in.Close(late)
	}()
	err = r.drain(context.WithoutCancel(ctx), in, do)
	release()
	if err := <-closed; err != nil {
		// What had come by then is read; what had not is its sender's to count.
		fmt.Fprintf(r.env.Stderr, "traces: who sends spans was cut off: %v\n", err)
	}
	return err
}

// searched asks a tracing system for the traces of every service: one that several
// services have a part in comes more than once, and counts once.
func (r *spanReader) searched(ctx context.Context, system traceSystem, do func(*trace.Span) error) error {
	services, err := system.Services(ctx)
	if err != nil {
		return err
	}
	end := time.Now()
	first := make(map[trace.TraceID]string) // who it came with; 16 bytes and a name for each trace that is asked for
	var again capture.Stats
	defer func() {
		r.account = r.account.Merge(capture.Account{{Name: "traces of several services", Unit: "spans", Stats: again}})
	}()
	for _, service := range services {
		in, err := system.Search(ctx, service, end.Add(-r.options.since), end, r.options.limit)
		if err != nil {
			return err
		}
		err = r.drain(ctx, in, func(sp *trace.Span) error {
			again.Seen++
			if of, ok := first[sp.Trace]; ok && of != service {
				again.Filter(trace.Duplicate, 1)
				return nil
			}
			first[sp.Trace] = service
			again.Written++
			return do(sp)
		})
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// traceSystem keeps traces, and answers questions for them.
type traceSystem interface {
	Services(ctx context.Context) ([]string, error)
	Search(ctx context.Context, service string, start, end time.Time, limit int) (*trace.Reader, error)
}

// readable sees that the sources can be read, as far as that can be known before any
// work is done.
func readable(sources []string) error {
	listening := ""
	for _, name := range sources {
		scheme, _, remote := strings.Cut(name, "://")
		switch scheme += "://"; {
		case name == "-" || remote && (scheme == jaegerScheme || scheme == zipkinScheme):
		case remote && scheme == otlpScheme && listening != "":
			return fmt.Errorf("%s and %s: one source after the other is read, and the first ends by the interrupt: want one otlp:// that all services send to", listening, name)
		case remote && scheme == otlpScheme:
			listening = name
		case remote:
			return fmt.Errorf("spans of %s: want a file, otlp://HOST:PORT, jaeger://HOST:16686 or zipkin://HOST:9411", shownNames([]string{name})[0])
		default:
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			if info.IsDir() {
				return fmt.Errorf("spans of %s: that is a folder, want a file", name)
			}
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/capture/redact"
	"twinspect.dev/capture/tlswire"
	"twinspect.dev/capture/wire"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/recording"
)

type captureOptions struct {
	pcap      string
	kafka     string
	live      cli.Live
	proxy     string
	tls       proxyTLS
	output    string
	force     bool
	agent     string
	service   string
	labels    map[string]string
	bodyLimit int64
	duration  time.Duration
	limit     uint64
	redact    redactFlags
	asItIs    bool
	keyLog    string
	// reflection is the address of a gRPC server that describes its messages.
	reflection string
}

func newCapture(env cli.Env) *cobra.Command {
	var opt captureOptions
	var ports []uint
	cmd := &cobra.Command{
		Use:   "capture (--pcap FILE | --interface NAME | --proxy ADDR=URL | --kafka URL) -o FILE",
		Short: "Record HTTP exchanges from packets, through a proxy, or from Kafka",
		Long: `Capture records HTTP exchanges:
  from a capture file   (--pcap: pcap and pcapng, plain, gzip or zstd; - is standard input)
  from an interface     (--interface and --port; Linux, as root or with cap_net_raw)
  through itself        (--proxy: a reverse proxy that streams bodies through)
  from a topic          (--kafka: what agents recorded, a window of it)

HTTP/1, HTTP/2 and gRPC are recorded, and TLS where --tls-keylog names the
secrets that a client you own logs (SSLKEYLOGFILE).

Secrets are replaced by pseudonyms before anything is written, so that equal
values stay equal; --no-redact keeps them, which a replay with logins needs. A
topic's exchanges were redacted by the agent, and are only redacted again where
--rules or --redact-key asks for it.

What it saw and what it could not record is told as an account at the end, and
kept in the recording. Interrupt it (Ctrl-C) to end a live capture: that is its
normal end.`,
		Example: `  twinspect capture --pcap traffic.pcapng --port 8080 -o traffic.twin
  sudo twinspect capture --interface eth0 --port 8080 -o traffic.twin --for 10m
  sudo twinspect capture --container 3f1c9a0b7d42 --filter 'port 8080 and not host 10.0.0.9' -o traffic.twin
  twinspect capture --proxy 127.0.0.1:8000=http://127.0.0.1:8080 -o traffic.twin
  twinspect capture --kafka 'kafka://127.0.0.1:9092/exchanges?from=-15m&to=now' -o traffic.twin
  twinspect capture --pcap tls.pcap --tls-keylog keys.log -o traffic.twin
  twinspect capture --interface eth0 --port 9090 --grpc-reflection 127.0.0.1:9090 -o calls.twin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opt.live.Ports, err = cli.Ports(ports); err != nil {
				return err
			}
			return runCapture(cmd.Context(), env, opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.pcap, "pcap", "", "read this capture file")
	registerLive(flags, &opt.live)
	flags.StringVar(&opt.kafka, "kafka", "", "read a window of this topic: kafka://broker:9092/topic?from=-15m&to=now")
	flags.StringVar(&opt.proxy, "proxy", "", "listen on ADDR and pass everything on to URL (ADDR=URL; h2c://HOST:PORT for gRPC without TLS)")
	flags.UintSliceVar(&ports, "port", nil, "only connections to these server ports (default: any that speaks HTTP)")
	flags.StringVar(&opt.reflection, "grpc-reflection", "", "ask this gRPC server (HOST:PORT) what its messages mean, and keep it beside the recording")
	flags.StringVar(&opt.tls.cert, "tls-cert", "", "with --proxy: serve TLS with this certificate (PEM)")
	flags.StringVar(&opt.tls.key, "tls-key", "", "with --proxy: the certificate's key (PEM)")
	flags.BoolVar(&opt.tls.selfSigned, "tls-self-signed", false, "with --proxy: serve TLS with a certificate made on the spot")
	flags.StringVarP(&opt.output, "output", "o", "", "write here: .twin, .jsonl or .har; - prints JSON lines")
	flags.BoolVar(&opt.force, "force", false, "overwrite the output")
	flags.StringVar(&opt.keyLog, "tls-keylog", "", "decrypt TLS with the secrets in this file (NSS key log)")
	opt.redact.register(flags)
	flags.BoolVar(&opt.asItIs, "no-redact", false, "keep secrets in the recording as they are")
	flags.StringVar(&opt.agent, "agent", "twinspect", "name of this recorder, part of each exchange's identity")
	flags.StringVar(&opt.service, "service", "", "name of the recorded service")
	flags.StringToStringVar(&opt.labels, "label", nil, "labels of every exchange, such as environment=production: a replay then refuses to send to its hosts")
	flags.Int64Var(&opt.bodyLimit, "body-limit", 16<<20, "keep at most this many bytes of a body")
	flags.DurationVar(&opt.duration, "for", 0, "stop a live capture after this time")
	flags.Uint64VarP(&opt.limit, "limit", "n", 0, "stop after this many exchanges")
	_ = cmd.MarkFlagRequired("output")
	cmd.MarkFlagsOneRequired("pcap", "interface", "pid", "container", "proxy", "kafka")
	cmd.MarkFlagsMutuallyExclusive("pcap", "interface", "proxy", "kafka")
	cmd.MarkFlagsMutuallyExclusive("pid", "container", "pcap", "proxy", "kafka")
	cmd.MarkFlagsMutuallyExclusive("no-redact", "rules")
	cmd.MarkFlagsMutuallyExclusive("no-redact", "redact-key")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return cmd
}

func runCapture(ctx context.Context, env cli.Env, opt captureOptions) error {
	_, taken := os.Stat(opt.output)
	if opt.reflection != "" && (opt.force || taken != nil) { // what must not be overwritten is told below
		if err := keepDescriptors(ctx, env, opt.reflection, opt.output); err != nil {
			return err
		}
	}
	if opt.proxy != "" {
		return runProxy(ctx, env, opt)
	}
	src, live, err := opt.open(ctx, env)
	if err != nil {
		return err
	}
	defer src.Close()
	out, err := opt.create(env)
	if err != nil {
		return err
	}
	if live {
		var stop context.CancelFunc
		ctx, stop = withDuration(ctx, opt.duration)
		defer stop()
		fmt.Fprintf(env.Stderr, "capturing on %s; interrupt to end\n", opt.live.Interface)
	}
	return opt.record(ctx, env, src, out, live)
}

// create creates the output. What is written to it is without secrets, unless
// they were asked for.
func (opt captureOptions) create(env cli.Env) (recording.Sink, error) {
	var redactor *redact.Redactor
	var err error
	if opt.redacts() {
		if redactor, err = opt.redact.redactor(); err != nil {
			return nil, err
		}
	}
	out, err := recording.Create(env, opt.output, recording.Options{Force: opt.force})
	if err != nil {
		return nil, err
	}
	if redactor != nil {
		out = &redacting{Sink: out, redactor: redactor, told: env.Stderr}
	}
	// Named before it is redacted, as rules may be for one service.
	return &naming{out, opt.service, opt.labels}, nil
}

// naming gives exchanges the service and the labels that were asked for.
type naming struct {
	recording.Sink
	service string
	labels  map[string]string
}

// WriteExchange implements [capture.Sink].
func (n *naming) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if n.service != "" {
		e.Context.Service = n.service
	}
	if n.labels != nil {
		labels := maps.Clone(e.Context.Labels)
		if labels == nil {
			labels = make(map[string]string, len(n.labels))
		}
		maps.Copy(labels, n.labels)
		e.Context.Labels = labels
	}
	return n.Sink.WriteExchange(ctx, e)
}

// redacts reports whether secrets are replaced. Those of a topic were, by the
// agent: a second time would make other pseudonyms of them.
func (opt captureOptions) redacts() bool {
	return !opt.asItIs && (opt.kafka == "" || opt.redact != redactFlags{})
}

func withDuration(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// input is what exchanges are recorded from.
type input interface {
	capture.Source
	capture.Accounted
	Close() error
}

func (opt captureOptions) open(ctx context.Context, env cli.Env) (src input, live bool, err error) {
	if opt.kafka != "" {
		if !kafka.IsURL(opt.kafka) {
			return nil, false, fmt.Errorf("--kafka %q: want kafka://broker:9092/topic", opt.kafka)
		}
		src, err = recording.Open(ctx, env, opt.kafka)
		return src, false, err
	}
	cfg := wire.Config{Agent: opt.agent, Ports: opt.live.Ports, HTTP: httpwire.Config{MaxBody: int(opt.bodyLimit)}}
	if opt.keyLog != "" {
		if cfg.Keys, err = tlswire.OpenKeyLog(opt.keyLog); err != nil {
			return nil, false, err
		}
	}
	if opt.pcap != "" {
		file, err := opt.live.File()
		if err != nil {
			return nil, false, err
		}
		src, err = recording.OpenPackets(ctx, env, opt.pcap, file, cfg)
		return src, false, err
	}
	in, err := opt.live.Listen(cfg)
	if err != nil {
		return nil, true, err
	}
	return in, true, nil
}

// record copies src to out and tells the account. The end of a live capture
// that is asked for is no failure.
func (opt captureOptions) record(ctx context.Context, env cli.Env, src input, out recording.Sink, live bool) error {
	var written atomic.Int64
	counted := capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		// What was read is kept, interrupted or not.
		err := out.WriteExchange(context.WithoutCancel(ctx), e)
		written.Add(1)
		return err
	})
	stop := opt.watch(ctx, env, src, &written)
	defer stop()
	damage := cli.NewDamage(env)
	var from capture.Source = src
	if opt.limit > 0 {
		from = head(src, opt.limit)
	}
	_, err := capture.Copy(ctx, counted, from, damage.Report)
	stop()
	if live && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = nil
	}
	err = errors.Join(err, finish(env, out, src.Account()))
	return errors.Join(err, damage.Err())
}

// watch shows how far a file was read, or what a live capture has by now.
func (opt captureOptions) watch(ctx context.Context, env cli.Env, src input, written *atomic.Int64) (stop func()) {
	if in, ok := src.(*recording.Input); ok {
		return cli.Watch(ctx, env, "read", in.Unit, in.Progress)
	}
	return cli.Watch(ctx, env, "captured", "exchanges", func() (int64, int64) { return written.Load(), -1 })
}

// finish ends a recording and prints its account.
func finish(env cli.Env, out recording.Sink, account capture.Account) error {
	err := errors.Join(out.WriteAccount(account), out.Close())
	return errors.Join(err, cli.PrintAccount(env.Stderr, account))
}

// splitProxy reads ADDR=URL.
func splitProxy(s string) (addr string, upstream *url.URL, err error) {
	addr, raw, ok := strings.Cut(s, "=")
	if ok {
		upstream, err = url.Parse(raw)
	}
	if !ok || err != nil || upstream.Host == "" || !slices.Contains([]string{"http", "https", h2c}, upstream.Scheme) {
		return "", nil, fmt.Errorf("--proxy %q: want ADDR=URL such as 127.0.0.1:8000=http://127.0.0.1:8080 (https, or h2c for gRPC)", s)
	}
	return addr, upstream, nil
}

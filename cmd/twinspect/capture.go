package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"twinspect.dev/capture"
	"twinspect.dev/capture/httpwire"
	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
	"twinspect.dev/cmd/internal/cli"
)

type captureOptions struct {
	pcap      string
	iface     string
	ports     []uint16
	proxy     string
	tls       proxyTLS
	output    string
	force     bool
	agent     string
	service   string
	bodyLimit int64
	duration  time.Duration
	limit     uint64
}

func newCapture(env cli.Env) *cobra.Command {
	var opt captureOptions
	var ports []uint
	cmd := &cobra.Command{
		Use:   "capture (--pcap FILE | --interface NAME | --proxy ADDR=URL) -o FILE",
		Short: "Record HTTP exchanges from packets or through a proxy",
		Long: `Capture records HTTP exchanges:
  from a capture file   (--pcap: pcap and pcapng, plain, gzip or zstd; - is standard input)
  from an interface     (--interface and --port; Linux, as root or with cap_net_raw)
  through itself        (--proxy: a reverse proxy that streams bodies through)

What it saw and what it could not record is told as an account at the end, and
kept in the recording. Interrupt it (Ctrl-C) to end a live capture: that is its
normal end.`,
		Example: `  twinspect capture --pcap traffic.pcapng --port 8080 -o traffic.twin
  sudo twinspect capture --interface eth0 --port 8080 -o traffic.twin --for 10m
  twinspect capture --proxy 127.0.0.1:8000=http://127.0.0.1:8080 -o traffic.twin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opt.ports, err = toPorts(ports); err != nil {
				return err
			}
			return runCapture(cmd.Context(), env, opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.pcap, "pcap", "", "read this capture file")
	flags.StringVar(&opt.iface, "interface", "", "listen on this network interface")
	flags.StringVar(&opt.proxy, "proxy", "", "listen on ADDR and pass everything on to URL (ADDR=URL)")
	flags.UintSliceVar(&ports, "port", nil, "only connections to these server ports (default: any that speaks HTTP)")
	flags.StringVar(&opt.tls.cert, "tls-cert", "", "with --proxy: serve TLS with this certificate (PEM)")
	flags.StringVar(&opt.tls.key, "tls-key", "", "with --proxy: the certificate's key (PEM)")
	flags.BoolVar(&opt.tls.selfSigned, "tls-self-signed", false, "with --proxy: serve TLS with a certificate made on the spot")
	flags.StringVarP(&opt.output, "output", "o", "", "write here: .twin, .jsonl or .har; - prints JSON lines")
	flags.BoolVar(&opt.force, "force", false, "overwrite the output")
	flags.StringVar(&opt.agent, "agent", "twinspect", "name of this recorder, part of each exchange's identity")
	flags.StringVar(&opt.service, "service", "", "name of the recorded service")
	flags.Int64Var(&opt.bodyLimit, "body-limit", 16<<20, "keep at most this many bytes of a body")
	flags.DurationVar(&opt.duration, "for", 0, "stop a live capture after this time")
	flags.Uint64VarP(&opt.limit, "limit", "n", 0, "stop after this many exchanges")
	_ = cmd.MarkFlagRequired("output")
	cmd.MarkFlagsOneRequired("pcap", "interface", "proxy")
	cmd.MarkFlagsMutuallyExclusive("pcap", "interface", "proxy")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return cmd
}

func toPorts(ports []uint) ([]uint16, error) {
	var out []uint16
	for _, p := range ports {
		if p == 0 || p > 65535 {
			return nil, fmt.Errorf("--port %d: want a port from 1 to 65535", p)
		}
		out = append(out, uint16(p))
	}
	return out, nil
}

func runCapture(ctx context.Context, env cli.Env, opt captureOptions) error {
	if opt.proxy != "" {
		return runProxy(ctx, env, opt)
	}
	src, live, err := opt.open(ctx, env)
	if err != nil {
		return err
	}
	defer src.Close()
	out, err := cli.CreateSink(env, opt.output, cli.SinkOptions{Force: opt.force})
	if err != nil {
		return err
	}
	if live {
		var stop context.CancelFunc
		ctx, stop = withDuration(ctx, opt.duration)
		defer stop()
		fmt.Fprintf(env.Stderr, "capturing on %s; interrupt to end\n", opt.iface)
	}
	return opt.record(ctx, env, src, out, live)
}

func withDuration(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// recording is what packets are read from.
type recording interface {
	capture.Source
	capture.Accounted
	Close() error
}

func (opt captureOptions) open(ctx context.Context, env cli.Env) (src recording, live bool, err error) {
	cfg := wire.Config{Agent: opt.agent, Ports: opt.ports, HTTP: httpwire.Config{MaxBody: int(opt.bodyLimit)}}
	if opt.pcap != "" {
		src, err = cli.OpenPackets(ctx, env, opt.pcap, cfg)
		return src, false, err
	}
	segments, err := packet.Listen(packet.LiveConfig{Interface: opt.iface, Ports: opt.ports})
	if err != nil {
		return nil, true, err
	}
	return liveInput{wire.New(cfg, segments), segments}, true, nil
}

type liveInput struct {
	*wire.Source
	segments *packet.Live
}

// Close stops listening.
func (l liveInput) Close() error { return l.segments.Close() }

// record copies src to out and tells the account. The end of a live capture
// that is asked for is no failure.
func (opt captureOptions) record(ctx context.Context, env cli.Env, src recording, out cli.Sink, live bool) error {
	var written atomic.Int64
	counted := capture.SinkFunc(func(ctx context.Context, e *capture.Exchange) error {
		e.Context.Service = opt.service
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
func (opt captureOptions) watch(ctx context.Context, env cli.Env, src recording, written *atomic.Int64) (stop func()) {
	if file, ok := src.(interface{ Progress() (read, total int64) }); ok {
		return cli.Watch(ctx, env, "read", "bytes", file.Progress)
	}
	return cli.Watch(ctx, env, "captured", "exchanges", func() (int64, int64) { return written.Load(), -1 })
}

// finish ends a recording and prints its account.
func finish(env cli.Env, out cli.Sink, account capture.Account) error {
	err := errors.Join(out.WriteAccount(account), out.Close())
	return errors.Join(err, cli.PrintAccount(env.Stderr, account))
}

// splitProxy reads ADDR=URL.
func splitProxy(s string) (addr string, upstream *url.URL, err error) {
	addr, raw, ok := strings.Cut(s, "=")
	if ok {
		upstream, err = url.Parse(raw)
	}
	if !ok || err != nil || upstream.Host == "" || (upstream.Scheme != "http" && upstream.Scheme != "https") {
		return "", nil, fmt.Errorf("--proxy %q: want ADDR=URL such as 127.0.0.1:8000=http://127.0.0.1:8080", s)
	}
	return addr, upstream, nil
}

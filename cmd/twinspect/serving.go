package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/net/netutil"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/cmd/internal/telemetry"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/dashboard"
	"twinspect.dev/release/gate/rest"
	"twinspect.dev/release/intake"
	"twinspect.dev/release/notify"
	"twinspect.dev/release/store"
	"twinspect.dev/replay/send"
)

const (
	// startTime bounds how long the start may take, migrations of a large database
	// with it.
	startTime = 2 * time.Minute
	// stopTime bounds how long the end may take: an answer takes at most 8 s, and
	// Kubernetes waits 30.
	stopTime = 15 * time.Second
	// maxConnections bounds the memory of those who wait, some 50 KiB each; who comes
	// then waits in the kernel's queue, until idleTime frees the place of a client that
	// has nothing to say.
	maxConnections = 4096
	idleTime       = 20 * time.Second
	// pruneEvery is how often what is too old is forgotten.
	pruneEvery = time.Hour
)

// gateServer is a gate that is served.
type gateServer struct {
	opt      *serveOptions
	env      cli.Env
	log      *slog.Logger
	tel      *telemetry.Telemetry
	store    *store.Store
	policies *gate.Policies
	keeper   *access.Keeper
	notifier *notify.Notifier // nil where nobody is told
	gate     *gate.Gate
	watcher  *gate.Watcher // nil where no canary is watched
	http     *http.Server
	listener net.Listener
	ending   chan struct{} // closed when it is to end
	closers  []func(context.Context) error
}

// start opens everything that the server needs. What was opened is closed where
// something fails.
func (o *serveOptions) start(ctx context.Context, env cli.Env) (s *gateServer, err error) {
	s = &gateServer{opt: o, env: env, ending: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if s.log, err = newLog(env, o.logLevel, o.logFormat); err != nil {
		return s, err
	}
	if s.policies, err = gate.LoadPolicies(o.policies...); err != nil {
		return s, err
	}
	if s.tel, err = telemetry.New(ctx, env.Getenv, telemetry.Program{Name: "twinspect-gate", Version: env.Version, Instance: instance()}); err != nil {
		return s, err
	}
	s.closers = append(s.closers, s.tel.Close)
	if err := s.openStore(ctx, env); err != nil {
		return s, err
	}
	if s.keeper, err = access.Open(access.Options{Path: o.access, Audit: s.audit}); err != nil {
		return s, err
	}
	if err := s.openNotifier(); err != nil {
		return s, err
	}
	if err := s.openGate(env); err != nil {
		return s, err
	}
	return s, s.serve(env)
}

func newLog(env cli.Env, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	opt := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(env.Stderr, opt)), nil
	}
	return slog.New(slog.NewTextHandler(env.Stderr, opt)), nil
}

// instance tells the servers of one gate apart.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// isFileStore reports whether a store is a file, whose name is no secret.
func isFileStore(url string) bool { return strings.HasPrefix(url, "sqlite:") }

func (s *gateServer) openStore(ctx context.Context, env cli.Env) error {
	url, err := s.opt.database(env)
	if err != nil {
		return err
	}
	if s.store, err = store.Open(ctx, url, store.Options{}); err != nil {
		return err
	}
	s.closers = append(s.closers, func(context.Context) error { return s.store.Close() })
	return nil
}

// audit files what was refused before the gate was asked.
func (s *gateServer) audit(e release.AuditEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := s.store.Audit(ctx, e); err != nil {
		s.log.Error("the audit log could not be written", "action", e.Action, "who", e.Who, "error", err)
	}
}

func (s *gateServer) openGate(env cli.Env) error {
	ring, err := keyring(s.opt.keys)
	if err != nil {
		return err
	}
	verdicts, err := s.tel.Meters.Meter("twinspect.dev/release/gate").Int64Counter("twinspect.gate.changes",
		metric.WithDescription("Verdicts that were not the one before, by decision."))
	if err != nil {
		return err
	}
	config := gate.Config{
		Store: s.store, Policies: s.policies, Log: s.log,
		Verify: func(document []byte) (string, error) { return intake.Signer(document, ring) },
		Changed: func(r release.Record) {
			verdicts.Add(context.Background(), 1, metric.WithAttributes(decisionAttribute(r.Decision)))
			if s.notifier != nil {
				s.notifier.Verdict(r)
			}
		},
	}
	if s.notifier != nil {
		config.Overridden, config.Stopped = s.notifier.Override, s.notifier.Stop
	}
	s.gate = gate.New(config)
	if s.opt.prometheus.url == "" {
		return nil
	}
	client, err := s.opt.prometheus.open(env)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func(context.Context) error { client.Close(); return nil })
	s.watcher = &gate.Watcher{Gate: s.gate, Looker: client, Owner: instance()}
	return nil
}

// serve listens; requests are answered once run is called.
func (s *gateServer) serve(env cli.Env) error {
	api := rest.New(rest.Config{Gate: s.gate, Version: env.Version, Ending: s.ending, Log: s.log})
	pages, err := dashboard.New(dashboard.Config{Gate: s.gate, Version: env.Version, Log: s.log})
	if err != nil {
		return err
	}
	known := http.NewServeMux()
	known.Handle("/api/", api)
	known.Handle("/flagger/", api)
	known.Handle("/argo/", api)
	known.Handle("/kargo/", api)
	known.Handle("/prometheus/", api)
	known.Handle("/", pages)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.tel.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	// A browser sends the password along from the pages of other sites.
	protected := s.keeper.Middleware(http.NewCrossOriginProtection().Handler(known))
	mux.Handle("/", otelhttp.NewHandler(protected, "gate",
		otelhttp.WithMeterProvider(s.tel.Meters), otelhttp.WithTracerProvider(s.tel.Traces)))
	config, err := s.tls()
	if err != nil {
		return err
	}
	if s.listener, err = net.Listen("tcp", s.opt.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	s.listener = netutil.LimitListener(s.listener, maxConnections)
	if config != nil {
		s.listener = tls.NewListener(s.listener, config)
	}
	s.http = &http.Server{
		Handler: mux, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: idleTime, MaxHeaderBytes: 64 << 10,
	}
	return nil
}

func (s *gateServer) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (s *gateServer) tls() (*tls.Config, error) {
	if s.opt.cert == "" {
		return nil, nil
	}
	config, err := (send.TLSOptions{CA: s.opt.clientCA, Cert: s.opt.cert, Key: s.opt.key}).Config()
	if err != nil {
		return nil, err
	}
	config.ClientCAs, config.RootCAs = config.RootCAs, nil
	if s.opt.clientCA != "" {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	config.NextProtos = []string{"h2", "http/1.1"}
	return config, nil
}

package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

func decisionAttribute(d release.Decision) attribute.KeyValue {
	return attribute.String("decision", string(d))
}

// run serves until the context ends, and then ends in order: no new requests, those
// under way are answered, the looks and messages that are on their way end, what is
// counted is written.
func (s *gateServer) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	// What goes on beside the requests ends after them.
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var others sync.WaitGroup
	defer func() { stop(); others.Wait() }()
	s.filePolicies(ctx)
	others.Go(func() { s.prune(beside) })
	others.Go(func() { cli.WatchFiles(beside, s.files, s.reload) })
	if s.watcher != nil {
		others.Go(func() { s.watcher.Run(beside) })
	}
	if s.notifier != nil {
		others.Go(func() { s.notifier.Run(beside) })
	}
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	s.log.Info("serving", "address", s.listener.Addr().String(), "tls", s.opt.cert != "", "policies", len(s.policies.All()))
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.log.Info("ending")
	close(s.ending)
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err = s.http.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("some requests were cut off"), s.http.Close())
	}
	if serveErr := <-ended; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// close closes what was opened, the last first.
func (s *gateServer) close(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i](ctx))
	}
	s.closers = nil
	return err
}

// prune forgets what is too old, now and again.
func (s *gateServer) prune(ctx context.Context) {
	if s.opt.keepFor == 0 {
		return
	}
	d := s.opt.keepFor
	keep := store.Retention{Evidence: d, Records: d, Releases: d, Observations: d, Audit: 4 * d, Events: min(d, 7*24*time.Hour), Words: 4 * d}
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pruned, err := s.store.Prune(ctx, keep, time.Now())
		if err != nil && ctx.Err() == nil {
			s.log.Warn("what is too old could not be forgotten", "error", err)
			continue
		}
		s.log.Info("forgot what is too old", "evidence", pruned.Evidence, "verdicts", pruned.Records, "observations", pruned.Observations)
	}
}

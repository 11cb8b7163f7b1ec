package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"twinspect.dev/capture"
)

// status is what /healthz and /readyz answer: ready or not, why not, and the
// account.
type status struct {
	OK       bool            `json:"ok"`
	Problems []string        `json:"problems,omitempty"`
	Account  capture.Account `json:"account,omitempty"`
}

// server serves what the agent tells of itself.
type server struct {
	http  *http.Server
	ended chan error
	Addr  net.Addr
}

func serve(addr string, metrics http.Handler, healthy, ready func() status) (*server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics and health: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", answer(healthy))
	mux.HandleFunc("GET /readyz", answer(ready))
	s := &server{
		http:  &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute},
		ended: make(chan error, 1), Addr: l.Addr(),
	}
	go func() { s.ended <- s.http.Serve(l) }()
	return s, nil
}

func answer(ask func() status) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		s := ask()
		w.Header().Set("Content-Type", "application/json")
		if !s.OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(s) // the asker may be gone
	}
}

// close lets answers under way end, until ctx does.
func (s *server) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/store"
)

const (
	// MaxStreams bounds the streams of events: each asks the database once in
	// [eventsEvery], and a hundred of them take less than a fiftieth of its time.
	MaxStreams = 100
	// eventsEvery is how late an event may be.
	eventsEvery = time.Second
	// eventsAlive is how often a quiet stream says that it is there, below the minute
	// after which proxies give up.
	eventsAlive = 20 * time.Second
	// eventsAtOnce bounds what one look at the database returns.
	eventsAtOnce = 200
)

// events streams what happens (https://html.spec.whatwg.org/multipage/server-sent-events.html):
// evidence, verdicts, overrides, stops and deployments of the services that the caller
// may read. A client that comes again says the last event that it has, and misses none.
func (c *call) events() (any, error) {
	q := paramsOf(c.Request)
	service := q.text("service")
	after := q.number("after", 0, 1<<62, -1)
	if err := q.done(); err != nil {
		return nil, err
	}
	if id, err := strconv.ParseInt(c.Header.Get("Last-Event-ID"), 10, 64); err == nil && id >= 0 {
		after = id
	}
	if len(c.who.Services(access.Read)) == 0 {
		return nil, c.may(access.Read, service)
	}
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		return nil, problem(http.StatusServiceUnavailable, "%d streams are open: close one", MaxStreams)
	}
	s := stream{call: c, service: service, after: after, flush: http.NewResponseController(c.w)}
	return written, s.run(c.Context())
}

// stream is one stream of events.
type stream struct {
	*call
	service string
	after   int64 // the last event that the client has; -1 asks for those from now on
	flush   *http.ResponseController
}

func (s *stream) run(ctx context.Context) error {
	if s.after < 0 {
		last, err := s.Gate.Store().LastEvent(ctx)
		if err != nil {
			return err
		}
		s.after = last
	}
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold it back
	fmt.Fprint(s.w, "retry: 2000\n\n")
	look := time.NewTicker(eventsEvery)
	defer look.Stop()
	alive := time.Now()
	for {
		// Whoever went away, or a database that did, ends the stream; the client comes
		// again with the last event that it has.
		sent, err := s.send(ctx)
		if err != nil {
			return nil
		}
		switch {
		case sent:
			alive = time.Now()
		case time.Since(alive) > eventsAlive:
			alive = time.Now()
			fmt.Fprint(s.w, ": alive\n\n")
		}
		if err := s.flush.Flush(); err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// send writes what happened since the last event, and reports whether it wrote any.
func (s *stream) send(ctx context.Context) (sent bool, err error) {
	events, err := s.Gate.Store().Events(ctx, s.after, eventsAtOnce)
	if err != nil {
		return false, err
	}
	for _, e := range events {
		s.after = e.ID
		if !s.wanted(e) {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return sent, err
		}
		if _, err := fmt.Fprintf(s.w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.What, data); err != nil {
			return sent, err
		}
		sent = true
	}
	return sent, nil
}

func (s *stream) wanted(e store.Event) bool {
	return (s.service == "" || e.Service == "" || s.service == e.Service) && (e.Service == "" || s.who.May(access.Read, e.Service))
}

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
	// eventsPatience is how long a client may take to read what was written: one that is
	// there does so at once.
	eventsPatience = 10 * time.Second
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
	if len(c.who.Services(access.Read)) == 0 || service != "" && !c.who.May(access.Read, service) {
		return nil, c.refuse(access.Read, service)
	}
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		return nil, problem(http.StatusServiceUnavailable, "%d streams are open: close one", MaxStreams)
	}
	s := stream{call: c, service: service, after: after, conn: http.NewResponseController(c.w)}
	if err := s.begin(c.Context()); err != nil {
		return nil, err
	}
	s.run(c.Context())
	return written, nil
}

// stream is one stream of events.
type stream struct {
	*call
	service string
	after   int64 // the last event that the client has; -1 asks for those from now on
	told    int64 // the last that it was told of
	conn    *http.ResponseController
}

// begin finds where the stream begins. Events that are not there yet, as those of
// another database, are not waited for.
func (s *stream) begin(ctx context.Context) error {
	last, err := s.Gate.Store().LastEvent(ctx)
	if err != nil {
		return err
	}
	if s.after < 0 || s.after > last {
		s.after = last
	}
	s.told = s.after
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold it back
	return nil
}

// run writes until the client goes away or the server ends. A database that is away
// ends it, too; the client comes again with the last event that it has.
func (s *stream) run(ctx context.Context) {
	if s.Method == http.MethodHead {
		return
	}
	defer func() { _ = s.conn.SetWriteDeadline(time.Time{}) }()
	look := time.NewTicker(eventsEvery)
	defer look.Stop()
	text, alive := []byte("retry: 2000\n\n"), time.Now()
	for {
		more, full, err := s.news(ctx)
		text = append(text, more...)
		if len(text) == 0 && time.Since(alive) >= eventsAlive {
			text = s.alive()
		}
		if len(text) > 0 {
			alive = time.Now()
		}
		if s.write(text) != nil || err != nil {
			return
		}
		if text = text[:0]; full && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.Ending:
			return
		case <-look.C:
		}
	}
}

// write sends a text. A client that takes none of it is left.
func (s *stream) write(text []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(eventsPatience)) // not every connection has one
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.conn.Flush()
}

// alive says that the stream is there, and how far it is where all that happened was
// of no interest: a client that comes again need not go through that once more.
func (s *stream) alive() []byte {
	if s.told == s.after {
		return []byte(": alive\n\n")
	}
	s.told = s.after
	return fmt.Appendf(nil, "id: %d\n\n", s.after)
}

// news returns what happened since the last event, and whether there may be more.
func (s *stream) news(ctx context.Context) (text []byte, full bool, err error) {
	events, err := s.Gate.Store().Events(ctx, s.after, eventsAtOnce)
	if err != nil {
		return nil, false, err
	}
	for _, e := range events {
		s.after = e.ID
		if !s.wanted(e) {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return text, false, err
		}
		s.told = e.ID
		text = fmt.Appendf(text, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.What, data)
	}
	return text, len(events) == eventsAtOnce, nil
}

func (s *stream) wanted(e store.Event) bool {
	return (s.service == "" || e.Service == "" || s.service == e.Service) && (e.Service == "" || s.who.May(access.Read, e.Service))
}

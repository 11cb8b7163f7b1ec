// Package rest serves a gate over HTTP: the API that openapi.yaml describes, and the
// words in which Flagger, Argo Rollouts, Kargo and whoever asks Prometheus want the
// verdict. Errors are problems of RFC 9457.
package rest

import (
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
)

//go:embed openapi.yaml
var document []byte

// Document is the OpenAPI 3.1 document of the API.
func Document() []byte { return document }

// Config says what the API works with.
type Config struct {
	Gate *gate.Gate
	// Timeout bounds each answer but the events; Flagger waits 10 s.
	Timeout time.Duration
	// Ending, where it is not nil, is closed when the server is to end: streams of events
	// then end, which they do not by themselves.
	Ending <-chan struct{}
	// Version is that of the program.
	Version string
	// Now is the clock; nil is that of the machine.
	Now func() time.Time
	Log *slog.Logger
}

// DefaultTimeout leaves a client that waits 10 s time to read the answer.
const DefaultTimeout = 8 * time.Second

// API answers requests that were authenticated before: their context has an
// [access.Identity].
type API struct {
	Config
	mux     *http.ServeMux
	routes  []string
	streams chan struct{}       // one for each stream of events that is open
	room    *semaphore.Weighted // of the bytes of documents that are in memory
	pushes  chan struct{}       // one for each document that is read and filed
}

// New returns the API.
func New(c Config) *API {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c, mux: http.NewServeMux(), streams: make(chan struct{}, MaxStreams), room: semaphore.NewWeighted(MaxPushed), pushes: make(chan struct{}, MaxPushes)}
	for pattern, h := range map[string]handler{
		"GET /api/v1/verdict":                     (*call).verdict,
		"GET /api/v1/verdicts":                    (*call).verdicts,
		"GET /api/v1/evidence":                    (*call).evidenceList,
		"GET /api/v1/evidence/{id}":               (*call).evidence,
		"GET /api/v1/releases":                    (*call).releases,
		"POST /api/v1/deployments":                (*call).announce,
		"GET /api/v1/observations":                (*call).observations,
		"POST /api/v1/overrides":                  (*call).override,
		"GET /api/v1/overrides":                   (*call).overrides,
		"DELETE /api/v1/overrides/{id}":           (*call).revoke,
		"POST /api/v1/stops":                      (*call).stop,
		"GET /api/v1/stops":                       (*call).stops,
		"DELETE /api/v1/stops/{id}":               (*call).resume,
		"GET /api/v1/policies":                    (*call).policies,
		"GET /api/v1/audit":                       (*call).audit,
		"POST /flagger/{hook}":                    (*call).flagger,
		"GET /argo/verdict":                       (*call).argo,
		"GET /kargo/verdict":                      (*call).kargo,
		"GET /api/v1/evidence/{id}/document":      (*call).document,
		"GET /prometheus/api/v1/query":            (*call).query,
		"POST /prometheus/api/v1/query":           (*call).query,
		"GET /prometheus/api/v1/query_range":      (*call).queryRange,
		"POST /prometheus/api/v1/query_range":     (*call).queryRange,
		"GET /prometheus/api/v1/status/buildinfo": (*call).buildInfo,
	} {
		a.route(pattern, a.serve(h, c.Timeout))
	}
	a.route("POST /api/v1/evidence", a.serve((*call).push, PushTime))
	a.route("GET /api/v1/events", a.answer((*call).events))
	a.route("GET /api/v1/openapi.yaml", http.HandlerFunc(serveDocument))
	return a
}

func (a *API) route(pattern string, h http.Handler) {
	a.routes = append(a.routes, pattern)
	a.mux.Handle(pattern, h)
}

// Routes are the methods and paths that are answered, sorted.
func (a *API) Routes() []string { return slices.Sorted(slices.Values(a.routes)) }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.astray(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// astray answers what no route is for: with the methods that there are (RFC 9110,
// sections 9.3.7 and 15.5.6), or that there is none.
func (a *API) astray(w http.ResponseWriter, r *http.Request) {
	var header headers
	a.mux.ServeHTTP(&header, r)
	allow := header.Header().Get("Allow")
	switch {
	case allow == "":
		problem(http.StatusNotFound, "there is nothing at this path").write(w)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allow)
		problem(http.StatusMethodNotAllowed, "%s is not for this path: %s are", cut(r.Method), allow).write(w)
	}
}

// headers keeps the header of an answer alone.
type headers struct{ header http.Header }

func (h *headers) Header() http.Header {
	if h.header == nil {
		h.header = http.Header{}
	}
	return h.header
}
func (h *headers) Write(p []byte) (int, error) { return len(p), nil }
func (h *headers) WriteHeader(int)             {}

// cut bounds a word of a request in an answer.
func cut(word string) string { return word[:min(len(word), 20)] }

func serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(document) // who went away reads no error
}

// handler answers a call with what is to be written as JSON: a value, or a [reply].
type handler func(c *call) (any, error)

// call is one request.
type call struct {
	*API
	*http.Request
	w   http.ResponseWriter
	who access.Identity
}

// serve answers in the time that an answer may take.
func (a *API) serve(h handler, most time.Duration) http.Handler {
	next := a.answer(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), most)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (a *API) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{a, r, w, access.From(r.Context())}
		body, err := h(c)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		switch answer := body.(type) {
		case reply:
			answer.write(w)
		default:
			reply{http.StatusOK, body}.write(w)
		}
	})
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		a.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "error", err)
	}
	p.write(w)
}

// may refuses what the caller's scopes do not hold, which the audit log is told.
func (c *call) may(action access.Action, service string) error {
	if c.who.May(action, service) {
		return nil
	}
	return c.refuse(action, service)
}

// refuse says which scope is needed (RFC 6750, section 3.1).
func (c *call) refuse(action access.Action, service string) error {
	c.Gate.Refused(c.Context(), c.who.Name, string(action), service)
	no := &access.Forbidden{Who: c.who.Name, Action: action, Service: service}
	c.w.Header().Set("WWW-Authenticate", no.Challenge())
	return problem(http.StatusForbidden, "%v", no)
}

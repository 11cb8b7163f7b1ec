package dashboard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
)

//go:generate go run ../../../diff/report/page/build ./page

// Timeout bounds how long a page may take, as that of an answer of the API: a database
// that is away must not gather requests.
const Timeout = 8 * time.Second

// Config says what the dashboard works with.
type Config struct {
	Gate *gate.Gate
	// Version is that of the program.
	Version string
	Log     *slog.Logger
	// Now is the clock; nil is that of the machine.
	Now func() time.Time
}

// site is the dashboard.
type site struct {
	Config
	pages   *pages
	callers *callerCache
	// heavy is taken by whoever reads observations or a document, which may take
	// tens of megabytes: two at once.
	heavy chan struct{}
}

// New returns the dashboard, whose requests were authenticated before: their context
// has an [access.Identity]. It may serve many goroutines.
func New(c Config) (http.Handler, error) {
	if c.Gate == nil {
		return nil, errors.New("the dashboard needs a gate")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	s := &site{Config: c, pages: p, callers: newCallerCache(), heavy: make(chan struct{}, 2)}
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"/{$}":             (*visit).releases,
		"/releases/{id}":   (*visit).release,
		"/evidence/{id}":   (*visit).evidence,
		"/services/{name}": (*visit).service,
		"/audit":           (*visit).audit,
		"/":                func(*visit) (*view, error) { return nil, errNoPage },
	} {
		mux.Handle(pattern, s.serve(h))
	}
	return mux, nil
}

// handler makes the view of a page.
type handler func(*visit) (*view, error)

// visit is one request for a page.
type visit struct {
	*site
	*http.Request
	who access.Identity
	now time.Time
}

func (s *site) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), Timeout)
		defer cancel()
		v := &visit{s, r.WithContext(ctx), access.From(ctx), s.Now().UTC()}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			s.fail(w, v, errMethod)
			return
		}
		page, err := h(v)
		if err == nil {
			err = s.pages.write(w, v, http.StatusOK, page)
		}
		if err != nil {
			s.fail(w, v, err)
		}
	})
}

// hold waits for room to read what is large.
func (v *visit) hold() (release func(), err error) {
	select {
	case v.heavy <- struct{}{}:
		return func() { <-v.heavy }, nil
	case <-v.Context().Done():
		return nil, v.Context().Err()
	}
}

func (v *visit) reads(service string) bool { return v.who.May(access.Read, service) }

// mayRead refuses what the caller's scopes do not hold, which the audit log is told.
func (v *visit) mayRead(a access.Action, service string) error {
	err := v.who.Check(a, service)
	if err != nil {
		v.Gate.Refused(v.Context(), v.who.Name, string(a), service)
	}
	return err
}

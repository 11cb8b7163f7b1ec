package rest

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/gate/dialect"
)

// say writes what is to be said to a tool in its own words.
func say(w http.ResponseWriter, r dialect.Response) {
	w.Header().Set("Content-Type", r.Type)
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // who went away reads no error
}

// flagger answers a webhook of Flagger, and ends the release where Flagger says that
// it came to its end.
func (c *call) flagger() (any, error) {
	hook, err := dialect.ParseHook(c.PathValue("hook"))
	if err != nil {
		return nil, problem(http.StatusNotFound, "%v", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.Body, dialect.MaxFlagger))
	if err != nil {
		return nil, unread(err)
	}
	asked, err := dialect.ParseFlagger(body)
	if err != nil {
		say(c.w, dialect.BadCall(err))
		return written, nil
	}
	s, weight := asked.Subject(), asked.Weight()
	if err := c.may(access.Ask, s.Service); err != nil {
		return nil, err
	}
	v := c.Gate.Ask(c.Context(), gate.Ask{Subject: s, Weight: weight})
	// Without a digest it is not known which one ended: another may be announced by now.
	if over, succeeded := asked.Phase.IsOver(); over && s.Digest != "" && (hook == dialect.PostRollout || hook == dialect.EventHook) {
		c.ended(c.Context(), s, succeeded)
	}
	say(c.w, hook.Answer(&v, weight))
	return written, nil
}

// ended files that a release came to its end. That it cannot be filed changes no
// answer: a later release ends it.
func (c *call) ended(ctx context.Context, s release.Subject, succeeded bool) {
	if !c.who.May(access.Announce, s.Service) {
		return
	}
	if err := c.Gate.End(ctx, c.who.Name, s, succeeded); err != nil {
		c.Log.Warn("the end of a release could not be filed", "service", s.Service, "error", err)
	}
}

func (c *call) argo() (any, error) { return c.inWords(dialect.Argo) }

func (c *call) kargo() (any, error) { return c.inWords(dialect.Kargo) }

func (c *call) inWords(words func(*release.Verdict) dialect.Response) (any, error) {
	ask, err := c.asked()
	if err != nil {
		return nil, err
	}
	v := c.Gate.Ask(c.Context(), ask)
	say(c.w, words(&v))
	return written, nil
}

// maxForm bounds a query that is posted.
const maxForm = 4 * dialect.MaxQuery

// query answers the query API of Prometheus.
func (c *call) query() (any, error) { return c.asPrometheus(dialect.ParseQuery) }

func (c *call) queryRange() (any, error) { return c.asPrometheus(dialect.ParseQueryRange) }

func (c *call) asPrometheus(parse func(url.Values) (*dialect.PrometheusQuery, error)) (any, error) {
	c.Body = http.MaxBytesReader(c.w, c.Body, maxForm)
	if err := c.ParseForm(); err != nil {
		say(c.w, dialect.BadQuery(err))
		return written, nil
	}
	q, err := parse(c.Form)
	if err != nil {
		say(c.w, dialect.BadQuery(err))
		return written, nil
	}
	if !q.NeedsVerdict() {
		say(c.w, q.Answer(nil, c.Now()))
		return written, nil
	}
	if err := c.may(access.Ask, q.Subject.Service); err != nil {
		return nil, err
	}
	v := c.Gate.Ask(c.Context(), gate.Ask{Subject: q.Subject, Weight: q.Weight})
	say(c.w, q.Answer(&v, c.Now()))
	return written, nil
}

func (c *call) buildInfo() (any, error) {
	say(c.w, dialect.BuildInfo(c.Version))
	return written, nil
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

func set(q url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

func subject(s release.Subject) url.Values {
	return set(url.Values{}, "service", s.Service, "digest", s.Digest, "base_digest", s.BaseDigest)
}

// Ask asks for the verdict on a release that wants a share of the traffic, 0 to 1. An
// answer that is no verdict, or one on something else, is an error.
func (c *Client) Ask(ctx context.Context, s release.Subject, weight float64) (*release.Verdict, error) {
	q := subject(s)
	if weight > 0 {
		q.Set("weight", strconv.FormatFloat(weight, 'g', -1, 64))
	}
	answer, err := c.send(ctx, http.MethodGet, "api/v1/verdict", q, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	v, err := report.Read(answer.Body)
	if err != nil {
		return nil, unreadable(ctx, err)
	}
	if v.Subject.Service != s.Service || s.Digest != "" && v.Subject.Digest != s.Digest {
		return nil, fmt.Errorf("the gate's server answered for %q %q: that is not what it was asked about", v.Subject.Service, v.Subject.Digest)
	}
	return v, nil
}

// Pushed is what the server says of a document that was pushed.
type Pushed struct {
	// Added is false where the server had the document already.
	Added    bool             `json:"added"`
	Evidence release.Evidence `json:"evidence"`
}

// Push files a document of evidence.
func (c *Client) Push(ctx context.Context, document []byte, s release.Subject, o release.Origin) (*Pushed, error) {
	q := set(subject(s), "branch", o.Branch, "commit", o.Commit, "pipeline", o.Pipeline, "job", o.Job, "url", o.URL)
	p := new(Pushed)
	return p, c.call(ctx, http.MethodPost, evidencePath, q, document, p)
}

// page is one page of a listing.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// maxPages bounds a listing: a server whose pages never end would never be done with.
// At a hundred items a page it is a million.
const maxPages = 10_000

// each gives every item of a listing, the newest first, page after page, until do says
// that it has had enough.
func each[T any](ctx context.Context, c *Client, path string, q url.Values, do func(T) bool) error {
	return eachBy(ctx, c, path, "before", q, do)
}

// eachBy goes on by a parameter that the next page is asked for with.
func eachBy[T any](ctx context.Context, c *Client, path, by string, q url.Values, do func(T) bool) error {
	for range maxPages {
		var p page[T]
		if err := c.call(ctx, http.MethodGet, path, q, nil, &p); err != nil {
			return err
		}
		for _, item := range p.Items {
			if !do(item) {
				return nil
			}
		}
		if p.Next == "" || p.Next == q.Get(by) {
			return nil
		}
		q.Set(by, p.Next)
	}
	return fmt.Errorf("the gate's server has more than %d pages of %s", maxPages, path)
}

// Evidence gives what was filed of a service, the newest first.
func (c *Client) Evidence(ctx context.Context, s release.Subject, kind release.Kind, do func(release.Evidence) bool) error {
	return each(ctx, c, evidencePath, set(url.Values{}, "service", s.Service, "digest", s.Digest, "kind", string(kind)), do)
}

// Document writes a document as it was pushed.
func (c *Client) Document(ctx context.Context, w io.Writer, id string) error {
	answer, err := c.send(ctx, http.MethodGet, evidencePath+"/"+url.PathEscape(id)+"/document", nil, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	return nil
}

// Verdicts gives the verdicts on a service, the newest first.
func (c *Client) Verdicts(ctx context.Context, service string, do func(release.Record) bool) error {
	return each(ctx, c, "api/v1/verdicts", set(url.Values{}, "service", service), do)
}

// Releases gives the releases of a service, the newest first.
func (c *Client) Releases(ctx context.Context, service string, do func(release.Release) bool) error {
	return each(ctx, c, "api/v1/releases", set(url.Values{}, "service", service), do)
}

// Observations gives what the looks at a canary saw that began after a time, the oldest
// first; all of them where it is zero.
func (c *Client) Observations(ctx context.Context, s release.Subject, after time.Time, do func(release.Observation) bool) error {
	q := subject(s)
	if !after.IsZero() {
		q.Set("after", after.UTC().Format(time.RFC3339Nano))
	}
	// The most that a page may have: a canary of a day is looked at thousands of times.
	q.Set("limit", "1000")
	return eachBy(ctx, c, "api/v1/observations", "after", q, do)
}

// Overrides gives the overrides of a service, the newest first.
func (c *Client) Overrides(ctx context.Context, service string, do func(release.Override) bool) error {
	return each(ctx, c, "api/v1/overrides", set(url.Values{}, "service", service), do)
}

// Stops gives the stops, the newest first.
func (c *Client) Stops(ctx context.Context, do func(release.Stop) bool) error {
	return each(ctx, c, "api/v1/stops", url.Values{}, do)
}

func post[T any](ctx context.Context, c *Client, path string, body any) (*T, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	out := new(T)
	return out, c.call(ctx, http.MethodPost, path, nil, data, out)
}

// Announce says that a version was deployed, or is about to be.
func (c *Client) Announce(ctx context.Context, d release.Deployment) (*release.Release, error) {
	return post[release.Release](ctx, c, "api/v1/deployments", d)
}

// Override sets a verdict aside in the name of the token's owner.
func (c *Client) Override(ctx context.Context, o release.Override) (*release.Override, error) {
	return post[release.Override](ctx, c, "api/v1/overrides", map[string]any{
		"service": o.Service, "digest": o.Digest, "decision": o.Decision, "reason": o.Reason, "until": o.Until,
	})
}

// Revoke takes an override back.
func (c *Client) Revoke(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "api/v1/overrides/"+url.PathEscape(id), nil, nil, nil)
}

// Stop stops all promotions of services.
func (c *Client) Stop(ctx context.Context, services []string, reason string) (*release.Stop, error) {
	return post[release.Stop](ctx, c, "api/v1/stops", map[string]any{"services": services, "reason": reason})
}

// Resume ends a stop.
func (c *Client) Resume(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "api/v1/stops/"+url.PathEscape(id), nil, nil, nil)
}

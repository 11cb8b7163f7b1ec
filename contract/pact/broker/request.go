package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// call is one request to the broker.
type call struct {
	// what tells a person what was wanted: "publish the pacts".
	what   string
	method string
	url    *url.URL
	body   []byte
}

// answer is what the broker gave.
type answer struct {
	status int
	*resource
}

// root gets the index.
func (c *Client) root(ctx context.Context) (*resource, error) {
	a, err := c.do(ctx, call{what: "read the broker's index", method: http.MethodGet, url: c.index})
	if err != nil {
		return nil, err
	}
	if len(a.links) == 0 {
		return nil, &Error{What: "read the broker's index", Status: a.status, URL: c.index.String(),
			Text: "the answer has no links", Advice: "is this the URL of a Pact Broker? It may need a path, as in https://host/pact-broker"}
	}
	return a.resource, nil
}

// do sends a request until there is an answer that counts, or no attempt is left.
// All requests may be sent again: what is published a second time replaces the same,
// or is a second result that says the same.
func (c *Client) do(ctx context.Context, k call) (*answer, error) {
	if err := c.ours(k.url); err != nil {
		return nil, &Error{What: k.what, URL: k.url.String(), Text: err.Error()}
	}
	pause := c.cfg.Pause
	for attempt := 1; ; attempt++ {
		a, wait, err := c.once(ctx, k)
		if err == nil || wait < 0 || attempt >= c.cfg.Attempts {
			return a, err
		}
		if e := sleep(ctx, min(max(pause, wait), maxPause)); e != nil {
			return nil, errors.Join(e, err)
		}
		pause *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// once sends a request once. A wait below 0 says that another attempt is no use; any
// other is the least time until then.
func (c *Client) once(ctx context.Context, k call) (*answer, time.Duration, error) {
	within, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := c.request(within, k)
	if err != nil {
		return nil, -1, &Error{What: k.what, URL: k.url.String(), Text: c.scrub(err.Error())}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreached(ctx, k, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	if err != nil {
		return c.unreached(ctx, k, err)
	}
	if int64(len(body)) > c.cfg.MaxBody {
		return nil, -1, &Error{What: k.what, URL: k.url.String(), Status: resp.StatusCode, Text: fmt.Sprintf("the answer has more than %d bytes", c.cfg.MaxBody)}
	}
	return c.judge(k, resp, body)
}

// judge tells an answer that counts from one that does not.
func (c *Client) judge(k call, resp *http.Response, body []byte) (*answer, time.Duration, error) {
	status := resp.StatusCode
	if status/100 != 2 {
		return nil, again(resp), c.refused(k, status, body)
	}
	a := &answer{status: status, resource: &resource{at: resp.Request.URL, body: body}}
	if len(bytes.TrimSpace(body)) == 0 {
		return a, 0, nil
	}
	var err error
	if a.resource, err = parse(resp.Request.URL, body); err != nil {
		return nil, -1, &Error{What: k.what, Status: status, URL: k.url.String(), Text: err.Error(), Advice: "is this the URL of a Pact Broker? A login page may stand before it"}
	}
	return a, 0, nil
}

// again says how long to wait before the next attempt, -1 where there is none.
func again(resp *http.Response) time.Duration {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil || seconds < 0 {
			return 0
		}
		return time.Duration(min(seconds, int(maxPause/time.Second))) * time.Second
	}
	return -1
}

func (c *Client) unreached(ctx context.Context, k call, err error) (*answer, time.Duration, error) {
	if ctx.Err() != nil {
		return nil, -1, fmt.Errorf("%s: %w", k.what, context.Cause(ctx))
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // without the URL
	}
	return nil, 0, &Error{What: k.what, URL: k.url.String(), Text: c.scrub(err.Error()), Advice: "is the broker there, and does this machine reach it?"}
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, k.method, k.url.String(), bytes.NewReader(k.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/hal+json, application/json")
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c.cfg.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	case c.cfg.Username != "" || c.cfg.Password != "":
		req.SetBasicAuth(c.cfg.Username, c.cfg.Password)
	}
	return req, nil
}

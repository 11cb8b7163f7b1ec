// Package client asks a gate's server.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says which server is asked, and as whom.
type Config struct {
	// URL is the server's, such as "https://gate.shop.example".
	URL   string
	Token string
	// Transport is nil for the default one.
	Transport http.RoundTripper
	// Timeout bounds each request, uploads included; 0 is a minute. A request that can be
	// sent again without harm is, twice at most, where the server says that it has no time
	// for it now; it waits as long as the server asks for, but for no longer than 10 s.
	Timeout time.Duration
	// Agent is the User-Agent.
	Agent string
}

// maxAnswer bounds an answer: the greatest list that a server gives is below.
const maxAnswer = 256 << 20

// Client asks. It may be used from several goroutines at once.
type Client struct {
	cfg  Config
	base *url.URL
	http http.Client
}

// ErrAway says that the server could not be asked, or could not answer now.
var ErrAway = errors.New("the gate's server is away")

// StatusError is an answer that is no success.
type StatusError struct {
	Status int
	Detail string
}

// Error says what the server said.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the gate's server answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Is makes answers that ask to try again count as [ErrAway].
func (e *StatusError) Is(target error) bool {
	return target == ErrAway && (e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests)
}

// New returns a client. It does not follow redirects to another host, which must not
// see the token.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, errors.New("the gate's server: want a URL such as https://gate.shop.example")
	}
	if base.User != nil {
		return nil, errors.New("the gate's server: give the token by itself, not within the URL")
	}
	base.RawQuery, base.Fragment = "", ""
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	c := &Client{cfg: cfg, base: base}
	c.http = http.Client{Transport: cfg.Transport, Timeout: cfg.Timeout, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		return fmt.Errorf("the server sends on to %s: give that URL", r.URL.Redacted())
	}}
	return c, nil
}

// call sends body, nil for none, and reads the answer into a value.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body []byte, into any) error {
	answer, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(into); err != nil {
		return unreadable(ctx, err)
	}
	return nil
}

// unreadable is that an answer could not be read. One that was cut on its way may be had
// another time.
func unreadable(ctx context.Context, err error) error {
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: its answer was cut: %w", ErrAway, err)
	}
	return fmt.Errorf("what answered is no gate's server, or another version of one: %w", err)
}

// send returns an answer that is a success. It is the one place where a request is sent
// again.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, method, path, query, body)
		if err != nil || answer.StatusCode/100 == 2 {
			return answer, err
		}
		err = statusError(answer)
		if attempt == attempts || !repeatable(method, path) || !busy(answer) {
			return nil, err
		}
		if !pause(ctx, waitFor(answer.Header, attempt, time.Now())) {
			return nil, cmp.Or(ctx.Err(), err)
		}
	}
}

func (c *Client) once(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	r, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return nil, fmt.Errorf("ask the gate's server: %w", err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	return answer, nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Request, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body == nil {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cfg.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	if c.cfg.Agent != "" {
		r.Header.Set("User-Agent", c.cfg.Agent)
	}
	return r, nil
}

// statusError reads what an answer that is no success says, and is done with it.
func statusError(answer *http.Response) error {
	defer func() { _ = answer.Body.Close() }()
	e := &StatusError{Status: answer.StatusCode}
	var problem struct{ Detail string }
	data, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err == nil && strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(data, &problem) == nil {
		e.Detail = problem.Detail
	}
	return e
}

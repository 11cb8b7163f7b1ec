package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrNoTrace says that the service has no such trace, or not yet: spans are on
// their way for some seconds.
var ErrNoTrace = errors.New("no such trace")

// QueryOptions set how a service that keeps traces is asked. The zero value is
// good.
type QueryOptions struct {
	// Header is sent with each request, such as Authorization.
	Header http.Header
	// Transport is http.DefaultTransport where it is nil.
	Transport http.RoundTripper
	// Timeout is for a whole answer, 30 s where it is 0: Jaeger's user interface
	// waits as long for a search.
	Timeout time.Duration
	// MaxAnswer is how many bytes an answer may have, 512 MiB where it is 0: 1500
	// traces, the most a search of Jaeger's gives by default, of 200 spans of 1.5
	// KiB. It is read as a stream, a trace or a span at a time.
	MaxAnswer int64
}

// query asks a service by HTTP.
type query struct {
	name   string // of the kind of service, for errors
	port   string // its default
	base   *url.URL
	opts   QueryOptions
	client http.Client
}

// newQuery reads an address such as "NAME://HOST" or "http://HOST/base/path".
func newQuery(name, port, address string, o QueryOptions) (*query, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("address of %s: %w", name, err)
	}
	if u.Scheme == name {
		u.Scheme = "http"
		if u.Port() == "" && u.Host != "" {
			u.Host += ":" + port
		}
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("address of %s %q: want %s://HOST:%s, or a URL with http or https", name, u.Redacted(), name, port)
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = 512 << 20
	}
	return &query{name: name, port: port, base: u, opts: o, client: http.Client{Transport: o.Transport, Timeout: o.Timeout}}, nil
}

func (q *query) read(ctx context.Context, u *url.URL, values url.Values) (*Reader, error) {
	res, err := q.get(ctx, u, values) //nolint:bodyclose // the reader closes it
	if err != nil {
		return nil, err
	}
	body := &bounded{r: res.Body, left: q.opts.MaxAnswer}
	r := NewReader(body, ReadOptions{Name: u.Redacted()})
	r.closers = append(r.closers, res.Body.Close)
	return r, nil
}

// trace reads one trace.
func (q *query) trace(ctx context.Context, u *url.URL, id TraceID) (*Reader, error) {
	r, err := q.read(ctx, u, nil)
	if errors.Is(err, errNotFound) {
		return nil, fmt.Errorf("%s has %w: %s", q.name, ErrNoTrace, id)
	}
	return r, err
}

var errNotFound = errors.New("not found")

func (q *query) get(ctx context.Context, u *url.URL, values url.Values) (*http.Response, error) {
	u.RawQuery = values.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", q.name, err)
	}
	for name, list := range q.opts.Header {
		req.Header[name] = list
	}
	req.Header.Set("Accept", "application/json")
	res, err := q.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w: is its query service at %s, by default on port %s?", q.name, err, q.base.Host, q.port)
	}
	if err := q.check(res); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res, nil
}

// check tells an answer that has no traces, and what to do about it.
func (q *query) check(res *http.Response) error {
	html := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html")
	switch code := res.StatusCode; {
	case code == http.StatusOK && !html:
		return nil
	case code == http.StatusNotFound && !html:
		return errNotFound
	case html:
		return fmt.Errorf("%s at %s answered %d with a page: give the address of its query service with its base path", q.name, q.base.Redacted(), code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%s at %s answered %d: give credentials", q.name, q.base.Redacted(), code)
	}
	const looked = 300
	text, _ := io.ReadAll(io.LimitReader(res.Body, looked))
	return fmt.Errorf("%s at %s answered %d: %s", q.name, q.base.Redacted(), res.StatusCode, strings.ToValidUTF8(string(text), ""))
}

// bounded fails beyond its limit, where io.LimitReader would look like the end.
type bounded struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than the limit: ask for fewer traces, or a shorter time: %w", errTooLong)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

var errTooLong = errors.New("answer cut")

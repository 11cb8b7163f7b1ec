package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// ErrNoTrace says that Jaeger has no such trace, or not yet: spans are on their
// way for some seconds.
var ErrNoTrace = errors.New("jaeger has no such trace")

// JaegerOptions set how Jaeger is asked. The zero value is good.
type JaegerOptions struct {
	// V3 asks /api/v3/traces, which answers in the form of OTLP.
	V3 bool
	// Header is sent with each request, such as Authorization.
	Header http.Header
	// Transport is http.DefaultTransport where it is nil.
	Transport http.RoundTripper
	// Timeout is for a whole answer, 30 s where it is 0: Jaeger's user interface
	// waits as long for a search.
	Timeout time.Duration
	// MaxAnswer is how many bytes an answer may have, 512 MiB where it is 0: 1500
	// traces, the most a search gives by default, of 200 spans of 1.5 KiB. It is
	// read as a stream, a trace at a time.
	MaxAnswer int64
}

// Jaeger reads traces from the query service of Jaeger. It is for many goroutines.
type Jaeger struct {
	base   *url.URL
	opts   JaegerOptions
	client http.Client
}

// NewJaeger returns a client of the service at address: "jaeger://HOST:16686",
// "http://HOST:16686/base/path", or with https.
func NewJaeger(address string, o JaegerOptions) (*Jaeger, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("address of jaeger: %w", err)
	}
	if u.Scheme == "jaeger" {
		u.Scheme = "http"
		if u.Port() == "" {
			u.Host += ":16686"
		}
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("address of jaeger %q: want jaeger://HOST:16686, or a URL with http or https", address)
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = 512 << 20
	}
	return &Jaeger{base: u, opts: o, client: http.Client{Transport: o.Transport, Timeout: o.Timeout}}, nil
}

// Trace returns a reader of the spans of a trace, which the caller closes. The
// error is ErrNoTrace where Jaeger does not have it.
func (j *Jaeger) Trace(ctx context.Context, id TraceID) (*Reader, error) {
	r, err := j.read(ctx, j.path("traces", id.String()), nil)
	if errors.Is(err, errNotFound) {
		return nil, fmt.Errorf("%w: %s", ErrNoTrace, id)
	}
	return r, err
}

// Search returns a reader of the spans of up to limit traces that the service has
// a span in, which began from start on and before end. The caller closes it.
func (j *Jaeger) Search(ctx context.Context, service string, start, end time.Time, limit int) (*Reader, error) {
	q := url.Values{}
	if j.opts.V3 {
		q.Set("query.service_name", service)
		q.Set("query.start_time_min", start.UTC().Format(time.RFC3339Nano))
		q.Set("query.start_time_max", end.UTC().Format(time.RFC3339Nano))
		q.Set("query.search_depth", strconv.Itoa(limit))
		q.Set("query.num_traces", strconv.Itoa(limit)) // its name before 1.60
	} else {
		q.Set("service", service)
		q.Set("start", strconv.FormatInt(start.UnixMicro(), 10))
		q.Set("end", strconv.FormatInt(end.UnixMicro(), 10))
		q.Set("limit", strconv.Itoa(limit))
	}
	r, err := j.read(ctx, j.path("traces"), q)
	if j.opts.V3 && errors.Is(err, errNotFound) { // so it says that there are none
		return NewReader(strings.NewReader(""), ReadOptions{}), nil
	}
	return r, err
}

// Services returns the names of the services that Jaeger has spans of.
func (j *Jaeger) Services(ctx context.Context) ([]string, error) {
	res, err := j.get(ctx, j.path("services"), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	const most = 16 << 20  // a hundred thousand names
	var answer struct {
		Data     []string `json:"data"`     // of /api
		Services []string `json:"services"` // of /api/v3
	}
	if err := json.UnmarshalRead(io.LimitReader(res.Body, most), &answer, lenient); err != nil {
		return nil, fmt.Errorf("services of jaeger at %s: %w", j.base.Redacted(), err)
	}
	return append(answer.Data, answer.Services...), nil
}

func (j *Jaeger) path(parts ...string) *url.URL {
	api := "api"
	if j.opts.V3 {
		api = "api/v3"
	}
	return j.base.JoinPath(append([]string{api}, parts...)...)
}

func (j *Jaeger) read(ctx context.Context, u *url.URL, q url.Values) (*Reader, error) {
	res, err := j.get(ctx, u, q) //nolint:bodyclose // the reader closes it
	if err != nil {
		return nil, err
	}
	body := &bounded{r: res.Body, left: j.opts.MaxAnswer}
	r := NewReader(body, ReadOptions{Name: u.Redacted()})
	r.closers = append(r.closers, res.Body.Close)
	return r, nil
}

var errNotFound = errors.New("not found")

func (j *Jaeger) get(ctx context.Context, u *url.URL, q url.Values) (*http.Response, error) {
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask jaeger: %w", err)
	}
	for name, values := range j.opts.Header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	res, err := j.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask jaeger: %w: is its query service at %s, by default on port 16686?", err, j.base.Host)
	}
	if err := j.check(res); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res, nil
}

// check tells an answer that has no traces, and what to do about it.
func (j *Jaeger) check(res *http.Response) error {
	html := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html")
	switch code := res.StatusCode; {
	case code == http.StatusOK && !html:
		return nil
	case code == http.StatusNotFound && !html:
		return errNotFound
	case html:
		return fmt.Errorf("jaeger at %s answered %d with a page: give the address of its query service with its base path", j.base.Redacted(), code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("jaeger at %s answered %d: give credentials", j.base.Redacted(), code)
	}
	const looked = 300
	text, _ := io.ReadAll(io.LimitReader(res.Body, looked))
	return fmt.Errorf("jaeger at %s answered %d: %s", j.base.Redacted(), res.StatusCode, strings.ToValidUTF8(string(text), ""))
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

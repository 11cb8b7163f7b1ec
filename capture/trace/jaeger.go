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

// JaegerOptions set how Jaeger is asked, as [QueryOptions] do. The zero value is
// good.
type JaegerOptions struct {
	// V3 asks /api/v3/traces, which answers in the form of OTLP.
	V3        bool
	Header    http.Header
	Transport http.RoundTripper
	Timeout   time.Duration
	MaxAnswer int64
}

// Jaeger reads traces from the query service of Jaeger. It is for many goroutines.
type Jaeger struct {
	*query
	v3 bool
}

// NewJaeger returns a client of the service at address: "jaeger://HOST:16686",
// "http://HOST:16686/base/path", or with https.
func NewJaeger(address string, o JaegerOptions) (*Jaeger, error) {
	q, err := newQuery("jaeger", "16686", address, QueryOptions{o.Header, o.Transport, o.Timeout, o.MaxAnswer})
	if err != nil {
		return nil, err
	}
	return &Jaeger{q, o.V3}, nil
}

// Trace returns a reader of the spans of a trace, which the caller closes. The
// error is ErrNoTrace where Jaeger does not have it.
func (j *Jaeger) Trace(ctx context.Context, id TraceID) (*Reader, error) {
	return j.trace(ctx, j.path("traces", id.String()), id)
}

// Search returns a reader of the spans of up to limit traces that the service has
// a span in, which began from start on and before end. The caller closes it.
func (j *Jaeger) Search(ctx context.Context, service string, start, end time.Time, limit int) (*Reader, error) {
	q := url.Values{}
	if j.v3 {
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
	if j.v3 && errors.Is(err, errNotFound) { // so it says that there are none
		return NewReader(strings.NewReader(""), ReadOptions{}), nil
	}
	return r, err
}

// maxServices has room for a hundred thousand names, in bytes.
const maxServices = 16 << 20

// Services returns the names of the services that Jaeger has spans of.
func (j *Jaeger) Services(ctx context.Context) ([]string, error) {
	res, err := j.get(ctx, j.path("services"), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	var answer struct {
		Data     []string `json:"data"`     // of /api
		Services []string `json:"services"` // of /api/v3
	}
	if err := json.UnmarshalRead(io.LimitReader(res.Body, maxServices), &answer, lenient); err != nil {
		return nil, fmt.Errorf("services of jaeger at %s: %w", j.base.Redacted(), err)
	}
	return append(answer.Data, answer.Services...), nil
}

func (j *Jaeger) path(parts ...string) *url.URL {
	api := "api"
	if j.v3 {
		api = "api/v3"
	}
	return j.base.JoinPath(append([]string{api}, parts...)...)
}

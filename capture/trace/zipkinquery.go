package trace

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// Zipkin reads traces from the query service of Zipkin (zipkin-api,
// zipkin2-api.yaml). It is for many goroutines.
type Zipkin struct{ q *query }

// NewZipkin returns a client of the service at address: "zipkin://HOST:9411",
// "http://HOST:9411/base/path", or with https.
func NewZipkin(address string, o QueryOptions) (*Zipkin, error) {
	q, err := newQuery("zipkin", "9411", address, o)
	if err != nil {
		return nil, err
	}
	return &Zipkin{q}, nil
}

// Trace returns a reader of the spans of a trace, which the caller closes. The
// error is ErrNoTrace where Zipkin does not have it.
func (z *Zipkin) Trace(ctx context.Context, id TraceID) (*Reader, error) {
	return z.q.trace(ctx, z.path("trace", id.String()), id)
}

// Search returns a reader of the spans of up to limit traces that the service has
// a span in, which began from start on and before end. The caller closes it.
func (z *Zipkin) Search(ctx context.Context, service string, start, end time.Time, limit int) (*Reader, error) {
	values := url.Values{}
	values.Set("serviceName", service)
	values.Set("endTs", strconv.FormatInt(end.UnixMilli(), 10))
	values.Set("lookback", strconv.FormatInt(max(1, end.Sub(start).Milliseconds()), 10))
	values.Set("limit", strconv.Itoa(limit))
	return z.q.read(ctx, z.path("traces"), values)
}

// Services returns the names of the services that Zipkin has spans of.
func (z *Zipkin) Services(ctx context.Context) ([]string, error) {
	res, err := z.q.get(ctx, z.path("services"), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	var names []string
	if err := json.UnmarshalRead(io.LimitReader(res.Body, maxServices), &names, lenient); err != nil {
		return nil, fmt.Errorf("services of zipkin at %s: %w", z.q.base.Redacted(), err)
	}
	return names, nil
}

func (z *Zipkin) path(parts ...string) *url.URL {
	return z.q.base.JoinPath(append([]string{"api/v2"}, parts...)...)
}

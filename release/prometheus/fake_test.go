package prometheus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// start and end are the look of most tests.
var (
	start = time.Unix(1_700_000_000, 0)
	end   = start.Add(time.Minute)
)

// fake speaks the API of Prometheus: what it has by selector, with values each 15 s from
// start-5s on.
type fake struct {
	series   map[string][]series // by selector
	labels   []string
	warnings []string

	mu    sync.Mutex
	asked []string
}

type series struct {
	labels string // as "a=b,c=d"
	values []string
	from   time.Duration // after start, of the first value
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/labels") {
		f.answer(w, append([]string{}, f.labels...))
		return
	}
	query := r.FormValue("query")
	f.mu.Lock()
	f.asked = append(f.asked, query)
	f.mu.Unlock()
	last := strings.HasPrefix(query, "last_over_time(")
	selector, _, ranged := strings.Cut(strings.TrimPrefix(query, "last_over_time("), "[")
	result, kind := []any{}, "vector"
	if ranged && !last {
		kind = "matrix"
	}
	for _, s := range f.series[selector] {
		result = append(result, s.json(kind))
	}
	f.answer(w, map[string]any{"resultType": kind, "result": result})
}

func (f *fake) answer(w http.ResponseWriter, data any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data, "warnings": f.warnings})
}

func (s series) json(kind string) map[string]any {
	metric := map[string]string{}
	for pair := range strings.SplitSeq(s.labels, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			metric[name] = value
		}
	}
	var values [][2]any
	for i, v := range s.values {
		if v == "" {
			continue
		}
		at := start.Add(s.from + time.Duration(i)*15*time.Second - 5*time.Second)
		values = append(values, [2]any{json.Number(strconv.FormatInt(at.Unix(), 10)), v})
	}
	if kind == "vector" {
		return map[string]any{"metric": metric, "value": values[len(values)-1]}
	}
	return map[string]any{"metric": metric, "values": values}
}

func served(t *testing.T, h http.Handler, o Options) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	if o.URL == "" {
		o.URL = s.URL
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// policy watches the metrics on the sides {t="c"} and {t="b"}.
func policy(metrics ...release.MetricPolicy) *release.CanaryPolicy {
	return &release.CanaryPolicy{Canary: `t="c"`, Baseline: `t="b"`, Metrics: metrics}
}

var errorsMetric = release.MetricPolicy{Name: "errors", Counter: "n", Bad: `code="500"`}

// lookAt returns what one look at one metric saw.
func lookAt(t *testing.T, f *fake, p *release.CanaryPolicy) release.Observation {
	t.Helper()
	all, err := served(t, f, Options{}).Look(t.Context(), p, Target{}, start, end)
	require.NoError(t, err)
	require.Len(t, all, len(p.Metrics))
	return all[0]
}

func values(n ...any) []string {
	texts := make([]string, len(n))
	for i, v := range n {
		texts[i] = fmt.Sprint(v)
	}
	return texts
}

func hasProblem(t *testing.T, o release.Observation, text string) {
	t.Helper()
	assert.Contains(t, strings.Join(o.Problems, "\n"), text)
}

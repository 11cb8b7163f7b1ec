package dialect

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// serve answers as a gate with one verdict does.
func serve(t *testing.T, v *release.Verdict) v1.API {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/query", func(w http.ResponseWriter, r *http.Request) { give(w, r, v, ParseQuery) })
	mux.HandleFunc("/api/v1/query_range", func(w http.ResponseWriter, r *http.Request) { give(w, r, v, ParseQueryRange) })
	mux.HandleFunc("/api/v1/status/buildinfo", func(w http.ResponseWriter, _ *http.Request) { write(w, BuildInfo("1.2.3")) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := api.NewClient(api.Config{Address: server.URL, Client: server.Client()})
	require.NoError(t, err)
	return v1.NewAPI(client)
}

func give(w http.ResponseWriter, r *http.Request, v *release.Verdict, parse func(url.Values) (*PrometheusQuery, error)) {
	if err := r.ParseForm(); err != nil {
		write(w, BadQuery(err))
		return
	}
	q, err := parse(r.Form)
	if err != nil {
		write(w, BadQuery(err))
		return
	}
	write(w, q.Answer(v, at))
}

func write(w http.ResponseWriter, r Response) {
	w.Header().Set("Content-Type", r.Type)
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body)
}

func TestPrometheusClientReadsEveryVerdict(t *testing.T) {
	for name, v := range states() {
		t.Run(name, func(t *testing.T) {
			client := serve(t, v)
			open := 0.0
			if decision(v) == release.Promote {
				open = 1
			}
			for metric, want := range map[string]float64{
				VerdictMetric: float64(score(v)), OpenMetric: open, WeightMetric: maxWeight(v),
			} {
				value, warnings, infos, err := client.Query(t.Context(), metric+`{service="catalog", digest='sha256:aa',}`, at)
				require.NoError(t, err)
				assert.Empty(t, warnings)
				assert.Empty(t, infos)
				vector, ok := value.(model.Vector)
				require.True(t, ok)
				require.Len(t, vector, 1)
				assert.InDelta(t, want, float64(vector[0].Value), 0)
				assert.Equal(t, model.Metric{"__name__": model.LabelValue(metric), "service": "catalog", "digest": "sha256:aa"}, vector[0].Metric)
				assert.Equal(t, model.TimeFromUnix(at.Unix()), vector[0].Timestamp)
			}
		})
	}
}

func TestPrometheusClientReadsARange(t *testing.T) {
	client := serve(t, verdict(release.Rollback, 0, release.Failed))
	value, _, _, err := client.QueryRange(t.Context(), `twinspect_verdict{service="catalog"}`, v1.Range{Start: at.Add(-time.Hour), End: at, Step: time.Minute})
	require.NoError(t, err)
	matrix, ok := value.(model.Matrix)
	require.True(t, ok)
	require.Len(t, matrix, 1)
	assert.Equal(t, []model.SamplePair{{Timestamp: model.TimeFromUnix(at.Unix()), Value: -1}}, matrix[0].Values)
}

func TestPrometheusClientReadsErrorsAndBuildInfo(t *testing.T) {
	client := serve(t, nil)
	_, _, _, err := client.Query(t.Context(), `up`, at)
	var bad *v1.Error
	require.ErrorAs(t, err, &bad)
	assert.Equal(t, v1.ErrBadData, bad.Type)
	assert.Contains(t, bad.Msg, `no metric "up"`)
	info, err := client.Buildinfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "1.2.3", info.Version)
}

// flaggerRunQuery reads an answer as pkg/metrics/providers/prometheus.go of Flagger
// v1.36.1 does: the last value that is a text counts, none is an error.
func flaggerRunQuery(t *testing.T, r Response) float64 {
	t.Helper()
	require.Less(t, r.Status, 400)
	var got struct {
		Data struct {
			Result []struct {
				Metric struct {
					Name string `json:"name"`
				}
				Value []any `json:"value"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(r.Body, &got))
	require.Len(t, got.Data.Result, 1)
	text, ok := got.Data.Result[0].Value[1].(string)
	require.True(t, ok)
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return value
}

func TestFlaggersProviderIsOnlineAndReadsVerdicts(t *testing.T) {
	online, err := ParseQuery(url.Values{"query": {"vector(1)"}})
	require.NoError(t, err)
	assert.False(t, online.NeedsVerdict())
	assert.InDelta(t, 1, flaggerRunQuery(t, online.Answer(nil, at)), 0)
	for name, v := range states() {
		q, err := ParseQuery(url.Values{"query": {`twinspect_verdict{service="catalog"}`}})
		require.NoError(t, err)
		assert.InDelta(t, float64(score(v)), flaggerRunQuery(t, q.Answer(v, at)), 0, name)
	}
}

func TestGrafanasCheckIsAnswered(t *testing.T) {
	value, _, _, err := serve(t, nil).Query(t.Context(), "1+1", at)
	require.NoError(t, err)
	assert.Equal(t, "scalar: 2", strings.Split(value.String(), " @")[0])
}

func TestTheFormIsThatOfPrometheus(t *testing.T) {
	q, err := ParseQuery(url.Values{"query": {`twinspect_max_weight{service="catalog"}`}, "time": {"2026-11-22T10:00:00.5Z"}})
	require.NoError(t, err)
	v := verdict(release.Promote, 0.25, release.Passed)
	v.At = at.Add(1500 * time.Millisecond)
	assert.JSONEq(t, `{"status":"success","data":{"resultType":"vector","result":[
		{"metric":{"__name__":"twinspect_max_weight","service":"catalog"},"value":[1795341601.5,"0.25"]}]}}`, string(q.Answer(v, at).Body))
	assert.JSONEq(t, `{"status":"error","errorType":"bad_data","error":"no"}`, string(BadQuery(errors.New("no")).Body))
	assert.Equal(t, http.StatusBadRequest, BadQuery(errors.New("no")).Status)
}

func TestSelectorsAreRead(t *testing.T) {
	s, err := ParseSelector(" twinspect_gate_open { service = `shop` , digest='sha256:a' , base_digest=\"sha256:b\",weight=\"20%\" } \n")
	require.NoError(t, err)
	assert.Equal(t, OpenMetric, s.Metric)
	assert.Equal(t, release.Subject{Service: "shop", Digest: "sha256:a", BaseDigest: "sha256:b"}, s.Subject)
	assert.InDelta(t, 0.2, s.Weight, 1e-12)
}

func TestWhatIsNoPlainSelectorIsAnError(t *testing.T) {
	tests := map[string]string{
		``:                                            `no metric ""`,
		`twinspect_verdit{service="a"}`:               `did you mean "twinspect_verdict"?`,
		`twinspect_verdict`:                           `after the metric there is {service="…"}`,
		`twinspect_verdict{}`:                         "label service is missing",
		`twinspect_verdict{service=""}`:               "label service is missing",
		`twinspect_verdict{digest="a"}`:               "label service is missing",
		`twinspect_verdict{service="a"`:               "a comma or }",
		`twinspect_verdict{service="a" digest="b"}`:   "a comma or }",
		`twinspect_verdict{,}`:                        `no label ""`,
		`twinspect_verdict{service="a",,}`:            `no label ""`,
		`twinspect_verdict{servce="a"}`:               `did you mean "service"?`,
		`twinspect_verdict{service!="a"}`:             "compared by = alone",
		`twinspect_verdict{service=~"a"}`:             "compared by = alone",
		`twinspect_verdict{service="a",service="b"}`:  "given twice",
		`twinspect_verdict{service=a}`:                "in quotation marks",
		`twinspect_verdict{service="a}`:               "no closing quotation mark",
		`twinspect_verdict{service='a"}`:              "no closing quotation mark",
		`twinspect_verdict{service="a\"b"}`:           "has a backslash",
		"twinspect_verdict{service=\"a\x00b\"}":       "cannot be printed",
		`twinspect_verdict{service="a"} == 1`:         "which the condition of the tool can say",
		`twinspect_verdict{service="a"}[5m]`:          "which the condition of the tool can say",
		`-twinspect_verdict{service="a"}`:             `no metric ""`,
		`max(twinspect_verdict{service="a"})`:         `no metric "max"`,
		`twinspect_verdict{service="a",weight="200"}`: "no share of the traffic",
		`vector(2)`:               `no metric "vector"`,
		strings.Repeat("a", 5000): "more than 4096",
	}
	for query, want := range tests {
		_, err := ParseSelector(query)
		assert.ErrorContains(t, err, want, query)
	}
}

func TestParametersAreChecked(t *testing.T) {
	query := `twinspect_verdict{service="a"}`
	_, err := ParseQuery(url.Values{})
	assert.ErrorContains(t, err, "one parameter query")
	_, err = ParseQuery(url.Values{"query": {query, query}})
	assert.ErrorContains(t, err, "not 2")
	for _, bad := range []string{"yesterday", "NaN", "Inf", "2026-11-22"} {
		_, err = ParseQuery(url.Values{"query": {query}, "time": {bad}})
		assert.ErrorContains(t, err, "the parameter time is a time", bad)
	}
	for want, change := range map[string][2]string{
		"start is missing":     {"start", ""},
		"end is missing":       {"end", ""},
		"step is missing":      {"step", ""},
		"start is a time":      {"start", "x"},
		"end is before start":  {"end", "1"},
		"step is a duration":   {"step", "x"},
		"more than zero":       {"step", "0"},
		"more than 11000":      {"step", "0.001"},
		"one metric with its ": {"query", query + "+1"},
	} {
		values := url.Values{"query": {query}, "start": {"1000"}, "end": {"2026-11-22T10:00:00Z"}, "step": {"1000000"}}
		values.Set(change[0], change[1])
		_, err := ParseQueryRange(values)
		assert.ErrorContains(t, err, want)
	}
}

func FuzzParseSelector(f *testing.F) {
	f.Add(`twinspect_verdict{service="catalog",digest='sha256:aa',weight="20%",}`)
	f.Add("vector(1)")
	f.Add("twinspect_gate_open{base_digest=`b`, service=`a`}")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ParseQuery(url.Values{"query": {query}})
		if err != nil {
			require.Nil(t, q)
			require.True(t, json.Valid(BadQuery(err).Body))
			return
		}
		require.True(t, q.Weight >= 0 && q.Weight <= 1)
		require.Equal(t, q.NeedsVerdict(), q.Subject.Service != "")
		r := q.Answer(nil, at)
		require.Equal(t, http.StatusOK, r.Status)
		require.True(t, json.Valid(r.Body))
		if q.NeedsVerdict() {
			require.Less(t, maxWeight(nil), 0.1)
			require.NotContains(t, string(r.Body), `"1"`+"]")
		}
	})
}

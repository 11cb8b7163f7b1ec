package prometheus

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

const emptyAnswer = `{"status":"success","data":{"resultType":"matrix","result":[]}}`

func says(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func TestWhatIsNoAnswerIsUnavailable(t *testing.T) {
	cases := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"an error of the server": {says(500, "it is over"), "server error: 500: it is over"},
		"overloaded":             {says(503, `{"status":"error","errorType":"timeout","error":"query timed out"}`), "query timed out"},
		"no access":              {says(401, "who are you"), "client error: 401"},
		"forbidden":              {says(403, "not you"), "client error: 403"},
		"a page":                 {says(200, "<html>"+strings.Repeat("<p>Welcome ", 1000)), "bad_response"},
		"a page of an error":     {says(502, "<html>"+strings.Repeat("<p>Bad Gateway ", 1000)), "server error: 502"},
		"nothing":                {says(200, ""), "bad_response"},
		"no content":             {says(204, ""), "bad_response"},
		"another program's JSON": {says(200, `{"ok":true}`), "it may not be Prometheus"},
		"null":                   {says(200, `null`), "it may not be Prometheus"},
		"another type":           {says(200, `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`), "not of the query's type, but a scalar"},
		"a null in it":           {says(200, `{"status":"success","data":{"resultType":"matrix","result":[null]}}`), "or has a null"},
		"an unknown type":        {says(200, `{"status":"success","data":{"resultType":"cube","result":[1,"1"]}}`), "cube"},
		"an error in a success":  {says(200, `{"status":"error","errorType":"internal","error":"disk"}`), "disk"},
		"cut JSON":               {says(200, emptyAnswer[:len(emptyAnswer)-5]), "bad_response"},
		"a number that is none":  {says(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"one"]]}]}}`), "bad_response"},
		"too much":               {says(200, strings.Repeat(" ", 2000)+emptyAnswer), "the answer is too large"},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
		}, "it redirects to elsewhere.invalid, which is not followed"},
		"circles": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, "it redirects in circles"},
		"a connection that ends": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"a body that ends before": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = io.WriteString(w, "{")
		}, "unexpected EOF"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			client := served(t, c.handler, Options{MaxResponse: 1900})
			if strings.Contains(name, "page") {
				client = served(t, c.handler, Options{})
			}
			all, err := client.Look(t.Context(), policy(errorsMetric), Target{}, start, end)
			require.Nil(t, all)
			var unavailable *Unavailable
			require.ErrorAs(t, err, &unavailable)
			require.ErrorContains(t, err, c.want)
			require.Less(t, len(err.Error()), 500)
		})
	}
}

func TestAQueryThatIsNotTakenIsRejected(t *testing.T) {
	for code, kind := range map[int]string{400: "bad_data", 422: "execution"} {
		c := served(t, says(code, fmt.Sprintf(`{"status":"error","errorType":%q,"error":"parse error: unexpected =~"}`, kind)), Options{})
		_, err := c.Look(t.Context(), policy(errorsMetric), Target{}, start, end)
		var rejected *Rejected
		require.ErrorAs(t, err, &rejected)
		require.ErrorContains(t, err, `rejects the query n{t="c"}[360001ms]: `+kind+`: parse error`)
	}
}

func TestASlowServerIsUnavailable(t *testing.T) {
	c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the client is not seen
		_, _ = io.WriteString(w, emptyAnswer[:20])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), Options{Timeout: 20 * time.Millisecond})
	_, err := c.Look(t.Context(), policy(errorsMetric), Target{}, start, end)
	var unavailable *Unavailable
	require.ErrorAs(t, err, &unavailable)
	require.ErrorContains(t, err, "the look took longer than 20ms")
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	url := s.URL
	s.Close()
	c, err := New(Options{URL: strings.Replace(url, "//", "//me:s3cret@", 1)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.Look(t.Context(), policy(errorsMetric), Target{}, start, end)
	var refused *net.OpError
	require.False(t, errors.As(err, &refused), "a cause with text of its own is not shown")
	require.ErrorContains(t, err, "Prometheus at "+url+" cannot be asked")
	require.ErrorContains(t, err, "connection refused")
}

func TestCredentialsAreSentAndNeverTold(t *testing.T) {
	var got []string
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"), r.Header.Get("X-Scope-OrgID"))
		w.WriteHeader(http.StatusInternalServerError)
		name, password, _ := r.BasicAuth()
		_, _ = fmt.Fprint(w, r.Header, name, password)
	})
	s := httptest.NewServer(echo)
	t.Cleanup(s.Close)
	withUser := strings.Replace(s.URL, "//", "//user:pa55word@", 1)
	for _, o := range []Options{
		{URL: s.URL, Header: http.Header{"Authorization": {"Bearer t0ken-of-mine"}, "x-scope-orgid": {"tenant-7"}}},
		{URL: withUser},
	} {
		c, err := New(o)
		require.NoError(t, err)
		_, err = c.Look(t.Context(), policy(errorsMetric), Target{}, start, end)
		require.Error(t, err)
		require.NotRegexp(t, "t0ken|tenant-7|pa55word|dXNlcjpwYTU1d29yZA", err.Error())
		c.Close()
	}
	require.Equal(t, []string{"Bearer t0ken-of-mine", "tenant-7", "Basic dXNlcjpwYTU1d29yZA==", ""}, got)
}

func TestURLsThatCannotBeUsedAreNotRepeated(t *testing.T) {
	for url, want := range map[string]string{
		"":                               "needs http:// or https:// and a host",
		"prometheus:9090":                "needs http:// or https://",
		"http://u:pa55%zz@h":             "is not one",
		"ftp://u:pa55@h":                 "needs http://",
		"http://u:pa55@h/?token=pa55abc": "has a query",
	} {
		_, err := New(Options{URL: url})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "pa55")
	}
}

func TestCapacityIsWhatUsageAllows(t *testing.T) {
	p := policy(errorsMetric)
	p.Capacity = &release.CapacityPolicy{Requests: "n", Usage: `max(usage{s="$service"})`, Target: 0.8}
	f := healthy()
	usage := `max(usage{s="shop"})`
	at := func(f *fake) release.Observation {
		all, err := served(t, f, Options{}).Look(t.Context(), p, Target{Service: "shop"}, start, end)
		require.NoError(t, err)
		return all[0]
	}
	f.series[usage] = []series{{values: values(0.2)}}
	o := at(f)
	require.Empty(t, o.Problems)
	require.InDelta(t, 41.0/441*4, o.Capacity, 0.15)
	require.Positive(t, o.Capacity)
	for want, of := range map[string][]series{
		"capacity: the usage max(usage{s=\"shop\"}) is NaN": {{values: values("NaN")}},
		"is -1":        {{values: values(-1)}},
		"has 0 series": nil,
		"has 2 series": {{values: values(1)}, {labels: "a=b", values: values(1)}},
	} {
		f.series[usage] = of
		o = at(f)
		hasProblem(t, o, want)
		require.Zero(t, o.Capacity)
		require.EqualValues(t, 41, o.Canary.Total, "the metrics count nevertheless")
	}
}

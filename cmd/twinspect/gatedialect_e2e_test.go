//go:build e2e && linux

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	promapi "github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
)

// flaggerStatus is how each hook of Flagger is answered where no weight is told.
var flaggerStatus = map[string]map[release.Decision]int{
	"confirm-rollout":          {release.Promote: 200, release.Hold: 403, release.Rollback: 403},
	"pre-rollout":              {release.Promote: 200, release.Hold: 403, release.Rollback: 403},
	"rollout":                  {release.Promote: 200, release.Hold: 200, release.Rollback: 403},
	"confirm-traffic-increase": {release.Promote: 200, release.Hold: 403, release.Rollback: 403},
	"confirm-promotion":        {release.Promote: 200, release.Hold: 403, release.Rollback: 403},
	"rollback":                 {release.Promote: 403, release.Hold: 403, release.Rollback: 200},
	"post-rollout":             {release.Promote: 200, release.Hold: 200, release.Rollback: 200},
	"event":                    {release.Promote: 200, release.Hold: 200, release.Rollback: 200},
}

var (
	kargoStatus = map[release.Decision]int{release.Promote: 200, release.Hold: 409, release.Rollback: 403}
	promValue   = map[release.Decision]float64{release.Promote: 1, release.Hold: 0, release.Rollback: -1}
	gateExits   = map[release.Decision]int{release.Promote: 0, release.Hold: 3, release.Rollback: 1}
)

// answerTime is how long any tool may wait for an answer: Flagger gives up after 10 s.
const answerTime = 10 * time.Second

// everywhere asks one server in every dialect, all at once, and holds each answer
// against the decision; each tells what is mentioned.
func (g *gateSite) everywhere(t *testing.T, server string, s release.Subject, want release.Decision, mention ...string) {
	t.Helper()
	began := time.Now()
	var asking sync.WaitGroup
	for hook := range flaggerStatus {
		asking.Go(func() { g.asFlagger(t, server, hook, s, want, mention) })
	}
	asking.Go(func() { g.asArgo(t, server, s, want, mention) })
	asking.Go(func() { g.asKargo(t, server, s, want, mention) })
	asking.Go(func() { g.asPrometheus(t, server, "twinspect_verdict", s, promValue[want]) })
	asking.Go(func() { g.asPrometheus(t, server, "twinspect_gate_open", s, max(promValue[want], 0)) })
	asking.Wait()
	assert.Less(t, time.Since(began), answerTime, "every answer comes in time")
}

// asFlagger calls a webhook with the body that Flagger sends (pkg/controller/webhook.go,
// CanaryWebhookPayload) and the token where Flagger can have it: in the URL.
func (g *gateSite) asFlagger(t *testing.T, server, hook string, s release.Subject, want release.Decision, mention []string) {
	body := fmt.Sprintf(`{"name":"shop","namespace":"test","phase":"Progressing","checksum":"85d557f47b","metadata":{"service":%q,"digest":%q,"base_digest":%q}}`,
		s.Service, s.Digest, s.BaseDigest)
	address := strings.Replace(server, "http://", "http://gate:"+g.token["ci"]+"@", 1) + "/flagger/" + hook
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if !assert.NoError(t, err) {
		return
	}
	r.Header.Set("Content-Type", "application/json")
	status, text, err := answered(r)
	if assert.NoError(t, err, hook) {
		assert.Equal(t, flaggerStatus[hook][want], status, "%s: %s", hook, text)
		assert.True(t, strings.HasPrefix(string(text), string(want)+" "), "%s: %s", hook, text)
		mentions(t, string(text), mention)
	}
}

func mentions(t *testing.T, text string, words []string) {
	for _, word := range words {
		assert.Contains(t, text, word)
	}
}

// spoken is the answer to tools that look into JSON.
type spoken struct {
	Verdict                 release.Decision
	Promote, Hold, Rollback bool
	Score                   int
	Summary                 string
	Override                string
	Reasons                 []struct {
		Code     release.Code
		Kind     release.Kind
		Evidence string
	}
}

func (a *spoken) holds(t *testing.T, want release.Decision, mention []string) {
	assert.Equal(t, want, a.Verdict)
	assert.Equal(t, want == release.Promote, a.Promote)
	assert.Equal(t, want == release.Hold, a.Hold)
	assert.Equal(t, want == release.Rollback, a.Rollback)
	assert.InDelta(t, promValue[want], a.Score, 0)
	assert.NotEmpty(t, a.Reasons)
	mentions(t, a.Summary, mention)
}

// inJSON asks a URL as ci, and reads what it is told.
func (g *gateSite) inJSON(t *testing.T, address string) (int, *spoken) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if !assert.NoError(t, err) {
		return 0, &spoken{}
	}
	r.Header.Set("Authorization", "Bearer "+g.token["ci"])
	status, body, err := answered(r)
	var a spoken
	if assert.NoError(t, err) {
		assert.NoError(t, json.Unmarshal(body, &a), string(body))
	}
	return status, &a
}

func (g *gateSite) asArgo(t *testing.T, server string, s release.Subject, want release.Decision, mention []string) {
	status, a := g.inJSON(t, server+"/argo/verdict?"+query(s))
	assert.Equal(t, http.StatusOK, status)
	a.holds(t, want, mention)
}

func (g *gateSite) asKargo(t *testing.T, server string, s release.Subject, want release.Decision, mention []string) {
	status, a := g.inJSON(t, server+"/kargo/verdict?"+query(s))
	assert.Equal(t, kargoStatus[want], status)
	a.holds(t, want, mention)
}

// bearing adds a token to requests.
type bearing string

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// asPrometheus asks for a metric by Prometheus' own client.
func (g *gateSite) asPrometheus(t *testing.T, server, metric string, s release.Subject, value float64) {
	c, err := promapi.NewClient(promapi.Config{Address: server + "/prometheus", RoundTripper: bearing(g.token["ci"])})
	if !assert.NoError(t, err) {
		return
	}
	labels := fmt.Sprintf(`{service=%q,digest=%q,base_digest=%q}`, s.Service, s.Digest, s.BaseDigest)
	v, _, _, err := promv1.NewAPI(c).Query(t.Context(), metric+labels, time.Now())
	if !assert.NoError(t, err) {
		return
	}
	vector, ok := v.(model.Vector)
	if assert.True(t, ok && len(vector) == 1, "%v", v) {
		assert.InDelta(t, value, float64(vector[0].Value), 0, metric)
		assert.Equal(t, s.Service, string(vector[0].Metric["service"]))
	}
}

// byCommand asks the server by twinspect gate.
func (g *gateSite) byCommand(t *testing.T, server string, s release.Subject, want release.Decision) *release.Verdict {
	t.Helper()
	return g.readVerdict(t, g.run(t, gateExits[want], append(append([]string{"gate", "--json"}, g.as("ci", server)...), subjectFlags(s)...)...), want)
}

func (g *gateSite) readVerdict(t *testing.T, said string, want release.Decision) *release.Verdict {
	t.Helper()
	var v release.Verdict
	require.NoError(t, json.Unmarshal([]byte(said), &v), said)
	assert.Equal(t, want, v.Decision, verdictText(&v))
	return &v
}

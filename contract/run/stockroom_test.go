package run_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/check"
	"twinspect.dev/contract/explore"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/provider"
	"twinspect.dev/contract/run"
	"twinspect.dev/fixtures/stockroom"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// clerk proves who asks the stockroom.
type clerk struct {
	client *send.Client
	token  string
}

func login(t *testing.T, client *send.Client) *clerk {
	t.Helper()
	body := `{"username":"` + stockroom.Username + `","password":"` + stockroom.Password + `"}`
	a := client.Send(t.Context(), &replay.Ask{Recorded: &capture.Exchange{}, Request: capture.Request{
		Method: http.MethodPost, Target: "/session",
		Message: capture.Message{Header: capture.Header{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(body), BodySize: int64(len(body))},
	}})
	require.True(t, a.OK(), a.Err)
	var token string
	decodeToken(t, a.Response.Body, &token)
	return &clerk{client, token}
}

func (c *clerk) Apply(_ context.Context, op *openapi.Operation, which contract.Credentials, req *capture.Request) error {
	if op.Security == nil || which == contract.NoCredentials {
		return nil
	}
	token, key := c.token, stockroom.ExportKey
	if which == contract.WrongCredentials {
		token, key = "wrong", "wrong"
	}
	req.Header = append(req.Header[:len(req.Header):len(req.Header)],
		capture.Field{Name: "Authorization", Value: "Bearer " + token}, capture.Field{Name: "X-Export-Key", Value: key})
	return nil
}

func (c *clerk) Renew(context.Context, *openapi.Operation) bool { return false }

func (c *clerk) Mask(req *capture.Request) (capture.Request, []string) { return *req, nil }

// asked runs all cases of the stockroom's document against one with defects.
func asked(t *testing.T, seed uint64, defects ...stockroom.Defect) *run.Result {
	t.Helper()
	server := httptest.NewServer(stockroom.New(stockroom.Config{Defects: defects, Slow: 400 * time.Millisecond}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "openapi.yaml")
	require.NoError(t, os.WriteFile(path, stockroom.Document(), 0o600))
	doc, err := openapi.Load(path)
	require.NoError(t, err)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	client, err := send.New(send.Config{URL: u, Timeout: time.Second, MaxConns: 32})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	suite := provider.New(doc, provider.Options{Seed: seed})
	plan := &explore.Plan{
		Operations: suite.Operations(), Seed: seed,
		Make: func(operation string) ([]contract.Case, error) { return suite.Part(operation).Cases, nil },
	}
	setups := map[string]*contract.Setup{}
	for i := range suite.Setups {
		setups[suite.Setups[i].Operation] = &suite.Setups[i]
	}
	runner := run.New(run.Config{
		Document: doc, Codec: suite.Codec, Conformer: suite.Conformer,
		Checker:  check.New(suite.Conformer, doc, check.Options{Limit: 250 * time.Millisecond}),
		Provider: client, URL: u, Credentials: login(t, client), Parallel: 16, Again: 3, Shrink: 60,
		Setup: func(operation string) *contract.Setup { return setups[operation] },
		Watch: func(e run.Ended) { plan.Heard(e.Case.Operation, e.News > 0) },
	})
	result, err := runner.Run(t.Context(), plan.Cases())
	require.NoError(t, err)
	return result
}

func last(e contract.Example) contract.ExampleStep {
	if len(e.Steps) == 0 {
		return contract.ExampleStep{}
	}
	return e.Steps[len(e.Steps)-1]
}

// seeds are how many suites are tried; the figure that is published is of 20.
func seeds(t *testing.T) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv("TWINSPECT_SEEDS"), "2"), 10, 64)
	require.NoError(t, err, "TWINSPECT_SEEDS")
	return n
}

func TestACleanProviderHasNoFindings(t *testing.T) {
	for seed := range seeds(t) {
		r := asked(t, seed)
		for _, f := range r.Findings {
			t.Errorf("seed %d: %s %s: %s (%d times, first %v)\n%s", seed, f.Check, f.Operation, f.Message, f.Count, f.Cases, last(f.Example).Curl)
		}
		t.Logf("seed %d: %d requests in %s: %v %v", seed, r.Requests, r.Ended.Sub(r.Started), r.Kinds, r.Halts)
	}
}

// groups parts the defects so that none hides another: two of one operation are
// never together.
func groups() [][]stockroom.Defect {
	var out [][]stockroom.Defect
next:
	for _, d := range stockroom.Defects {
		for i, group := range out {
			if !slices.ContainsFunc(group, func(o stockroom.Defect) bool { return o.Operation == d.Operation }) {
				out[i] = append(group, d)
				continue next
			}
		}
		out = append(out, []stockroom.Defect{d})
	}
	return out
}

func TestEverySeededDefectIsFound(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes every answer slow, which is one of the defects")
	}
	for seed := range seeds(t) {
		for _, group := range groups() {
			r := asked(t, seed, group...)
			for _, d := range group {
				n := 0
				for _, f := range r.Findings {
					if f.Operation == d.Operation && (f.Check == d.Check || slices.Contains(d.Also, f.Check)) {
						n++
					}
				}
				assert.GreaterOrEqual(t, n, max(d.Findings, 1), "seed %d: %s: %s (%s, %s)", seed, d.ID, d.Description, d.Check, d.Operation)
			}
			t.Logf("seed %d: %d defects: %d requests in %s; %d findings", seed, len(group), r.Requests, r.Ended.Sub(r.Started), len(r.Findings))
		}
	}
}

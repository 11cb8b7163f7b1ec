//go:build e2e

package reference_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/proxy"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract"
	"twinspect.dev/contract/consumer"
	"twinspect.dev/contract/join"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/pact"
	pactconsumer "twinspect.dev/contract/pact/consumer"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/fixtures/market"
)

// inferred are the contracts of the market's services, out of what its customers
// caused.
func inferred(t *testing.T) []*contract.Contract {
	t.Helper()
	documents := make(map[string]*openapi.Document)
	for _, service := range market.Services() {
		if text := market.Document(service); text != nil {
			doc, err := openapi.Parse(service+".yaml", text)
			require.NoError(t, err)
			documents[service] = doc
		}
	}
	learner, err := consumer.New(documents)
	require.NoError(t, err)
	joiner, err := join.New(join.Options{Dir: t.TempDir(), Operation: learner.Operation})
	require.NoError(t, err)
	spans, exchanges := recorded(t, 600)
	for i := range spans {
		require.NoError(t, joiner.AddSpan(&spans[i]))
	}
	for _, e := range exchanges {
		require.NoError(t, joiner.AddExchange(e))
	}
	require.NoError(t, joiner.Each(t.Context(), func(c *join.Chain) error {
		learner.Learn(c)
		return nil
	}))
	require.NoError(t, joiner.Close())
	return learner.Contracts()
}

func recorded(t *testing.T, journeys int) (spans []trace.Span, exchanges []*capture.Exchange) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	receiver := trace.NewReceiver(listener, trace.ReceiverOptions{})
	var reading, serving sync.WaitGroup
	reading.Go(func() {
		for {
			var sp trace.Span
			if receiver.ReadSpan(context.Background(), &sp) != nil {
				return
			}
			spans = append(spans, sp)
		}
	})
	var mu sync.Mutex
	sink := capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		mu.Lock()
		defer mu.Unlock()
		exchanges = append(exchanges, e.Clone())
		return nil
	})
	ctx, stop := context.WithCancel(context.Background())
	before := func(service, address string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		p, err := proxy.New(proxy.Config{Listener: l, Upstream: &url.URL{Scheme: "http", Host: address}, Sink: sink, Agent: service, Service: service})
		require.NoError(t, err)
		serving.Go(func() { assert.NoError(t, p.Serve(ctx)) })
		return l.Addr().String()
	}
	m, err := market.Start(ctx, market.Options{OTLP: "http://" + listener.Addr().String(), Through: before, Seed: 3})
	require.NoError(t, err)
	transport := &http.Transport{}
	_, err = market.Drive(ctx, &http.Client{Transport: transport}, m.URL(market.Storefront), journeys, 3)
	require.NoError(t, err)
	transport.CloseIdleConnections()
	require.NoError(t, m.Close(ctx))
	stop()
	serving.Wait()
	require.NoError(t, receiver.Close(context.Background()))
	reading.Wait()
	return spans, exchanges
}

// excused is one interaction that fails on the services as they are, and where.
type excused struct {
	consumer    string
	version     pact.Version
	description string
	at          contract.Place
}

// onBase are those, with the reason: a state of version 2 has no parameters.
var onBase = map[excused]string{
	{market.Checkout, pact.V2, "GET /quotes/{id} answers 200", "status"}:    "the id of a quote that there is cannot be told by the state",
	{market.Storefront, pact.V2, "GET /orders/{id} answers 200", "status"}:  "the id of an order that there is cannot be told by the state",
	{market.Storefront, pact.V2, "GET /orders answers 200", "body /orders"}: "the state cannot be told whose orders there are",
}

// excuse reports whether a failure is one of onBase, and of nothing else.
func excuse(p *pact.Pact, r *verify.Result) bool {
	return len(r.Mismatches) > 0 && onBase[excused{p.Consumer, p.Version, r.Description, r.Mismatches[0].At}] != ""
}

// pair asks both verifiers whether a service keeps to a pact, each a service of its
// own, as what is written stays. They must say the same of each interaction. It
// returns those that fail beside onBase.
func pair(t *testing.T, j *judge, path string, service func() *url.URL) (failing []string) {
	t.Helper()
	read, err := pact.ReadFile(path)
	require.NoError(t, err)
	var theirs verdict
	at := service()
	j.ask(t, order{Do: "verify", Pact: path, Port: (&provider{url: at}).port(t), States: at.JoinPath("_pact/state").String()}, &theirs)
	report, err := ours(t, service(), "_pact/state").Verify(t.Context(), read)
	require.NoError(t, err)
	failed := theirs.failed()
	require.Len(t, failed, len(report.Results), "%v", theirs.Errors)
	for i := range report.Results {
		r := &report.Results[i]
		if failed[r.Description] && !excuse(read, r) {
			failing = append(failing, r.Description+": "+theirs.why(r.Description))
		}
		assert.Equal(t, failed[r.Description], r.Outcome != verify.Passed, "%s: ours %s %s %v, theirs %s",
			r.Description, r.Outcome, r.Detail, r.Mismatches, theirs.why(r.Description))
	}
	return failing
}

func serve(t *testing.T, name string, peers *market.Market, drop ...string) *url.URL {
	t.Helper()
	o := market.ServiceOptions{Drop: drop, Peers: map[string]string{}, Seed: 3}
	for _, peer := range market.Calls(name) {
		o.Peers[peer] = peers.URL(peer)
	}
	s, err := market.StartService(t.Context(), name, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close(context.Background())) })
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	return u
}

// TestInferredPactsAreReadAndJudgedByTheReference verifies what is written of the
// market's traffic on the services as they are, and without a field that is used.
func TestInferredPactsAreReadAndJudgedByTheReference(t *testing.T) {
	j, contracts := newJudge(t), inferred(t)
	require.NotEmpty(t, contracts)
	peers, err := market.Start(t.Context(), market.Options{Seed: 3})
	require.NoError(t, err)
	defer func() { assert.NoError(t, peers.Close(context.Background())) }()
	broken := map[string]string{
		market.Storefront + " " + market.Catalog:  "body /items/*/name@GET /products",
		market.Storefront + " " + market.Checkout: "body /order_id@POST /orders",
	}
	asked := 0
	for _, c := range contracts {
		for _, version := range []pact.Version{pact.V2, pact.V3, pact.V4} {
			made, left := pactconsumer.FromContract(c, version)
			path := filepath.Join(t.TempDir(), "pact.json")
			f, err := os.Create(path)
			require.NoError(t, err)
			require.NoError(t, pact.Write(f, made))
			require.NoError(t, f.Close())
			t.Logf("%s of %s, version %s: %d interactions, left out %v", c.Consumer, c.Provider, version, len(made.Interactions), left)
			if len(made.Interactions) == 0 {
				continue
			}
			assert.Empty(t, pair(t, j, path, func() *url.URL { return serve(t, c.Provider, peers) }), "on base")
			if drop := broken[c.Consumer+" "+c.Provider]; drop != "" {
				asked++
				assert.NotEmpty(t, pair(t, j, path, func() *url.URL { return serve(t, c.Provider, peers, drop) }), "without %s", drop)
			}
		}
	}
	assert.Equal(t, 3*len(broken), asked, "branches")
}

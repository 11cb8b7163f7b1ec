package consumer

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/proxy"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/fixtures/market"
)

// recorded drives customers through the market with a recorder before each service,
// and returns what was traced and what was said.
func recorded(t *testing.T, journeys int, seed uint64) (spans []trace.Span, exchanges []*capture.Exchange) {
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
	m, err := market.Start(ctx, market.Options{OTLP: "http://" + listener.Addr().String(), Through: before, Seed: seed})
	require.NoError(t, err)
	transport := &http.Transport{}
	_, err = market.Drive(ctx, &http.Client{Transport: transport}, m.URL(market.Storefront), journeys, seed)
	require.NoError(t, err)
	transport.CloseIdleConnections()
	require.NoError(t, m.Close(ctx))
	stop()
	serving.Wait()
	require.NoError(t, receiver.Close(context.Background()))
	reading.Wait()
	return spans, exchanges
}

func documents(t *testing.T) map[string]*openapi.Document {
	all := make(map[string]*openapi.Document)
	for _, service := range market.Services() {
		if text := market.Document(service); text != nil {
			doc, err := openapi.Parse(service+".yaml", text)
			require.NoError(t, err)
			all[service] = doc
		}
	}
	return all
}

func infer(t *testing.T, spans []trace.Span, exchanges []*capture.Exchange, docs map[string]*openapi.Document) ([]*contract.Contract, capture.Account) {
	learner, err := New(docs)
	require.NoError(t, err)
	joiner, err := join.New(join.Options{Dir: t.TempDir(), Operation: learner.Operation})
	require.NoError(t, err)
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
	account := joiner.Account().Merge(learner.Account())
	require.NoError(t, joiner.Close())
	require.NoError(t, account.Balance())
	return learner.Contracts(), account
}

// place is one field of a response of a pair.
type place struct {
	consumer, provider, operation string
	status                        int
	at                            contract.Place
}

func usedPlaces(all []*contract.Contract) map[place]bool {
	used := make(map[place]bool)
	for _, c := range all {
		for _, it := range c.Interactions {
			for _, r := range it.Responses {
				for _, f := range r.Fields {
					if f.Usage.State == contract.Used {
						used[place{c.Consumer, c.Provider, it.Operation, r.Status, f.At}] = true
					}
				}
			}
		}
	}
	return used
}

// leaves of the market: what holds others is used where one of them is.
func leavesOfMarket() map[place]bool {
	leaf := make(map[place]bool)
	for _, consumer := range market.Services() {
		for _, provider := range market.Services() {
			for _, operation := range market.Operations(provider) {
				for _, f := range market.Fields(provider, operation) {
					if f.Leaf {
						leaf[place{consumer, provider, operation, f.Status, f.At}] = true
					}
				}
			}
		}
	}
	return leaf
}

func TestWhatConsumersReadIsInferredFromTheirTraffic(t *testing.T) {
	spans, exchanges := recorded(t, 1500, 3)
	all, account := infer(t, spans, exchanges, documents(t))
	for _, s := range account {
		t.Logf("%-20s %-10s seen %6d written %6d %v %v", s.Name, s.Unit, s.Seen, s.Written, s.Filtered, s.Dropped)
	}
	used, leaf := usedPlaces(all), leavesOfMarket()
	met := make(map[place]bool) // what came at all
	for _, c := range all {
		for _, it := range c.Interactions {
			for _, r := range it.Responses {
				for _, f := range r.Fields {
					if f.Seen > 0 {
						met[place{c.Consumer, c.Provider, it.Operation, r.Status, f.At}] = true
					}
				}
			}
		}
	}
	truth := make(map[place]string)
	for _, u := range market.Truth() {
		p := place{u.Consumer, u.Provider, u.Operation, u.Status, u.At}
		if !met[p] {
			t.Logf("never came: %v", p)
			continue
		}
		truth[p] = u.Kind
	}
	var right, wrong, missed int
	kinds, found := make(map[string]int), make(map[string]int)
	for p := range used {
		switch {
		case truth[p] != "":
			right++
		case leaf[p]:
			wrong++
			t.Logf("not read: %v", p)
		}
	}
	for p, kind := range truth {
		kinds[kind]++
		if used[p] {
			found[kind]++
		} else {
			missed++
			t.Logf("missed %s: %v", kind, p)
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("used: precision %.3f, recall %.3f of %d fields; by kind %v of %v", precision, recall, len(truth), found, kinds)
	assert.GreaterOrEqual(t, precision, 0.95)
	assert.GreaterOrEqual(t, recall, 0.9)
}

func TestContractsDoNotDependOnTheOrderOfTheirSources(t *testing.T) {
	spans, exchanges := recorded(t, 200, 5)
	docs := documents(t)
	first, _ := infer(t, spans, exchanges, docs)
	slices.Reverse(spans)
	slices.Reverse(exchanges)
	second, _ := infer(t, spans, exchanges, docs)
	assert.Equal(t, first, second)
}

package join_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/join"
)

var epoch = time.Unix(1_700_000_000, 0).UTC()

func ms(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }

func traceID(n int) trace.TraceID {
	return trace.TraceID{0: 9, 8: byte(n >> 24), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

func spanID(n int) trace.SpanID { return trace.SpanID{5: byte(n >> 16), 6: byte(n >> 8), 7: byte(n)} }

// span is one of trace 1 that lies from and to in milliseconds.
func span(id, parent int, kind trace.Kind, service, request string, status, from, to int) trace.Span {
	s := trace.Span{Trace: traceID(1), ID: spanID(id), Parent: spanID(parent), Kind: kind, Service: service, Name: fmt.Sprintf("s%d", id), Start: ms(from), End: ms(to)}
	s.HTTP.Method, s.HTTP.Target, _ = strings.Cut(request, " ")
	s.HTTP.Status = status
	return s
}

// said is an exchange of trace 1; without a span it names none, of trace 0 neither.
func said(id byte, tr, sp int, service, request string, status, from, to int) *capture.Exchange {
	e := &capture.Exchange{ID: capture.ID{15: id}}
	e.Request.Method, e.Request.Target, _ = strings.Cut(request, " ")
	e.Request.Start, e.Request.End = ms(from), ms(from)
	e.Response.Status, e.Response.Start, e.Response.End = status, ms(to), ms(to)
	e.Context.Service, e.Context.Agent, e.Context.Connection = service, service, fmt.Sprint("c", id)
	if tr != 0 {
		e.Context.TraceID = traceID(tr).String()
	}
	if sp != 0 {
		e.Context.SpanID = spanID(sp).String()
	}
	return e
}

// draw writes the calls of the chains as text.
func draw(c *join.Chain) []string {
	var out []string
	for _, l := range c.Calls {
		out = append(out, fmt.Sprintf("%x %s>%s %s %s %.2f %d %s", l.Exchange.ID[15:], l.Consumer, l.Provider, l.Operation, l.How, l.Confidence, l.Parent, l.Node.Span().Name))
	}
	return out
}

type input struct {
	spans     []trace.Span
	exchanges []*capture.Exchange
}

// joined adds the input in the order that a seed gives.
func joined(t require.TestingT, o join.Options, in input, seed uint64) ([]string, capture.Account) {
	j, err := join.New(o)
	require.NoError(t, err)
	defer func() { require.NoError(t, j.Close()) }()
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(in.spans) + len(in.exchanges)) //nolint:gosec // a test
	if seed == 0 {
		slices.Sort(order)
	}
	for _, i := range order {
		if i < len(in.spans) {
			require.NoError(t, j.AddSpan(&in.spans[i]))
		} else {
			require.NoError(t, j.AddExchange(in.exchanges[i-len(in.spans)]))
		}
	}
	require.NoError(t, j.Account().Balance())
	var out []string
	require.NoError(t, j.Each(context.Background(), func(c *join.Chain) error {
		out = append(out, fmt.Sprintf("trace %s %d", c.Tree.Trace, c.Tree.Spans))
		out = append(out, draw(c)...)
		return nil
	}))
	a := j.Account()
	require.NoError(t, a.Balance())
	require.Zero(t, a[0].Open+a[1].Open)
	return out, a
}

const (
	server   = trace.Server
	client   = trace.Client
	internal = trace.Internal
)

// shop is a request to web, which asks cart, which asks products twice.
func shop() []trace.Span {
	return []trace.Span{
		span(1, 0, server, "web", "GET /", 200, 0, 100),
		span(2, 1, client, "web", "GET /carts/7", 200, 10, 90),
		span(3, 2, server, "cart", "GET /carts/7", 200, 12, 88),
		span(4, 3, internal, "cart", "", 0, 13, 80),
		span(5, 4, client, "cart", "GET /products/1", 200, 20, 30),
		span(6, 5, server, "products", "GET /products/1", 200, 21, 29),
		span(7, 4, client, "cart", "GET /products/2", 404, 40, 50),
		span(8, 7, server, "products", "GET /products/2", 404, 41, 49),
	}
}

func without(spans []trace.Span, ids ...int) []trace.Span {
	return slices.DeleteFunc(spans, func(s trace.Span) bool {
		return slices.ContainsFunc(ids, func(id int) bool { return spanID(id) == s.ID })
	})
}

func TestExchangesFindTheirCalls(t *testing.T) {
	carts, first, second := said(1, 1, 2, "cart", "GET /carts/7", 200, 12, 88), said(2, 1, 5, "products", "GET /products/1", 200, 21, 29), said(3, 1, 7, "products", "GET /products/2", 404, 41, 49)
	all := []*capture.Exchange{carts, first, second}
	header := said(2, 0, 0, "products", "GET /products/1", 200, 21, 29)
	header.Request.Header = capture.Header{{Name: "Traceparent", Value: "00-" + traceID(1).String() + "-" + spanID(5).String() + "-01"}}
	atClient := said(4, 1, 5, "", "GET /products/1", 200, 20, 30)
	cut := said(2, 1, 5, "products", "GET /products/1", 200, 21, 29)
	cut.Response.Incomplete = capture.Gap
	short := shop()
	short[0].Trace = trace.TraceID(append(make([]byte, 8), short[0].Trace[8:]...))
	for name, tt := range map[string]struct {
		in   input
		want []string
		// lost are the exchanges by reason, filtered or dropped.
		lost map[capture.Reason]uint64
	}{
		"by trace context": {input{shop(), all}, []string{
			"01 web>cart GET /carts/{id} trace-context 1.00 -1 s3",
			"02 cart>products GET /products/{id} trace-context 1.00 0 s6",
			"03 cart>products GET /products/{id} trace-context 1.00 0 s8"}, nil},
		"a trace id of 64 bits beside one of 128": {input{short, all[:1]}, []string{"01 web>cart GET /carts/{id} trace-context 1.00 -1 s3"}, nil},
		"by the header, where the recorder read none": {input{shop(), []*capture.Exchange{header}}, []string{
			"02 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, nil},
		"the client's span is missing": {input{without(shop(), 5), all[:2]}, []string{
			"01 web>cart GET /carts/{id} trace-context 1.00 -1 s3",
			"02 >products GET /products/{id} trace-context 1.00 -1 s6"}, nil},
		"the server's span is missing": {input{without(shop(), 6), all[:2]}, []string{
			"01 web>cart GET /carts/{id} trace-context 1.00 -1 s3",
			"02 cart>products GET /products/{id} trace-context 1.00 0 s5"}, nil},
		"the call between was not recorded": {input{shop(), all[1:2]}, []string{"02 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, nil},
		"recorded at both sides": {input{shop(), []*capture.Exchange{first, atClient}}, []string{
			"02 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, map[capture.Reason]uint64{join.RecordedTwice: 1}},
		"the more complete record counts": {input{shop(), []*capture.Exchange{cut, atClient}}, []string{
			"04 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, map[capture.Reason]uint64{join.RecordedTwice: 1}},
		"delivered twice": {input{shop(), []*capture.Exchange{first, cut, first}}, []string{
			"02 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, map[capture.Reason]uint64{join.Duplicate: 2}},
		"by trace, the span unknown": {input{shop(), []*capture.Exchange{said(2, 1, 99, "products", "GET /products/1", 200, 21, 29)}}, []string{
			"02 cart>products GET /products/{id} trace 0.95 -1 s6"}, nil},
		"by trace, with another status": {input{shop(), []*capture.Exchange{said(2, 1, 99, "products", "GET /products/1", 500, 21, 29)}}, nil,
			map[capture.Reason]uint64{join.NoCallFits: 1}},
		"by trace, beyond the skew": {input{shop(), []*capture.Exchange{said(2, 1, 99, "products", "GET /products/1", 200, 2100, 2900)}}, nil,
			map[capture.Reason]uint64{join.NoCallFits: 1}},
		"by time": {input{shop(), []*capture.Exchange{said(2, 0, 0, "products", "GET /products/1", 200, 25, 31)}}, []string{
			"02 cart>products GET /products/{id} time 0.90 -1 s6"}, nil},
		"by time, of another service": {input{shop(), []*capture.Exchange{said(2, 0, 0, "orders", "GET /products/1", 200, 25, 31)}}, nil,
			map[capture.Reason]uint64{join.NoCallFits: 1}},
		"by time, recorded at both sides, of which one knows": {input{shop(), []*capture.Exchange{first, said(4, 0, 0, "", "GET /products/1", 200, 20, 30)}}, []string{
			"02 cart>products GET /products/{id} trace-context 1.00 -1 s6"}, map[capture.Reason]uint64{join.RecordedTwice: 1}},
		"by time, two": {input{shop(), []*capture.Exchange{said(2, 0, 0, "products", "GET /products/1", 200, 25, 26), said(3, 0, 0, "products", "GET /products/1", 200, 27, 28)}}, nil,
			map[capture.Reason]uint64{join.Ambiguous: 2}},
		"no spans":  {input{nil, all}, nil, map[capture.Reason]uint64{join.NoSpans: 3}},
		"not whole": {input{shop(), []*capture.Exchange{said(1, 1, 2, "cart", "GET /carts/7", 0, 1, 2), {}}}, nil, map[capture.Reason]uint64{join.Incomplete: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				out, a := joined(t, join.Options{Dir: t.TempDir()}, tt.in, seed)
				if len(out) > 0 {
					out = out[1:]
				}
				if len(tt.want) == 0 {
					assert.Empty(t, out)
				} else {
					assert.Equal(t, tt.want, out)
				}
				lost := map[capture.Reason]uint64{}
				for _, m := range []map[capture.Reason]uint64{a[1].Filtered, a[1].Dropped} {
					for r, n := range m {
						lost[r] += n
					}
				}
				if tt.lost == nil {
					tt.lost = map[capture.Reason]uint64{}
				}
				assert.Equal(t, tt.lost, lost)
			}
		})
	}
}

func TestCallsAreFollowedThroughProxies(t *testing.T) {
	mesh := []trace.Span{
		span(1, 0, server, "web", "GET /", 200, 0, 100),
		span(2, 1, client, "web", "GET /carts/7", 200, 10, 90),
		span(3, 2, client, "web.shop", "GET /carts/7", 200, 11, 89),
		span(4, 3, server, "cart.shop", "GET /carts/7", 200, 12, 88),
		span(5, 4, server, "cart", "GET /carts/7", 200, 13, 87),
		span(6, 5, client, "cart", "GET /products/1", 200, 20, 30),
	}
	before, between, behind := said(1, 1, 2, "", "GET /carts/7", 200, 10, 90), said(2, 1, 3, "cart", "GET /carts/7", 200, 11, 89), said(3, 1, 4, "cart", "GET /carts/7", 200, 13, 87)
	before.Context.Agent, between.Context.Agent = "a", "b"
	child := said(4, 1, 6, "products", "GET /products/1", 200, 20, 30)
	for _, one := range []*capture.Exchange{before, between, behind} {
		out, a := joined(t, join.Options{}, input{mesh, []*capture.Exchange{one, child}}, 0)
		assert.Equal(t, []string{
			fmt.Sprintf("%02x web>cart GET /carts/{id} trace-context 1.00 -1 s5", one.ID[15]),
			"04 cart>products GET /products/{id} trace-context 1.00 0 s6"}, out[1:])
		assert.Equal(t, uint64(3), a[2].Seen, "the request to web, the one to cart, the one to products")
	}
	out, a := joined(t, join.Options{}, input{mesh, []*capture.Exchange{before, between, behind}}, 0)
	assert.Equal(t, []string{"03 web>cart GET /carts/{id} trace-context 1.00 -1 s5"}, out[1:])
	assert.Equal(t, map[capture.Reason]uint64{join.RecordedTwice: 2}, a[1].Filtered)
}

func TestAGatewayIsAServiceOfItsOwn(t *testing.T) {
	spans := []trace.Span{
		span(1, 0, server, "gateway", "GET /carts/7", 200, 0, 100),
		span(2, 1, client, "gateway", "GET /carts/7", 200, 10, 90),
		span(3, 2, server, "cart", "GET /carts/7", 200, 12, 88),
	}
	spans[0].Parent = spanID(9)
	spans[2].HTTP.Route = "/carts/:id"
	out, _ := joined(t, join.Options{}, input{spans, []*capture.Exchange{
		said(1, 1, 9, "gateway", "GET /carts/7", 200, 0, 100), said(2, 1, 2, "cart", "GET /carts/7", 200, 12, 88)}}, 0)
	assert.Equal(t, []string{
		"01 >gateway GET /carts/{id} trace-context 1.00 -1 s1",
		"02 gateway>cart GET /carts/{id} trace-context 1.00 0 s3"}, out[1:])
}

func TestTriesAreCallsOfTheirOwn(t *testing.T) {
	spans := []trace.Span{
		span(1, 0, server, "web", "GET /", 200, 0, 100),
		span(2, 1, client, "web", "GET /carts/7", 200, 10, 90),
		span(3, 2, server, "cart", "GET /carts/7", 503, 12, 20),
		span(4, 2, server, "cart", "GET /carts/7", 200, 30, 80),
	}
	failed, good := said(1, 1, 2, "cart", "GET /carts/7", 503, 12, 20), said(2, 1, 2, "cart", "GET /carts/7", 200, 30, 80)
	failed.Context.Connection, good.Context.Connection = "c", "c"
	out, _ := joined(t, join.Options{}, input{spans, []*capture.Exchange{good, failed}}, 0)
	assert.Equal(t, []string{
		"01 web>cart GET /carts/{id} trace-context 1.00 -1 s3",
		"02 web>cart GET /carts/{id} trace-context 1.00 -1 s4"}, out[1:])
}

func TestAServiceWithoutClientSpansSendsItsOwnId(t *testing.T) {
	spans := []trace.Span{
		span(1, 0, server, "web", "GET /", 200, 0, 100),
		span(2, 1, server, "products", "GET /products/1", 200, 10, 20),
		span(3, 1, server, "products", "GET /products/2", 200, 30, 40),
	}
	out, a := joined(t, join.Options{}, input{spans, []*capture.Exchange{
		said(1, 1, 1, "products", "GET /products/2", 200, 30, 40), said(2, 1, 1, "products", "GET /products/1", 200, 10, 20),
		said(3, 1, 1, "orders", "GET /orders", 200, 50, 60)}}, 0)
	assert.Equal(t, []string{
		"02 web>products GET /products/{id} trace-context 1.00 -1 s2",
		"01 web>products GET /products/{id} trace-context 1.00 -1 s3"}, out[1:])
	assert.Equal(t, map[capture.Reason]uint64{join.NoCallFits: 1}, a[1].Dropped)
}

func TestTheSameQueryTellsCallsApart(t *testing.T) {
	spans := []trace.Span{
		span(1, 0, server, "web", "GET /", 200, 0, 100),
		span(2, 1, server, "products", "GET /products?id=1", 200, 10, 20),
		span(3, 1, server, "products", "GET /products?id=2", 200, 11, 20),
	}
	for tr := range 2 {
		out, _ := joined(t, join.Options{}, input{spans, []*capture.Exchange{said(1, tr, 9*tr, "products", "GET /products?id=2", 200, 11, 20)}}, 0)
		require.Len(t, out, 2)
		assert.True(t, strings.HasSuffix(out[1], "s3"), out[1])
	}
	out, a := joined(t, join.Options{}, input{spans, []*capture.Exchange{said(1, 0, 0, "products", "GET /products", 200, 11, 20)}}, 0)
	assert.Len(t, out, 1)
	assert.Equal(t, map[capture.Reason]uint64{join.Ambiguous: 1}, a[1].Dropped)
}

// drawInput makes traces of random trees, of which exchanges were recorded at
// random, with and without context, twice, and wrong.
func drawInput(t *rapid.T) input {
	var in input
	n := byte(0)
	services := []string{"a", "b", "b.mesh", "c", ""}
	paths := []string{"GET /x/1", "GET /x/2?q=1", "GET /x/2?q=2", "POST /y", "GET /x/3"}
	for tr := range rapid.IntRange(1, 4).Draw(t, "traces") {
		for id := range rapid.IntRange(0, 10).Draw(t, "spans") {
			at := rapid.IntRange(0, 600).Draw(t, "at")
			s := span(id+1, rapid.IntRange(0, id+1).Draw(t, "parent"), trace.Kind(rapid.IntRange(0, 5).Draw(t, "kind")), rapid.SampledFrom(services).Draw(t, "service"),
				rapid.SampledFrom(paths).Draw(t, "path"), rapid.SampledFrom([]int{0, 200, 404}).Draw(t, "status"), at, at+rapid.IntRange(0, 50).Draw(t, "long"))
			s.Trace = traceID(tr + 1)
			if rapid.IntRange(0, 9).Draw(t, "short") == 0 {
				clear(s.Trace[:8])
			}
			in.spans = append(in.spans, s)
			for range rapid.IntRange(0, 2).Draw(t, "recorded") {
				n++
				e := said(n, rapid.SampledFrom([]int{0, tr + 1}).Draw(t, "trace"), rapid.IntRange(0, 11).Draw(t, "span"), rapid.SampledFrom(services).Draw(t, "of"),
					rapid.SampledFrom(paths).Draw(t, "target"), rapid.SampledFrom([]int{200, 404}).Draw(t, "answer"), at+rapid.IntRange(0, 300).Draw(t, "later"), at+400)
				e.ID[15] = byte(rapid.IntRange(0, int(n)).Draw(t, "id"))
				in.exchanges = append(in.exchanges, e)
			}
		}
	}
	if len(in.spans) > 0 {
		in.spans = append(in.spans, in.spans[0])
	}
	return in
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		want, account := joined(t, join.Options{Dir: dir}, in, 0)
		got, other := joined(t, join.Options{Dir: dir, MaxBytes: join.MinMaxBytes}, in, rapid.Uint64Min(1).Draw(t, "seed"))
		require.Equal(t, want, got)
		require.Equal(t, account, other)
	})
}

func TestChainsComeAgainAndTheFileIsGone(t *testing.T) {
	dir := t.TempDir()
	j, err := join.New(join.Options{Dir: dir})
	require.NoError(t, err)
	for _, s := range shop() {
		require.NoError(t, j.AddSpan(&s))
	}
	require.NoError(t, j.AddSpan(&trace.Span{}))
	require.NoError(t, j.AddExchange(said(2, 0, 0, "products", "GET /products/1", 200, 25, 31)))
	stop := errors.New("stop")
	require.ErrorIs(t, j.Each(context.Background(), func(*join.Chain) error { return stop }), stop)
	var accounts []capture.Account
	for range 2 {
		require.NoError(t, j.Each(context.Background(), func(c *join.Chain) error { assert.Len(t, c.Calls, 1); return nil }))
		accounts = append(accounts, j.Account())
	}
	assert.Equal(t, accounts[0], accounts[1])
	assert.Equal(t, map[capture.Reason]uint64{join.BadSpan: 1}, accounts[0][0].Dropped)
	assert.Equal(t, map[capture.Reason]uint64{join.NoExchange: 3}, accounts[0][2].Dropped)
	require.Error(t, j.AddSpan(&shop()[0]))

	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, j.Each(canceled, func(*join.Chain) error { return nil }), context.Canceled)
	require.NoError(t, j.Close())
	require.NoError(t, j.Close())
	require.Error(t, j.Each(context.Background(), func(*join.Chain) error { return nil }))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestATraceThatDoesNotFitTheMemoryIsLeftOutAlone(t *testing.T) {
	in := input{spans: shop(), exchanges: []*capture.Exchange{said(1, 1, 2, "cart", "GET /carts/7", 200, 12, 88)}}
	for i := range 9000 {
		s := span(i+1, i, internal, "x", "", 0, i, i)
		s.Trace = traceID(2)
		in.spans = append(in.spans, s)
	}
	for i := range 3 {
		e := said(byte(10+i), 3, 1, "x", "GET /", 200, 1, 2)
		e.Response.Body = []byte(strings.Repeat("x", 900_000+i*100_000))
		in.exchanges = append(in.exchanges, e)
	}
	s := span(1, 0, client, "x", "GET /", 200, 1, 2)
	s.Trace = traceID(3)
	in.spans = append(in.spans, s)
	out, a := joined(t, join.Options{MaxBytes: join.MinMaxBytes}, in, 1)
	assert.Contains(t, out, "01 web>cart GET /carts/{id} trace-context 1.00 -1 s3")
	assert.Equal(t, map[capture.Reason]uint64{join.TraceTooLarge: 9001}, a[0].Dropped)
	assert.Equal(t, map[capture.Reason]uint64{join.TraceTooLarge: 2, join.ExchangeTooLarge: 1}, a[1].Dropped)
}

func TestAWindowOfTimeThatDoesNotFitTheMemoryIsLeftOutAlone(t *testing.T) {
	in := input{exchanges: []*capture.Exchange{
		said(1, 0, 0, "cart", "GET /carts/7", 200, 10_012, 10_088), said(2, 0, 0, "x", "GET /x", 200, 12, 88)}}
	for _, s := range shop() {
		s.Start, s.End = s.Start.Add(10*time.Second), s.End.Add(10*time.Second)
		in.spans = append(in.spans, s)
	}
	for i := range 4000 {
		s := span(1, 0, server, "x", "GET /x", 200, 10, 90)
		s.Trace = traceID(2 + i)
		in.spans = append(in.spans, s)
	}
	out, a := joined(t, join.Options{MaxBytes: join.MinMaxBytes}, in, 1)
	assert.Contains(t, out, "01 web>cart GET /carts/{id} time 0.90 -1 s3")
	assert.Equal(t, map[capture.Reason]uint64{join.WindowTooLarge: 1}, a[1].Dropped)
	assert.Empty(t, a[0].Dropped)
}

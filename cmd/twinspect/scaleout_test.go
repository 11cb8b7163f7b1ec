package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/capture"
	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff"
	"twinspect.dev/diff/shard"
	"twinspect.dev/fixtures/shop"
)

// visited are the pages that shoppers ask for; %d is a product.
var visited = []string{
	"/products?page=%d", "/products/%d", "/products/%d/reviews", "/categories", "/stock/%d",
	"/products/%d/recommendations", "/search?q=lamp%%20%d", "/rates", "/products/%d", "/cart/items",
}

// shoppers returns n exchanges of 97 sessions as the base answered them; one in
// ten is a write.
func shoppers(n int) []*capture.Exchange {
	base := shop.New(shop.Config{Quiet: true})
	list := make([]*capture.Exchange, n)
	for i := range list {
		target, e := visited[i%len(visited)], post("/cart/items", `{"productId":1002,"quantity":2}`)
		if target != e.Request.Target {
			if strings.Contains(target, "%d") {
				target = fmt.Sprintf(target, 1000+i*7%60)
			}
			e = get(target)
		}
		answer := httptest.NewRecorder()
		base.ServeHTTP(answer, httptest.NewRequest(e.Request.Method, e.Request.Target, strings.NewReader(string(e.Request.Body))))
		e.Response.Status, e.Response.Header = answer.Code, nil
		for name, values := range answer.Header() {
			e.Response.Header = append(e.Response.Header, capture.Field{Name: name, Value: values[0]})
		}
		e.Response.Body, e.Response.BodySize = answer.Body.Bytes(), int64(answer.Body.Len())
		session, at := fmt.Sprintf("shopper %d", i%97), recordedAt.Add(time.Duration(i)*time.Millisecond)
		e.ID = capture.NewID("test", session, recordedAt, uint64(i))
		e.Context.Connection, e.Context.Index = session, uint64(i/97)
		e.Request.Start, e.Request.End = at, at
		e.Response.Start, e.Response.End = at.Add(time.Millisecond), at.Add(2*time.Millisecond)
		list[i] = e
	}
	return list
}

// produce writes exchanges to a topic.
func produce(t *testing.T, address string, list []*capture.Exchange) {
	t.Helper()
	target, err := kafka.ParseURL(address)
	require.NoError(t, err)
	sink, err := kafka.NewSink(target.Config, kafka.SinkOptions{})
	require.NoError(t, err)
	for _, e := range list {
		require.NoError(t, sink.WriteExchange(t.Context(), e))
	}
	require.NoError(t, sink.Close())
}

// topicOf returns the address of a topic of four partitions, in a broker of the
// test's own, that holds n exchanges.
func topicOf(t *testing.T, n int) string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "exchanges"), kfake.SeedTopics(1, "evidence"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	address := "kafka://" + c.ListenAddrs()[0] + "/exchanges"
	produce(t, address, shoppers(n))
	return address
}

// ordered are the rules for what depends on the order of requests.
const ordered = `version: 1
rules:
  - path: $.views
    ignore: true
    reason: it counts the requests so far
`

// shops starts a shop of each version and returns the options that name them.
func shops(t *testing.T) []string {
	return shopsBehind(t, func(base http.Handler) http.Handler { return base })
}

// shopsBehind is shops with something before the base.
func shopsBehind(t *testing.T, before func(base http.Handler) http.Handler) []string {
	t.Helper()
	dir := t.TempDir()
	document, rules := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "rules.yaml")
	require.NoError(t, os.WriteFile(document, shop.OpenAPI, 0o600))
	require.NoError(t, os.WriteFile(rules, []byte(ordered), 0o600))
	options := []string{"--openapi", document, "--rules", rules}
	of := func(v shop.Version) http.Handler { return shop.New(shop.Config{Version: v, Quiet: true}) }
	return append(options, "--base", listening(t, before(of(shop.Base))),
		"--control", listening(t, of(shop.Base)), "--branch", listening(t, of(shop.Branch)))
}

func listening(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func args(command []string, options ...string) []string {
	return append(append([]string{}, command...), options...)
}

// planFor plans a run of the topic in chunks of so many offsets and returns the
// plan's file.
func planFor(t *testing.T, topic string, chunk int, options ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.json")
	r := twinspect(t.Context(), args([]string{"plan", topic, "-o", file, "--chunk", fmt.Sprint(chunk)}, options...)...)
	require.Zero(t, r.code, r.stderr)
	return file
}

func planOf(t *testing.T, file string) *shard.Plan {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	p, err := shard.DecodePlan(f)
	require.NoError(t, err)
	return p
}

func chunksOf(t *testing.T, p *shard.Plan) []shard.Chunk {
	t.Helper()
	all, err := p.Chunks()
	require.NoError(t, err)
	return all
}

// facts are what a report says that depends on requests and answers alone, not
// on when they were sent.
type facts struct {
	Verdict     diff.Verdict
	Sides       []diff.SideInfo
	Operations  []diff.Operation
	Differences []diff.Difference
	Compared    capture.Stats
}

func factsOf(t *testing.T, r *diff.Report) facts {
	t.Helper()
	c := facts{Verdict: r.Verdict, Compared: stageOf(t, r.Account, "compare")}
	for _, s := range r.Sides {
		s.URL = ""
		c.Sides = append(c.Sides, s)
	}
	for _, o := range r.Operations {
		o.Latency = nil
		c.Operations = append(c.Operations, o)
	}
	for _, d := range r.Differences {
		if d.Part != diff.Latency {
			c.Differences = append(c.Differences, d)
		}
	}
	return c
}

func stageOf(t *testing.T, a capture.Account, name string) capture.Stats {
	t.Helper()
	for _, s := range a {
		if s.Name == name {
			return s.Stats
		}
	}
	require.Fail(t, "no stage", "%s in %v", name, a)
	return capture.Stats{}
}

// unsplit is the report of diff-run over the window of a plan.
func unsplit(t *testing.T, p *shard.Plan, options ...string) (*diff.Report, int) {
	t.Helper()
	dir := t.TempDir()
	r := twinspect(t.Context(), args([]string{"diff-run", p.Source + "?window=" + p.Window, "--report", dir}, options...)...)
	require.FileExists(t, filepath.Join(dir, "evidence.json"), r.stderr)
	return evidence(t, dir), r.code
}

func TestTheReportOfTwoWorkersIsThatOfOneRun(t *testing.T) {
	const n = 600
	topic, options := topicOf(t, n), shops(t)
	plan, store, dir := planFor(t, topic, 60, options...), t.TempDir(), t.TempDir()
	var workers sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		workers.Go(func() {
			r := twinspect(t.Context(), "worker", plan, "--store", store, "--name", name, "--session-timeout", "6s")
			assert.Zero(t, r.code, r.stderr)
			assert.Contains(t, r.stderr, "by all workers")
		})
	}
	workers.Wait()
	r := twinspect(t.Context(), "merge", plan, "--store", store, "--report", dir)
	p := planOf(t, plan)
	want, code := unsplit(t, p, options...)
	got := evidence(t, dir)
	assert.Equal(t, 1, code)
	assert.Equal(t, code, r.code, r.stderr)
	assert.Equal(t, factsOf(t, want), factsOf(t, got))
	assert.Equal(t, capture.Stats{Seen: n, Written: n}, stageOf(t, got.Account, "chunks"))
	assert.Equal(t, capture.Stats{Seen: n, Written: n}, stageOf(t, got.Account, "kafka"))
	assert.EqualValues(t, n/10, stageOf(t, got.Account, "replay").Skipped(), "writes")
}

func TestTheWorkersOfOneProcessReportAsOne(t *testing.T) {
	const n = 600
	file := writeRecording(t, shoppers(n)...)
	options, reports := shops(t), map[string]*diff.Report{}
	for _, workers := range []string{"1", "3"} {
		dir := t.TempDir()
		r := twinspect(t.Context(), args([]string{"diff-run", file, "--workers", workers, "--report", dir}, options...)...)
		require.Equal(t, 1, r.code, r.stderr)
		reports[workers] = evidence(t, dir)
	}
	assert.Equal(t, factsOf(t, reports["1"]), factsOf(t, reports["3"]))
	many := reports["3"]
	assert.EqualValues(t, 3, many.Replay.Workers)
	assert.EqualValues(t, n, many.Account[0].Seen, "each record is counted once: %v", many.Account)
	assert.Equal(t, capture.Stats{Seen: n, Written: n}, stageOf(t, many.Account, "split"))
	assert.EqualValues(t, n/10, stageOf(t, many.Account, "replay").Skipped(), "writes")
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// told is what replay --json tells.
type told struct {
	Sent      uint64          `json:"sent"`
	Seconds   float64         `json:"seconds"`
	Statuses  map[int]uint64  `json:"statuses"`
	Corrected json.RawMessage `json:"corrected_latency_us"`
	Replay    diff.Replay     `json:"replay"`
	Account   capture.Account `json:"account"`
	Ended     string          `json:"ended"`
}

func replayJSON(t *testing.T, wantCode int, args ...string) told {
	t.Helper()
	r := twinspect(t.Context(), append([]string{"replay", "--json"}, args...)...)
	require.Equal(t, wantCode, r.code, r.stdout+r.stderr)
	var got told
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got), r.stdout)
	require.NoError(t, got.Account.Balance())
	return got
}

func TestAPlannedPaceTellsHowLateItWasAndCorrectsLatencies(t *testing.T) {
	url := serve(t, product)
	got := replayJSON(t, 0, writeRecording(t, many(20)...), "--to", url, "--pace", "100/s..1000/s over 1s")
	assert.EqualValues(t, 20, got.Sent)
	require.NotNil(t, got.Replay.Lateness)
	assert.EqualValues(t, 20, got.Replay.Lateness.Planned)
	assert.NotEmpty(t, got.Corrected)
	assert.Equal(t, "100/s..1000/s over 1s", got.Replay.Pace)

	closed := replayJSON(t, 0, writeRecording(t, many(20)...), "--to", url)
	assert.Nil(t, closed.Replay.Lateness, "a closed loop has no plan")
	assert.Empty(t, closed.Corrected)
}

func TestAnAdaptivePaceTellsWhatItFound(t *testing.T) {
	got := replayJSON(t, 0, writeRecording(t, many(100)...), "--to", serve(t, product), "--loop", "0", "--for", "1500ms",
		"--pace", "adaptive 50/s..400/s by 2 every 200ms")
	assert.GreaterOrEqual(t, got.Replay.Sustained, 50.0)
}

func TestACeilingHoldsWhateverThePaceSays(t *testing.T) {
	for _, pace := range []string{"max", "x1000"} {
		got := replayJSON(t, 0, writeRecording(t, many(30)...), "--to", serve(t, product), "--pace", pace, "--max-rate", "100")
		assert.EqualValues(t, 30, got.Sent)
		assert.GreaterOrEqual(t, got.Seconds, 0.28, "30 at 100/s take 290 ms at least")
	}
}

func TestLoopsAndCopiesAreSentInSessionsOfTheirOwn(t *testing.T) {
	got := replayJSON(t, 0, writeRecording(t, many(5)...), "--to", serve(t, product), "--loop", "3", "--copies", "2")
	assert.EqualValues(t, 30, got.Sent)
	for _, s := range got.Account {
		switch s.Name {
		case "archive":
			assert.EqualValues(t, 15, s.Seen, "three passes")
		case "replay":
			assert.EqualValues(t, 30, s.Seen)
		}
	}
}

func TestForEndsARunWithoutEndAsAtItsEnd(t *testing.T) {
	got := replayJSON(t, 0, writeRecording(t, many(5)...), "--to", serve(t, product), "--loop", "0", "--for", "200ms", "--pace", "200/s")
	assert.Greater(t, got.Sent, uint64(10))
	assert.Empty(t, got.Ended)
}

// orders is a service whose ids are its own.
func orders(t *testing.T, first int) (url string, unknown *atomic.Int64) {
	t.Helper()
	var mu sync.Mutex
	next, known := first, make(map[string]bool)
	unknown = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch id := strings.TrimPrefix(r.URL.Path, "/orders/"); {
		case r.Method == http.MethodPost:
			next += 7
			known[strconv.Itoa(next)] = true
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"id":%d,"state":"new"}`, next)
		case r.URL.Path == "/" || known[id]:
			fmt.Fprintf(w, `{"id":%q,"state":"new"}`, id)
		default:
			unknown.Add(1)
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, unknown
}

// placed is a recording of orders that were placed and looked at afterwards,
// perhaps over another connection.
func placed(t *testing.T, n int) string {
	t.Helper()
	var list []*capture.Exchange
	for i := range n {
		id := 1000 + 13*i
		create, read := post("/orders", `{"sku":"a"}`), get("/orders/"+strconv.Itoa(id))
		create.Response.Status = 201
		create.Response.Body = fmt.Appendf(nil, `{"id":%d,"state":"new"}`, id)
		read.Response.Body = fmt.Appendf(nil, `{"id":"%d","state":"new"}`, id)
		create.Response.BodySize, read.Response.BodySize = int64(len(create.Response.Body)), int64(len(read.Response.Body))
		list = append(list, create, read)
	}
	return writeRecording(t, list...)
}

func TestEachSideIsAskedForTheIdsThatItGave(t *testing.T) {
	base, missedBase := orders(t, 50_000)
	control, missedControl := orders(t, 60_000)
	branch, missedBranch := orders(t, 70_000)
	dir := t.TempDir()
	r := twinspect(t.Context(), "diff-run", placed(t, 40), "--base", base, "--control", control, "--branch", branch,
		"--allow-writes", "--report", dir)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	for _, missed := range []*atomic.Int64{missedBase, missedControl, missedBranch} {
		assert.Zero(t, missed.Load(), "a false 404")
	}
	links := evidence(t, dir).Replay.Links
	require.NotEmpty(t, links)
	assert.Equal(t, "POST /orders body $.id", links[0].From)
	assert.Contains(t, r.stdout, "given by")

	without, missed := orders(t, 50_000)
	twinspect(t.Context(), "replay", placed(t, 40), "--to", without, "--allow-writes", "--no-correlate")
	assert.EqualValues(t, 40, missed.Load(), "which is what correlation is for")
}

func TestRulesChangeWhatIsSentAndTheReportTellsIt(t *testing.T) {
	var tenants, auths sync.Map
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		tenants.Store(r.Header.Get("X-Tenant"), true)
		auths.Store(r.Header.Get("Authorization"), true)
	}))
	t.Cleanup(s.Close)
	rules := filepath.Join(t.TempDir(), "replay.yaml")
	require.NoError(t, os.WriteFile(rules, []byte(`version: 1
rewrite:
  - set-header: {name: X-Tenant, value: test}
auth:
  - bearer: {token: t0ps3cret}
`), 0o600))
	file := writeRecording(t, many(5)...)
	r := twinspect(t.Context(), "replay", file, "--to", s.URL, "--replay-rules", rules)
	require.Zero(t, r.code, r.stderr)
	_, tenant := tenants.Load("test")
	_, auth := auths.Load("Bearer t0ps3cret")
	assert.True(t, tenant && auth)
	assert.Contains(t, r.stdout, ":3 ")
	assert.NotContains(t, r.stdout+r.stderr, "t0ps3cret")

	require.NoError(t, os.WriteFile(rules, []byte("version: 1\nrewrite:\n  - set-heder: {name: X}\n"), 0o600))
	r = twinspect(t.Context(), "replay", file, "--to", s.URL, "--replay-rules", rules)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "replay.yaml:3:")
}

func TestADryRunPrintsCurlLinesWithoutSecretsAndSendsNothing(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(s.Close)
	secret := get("/products/1?token=s3cr3tvalue99")
	secret.Request.Header = append(secret.Request.Header, capture.Field{Name: "Authorization", Value: "Bearer abcdef0123456789"})
	file := writeRecording(t, secret, post("/orders", `{"sku":"it's"}`))
	rules := filepath.Join(t.TempDir(), "replay.yaml")
	require.NoError(t, os.WriteFile(rules, []byte("version: 1\nauth:\n  - command: {run: [/does/not/exist]}\n"), 0o600))
	r := twinspect(t.Context(), "diff-run", file, "--base", s.URL, "--branch", s.URL, "--no-control", "--allow-writes",
		"--dry-run", "--replay-rules", rules)
	require.Zero(t, r.code, r.stderr)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	require.Len(t, lines, 4)
	assert.Contains(t, r.stdout, "# base")
	assert.Contains(t, r.stdout, "# branch")
	assert.Contains(t, r.stdout, `--data-raw '{"sku":"it'\''s"}'`)
	assert.NotContains(t, r.stdout, "s3cr3tvalue99")
	assert.NotContains(t, r.stdout, "abcdef0123456789")
	assert.Zero(t, asked.Load())
}

func TestAHostThatTheRecordingCallsProductionIsNotAsked(t *testing.T) {
	url := serve(t, product)
	e := get("/products/1")
	e.Request.Header = capture.Header{{Name: "Host", Value: strings.TrimPrefix(url, "http://")}}
	e.Context.Labels = map[string]string{"environment": "production"}
	file := writeRecording(t, e)
	r := twinspect(t.Context(), "replay", file, "--to", url)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "is production")
	assert.Contains(t, r.stderr, "--allow-production")
	assert.Zero(t, twinspect(t.Context(), "replay", file, "--to", url, "--allow-production").code)
}

func TestASideThatKeepsFailingEndsTheRunWithoutAVerdict(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 20 && r.URL.Path != "/" {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(s.Close)
	got := replayJSON(t, 3, writeRecording(t, many(2000)...), "--to", s.URL, "--in-flight", "4")
	assert.Contains(t, got.Ended, "failed for 40 of its last 40 exchanges")
	assert.Less(t, got.Sent, uint64(200))

	dir := t.TempDir()
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(2000)...), "--base", serve(t, product), "--branch", s.URL, "--report", dir)
	assert.Equal(t, 3, r.code, r.stderr)
	report := evidence(t, dir)
	assert.Equal(t, diff.Inconclusive, report.Verdict)
	assert.Contains(t, report.Reasons[0], "branch failed for")
}

// mesh is one address behind which a header chooses the version, and the answer
// says which it was.
func meshOf(t *testing.T, attest func(lane string) string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lane := r.Header.Get("x-twinspect-lane")
		if !strings.Contains(r.Header.Get("baggage"), "lane="+lane) {
			lane = "nowhere"
		}
		w.Header().Set("x-twinspect-route", attest(lane))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, product(r.URL.Path))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestLanesAreProvenByEveryAnswer(t *testing.T) {
	dir := t.TempDir()
	url := meshOf(t, func(lane string) string { return lane })
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(40)...), "--through", url, "--no-route-check", "--report", dir)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []diff.Lane{
		{Side: "base", Lane: "base", Attested: 40}, {Side: "branch", Lane: "branch", Attested: 40}, {Side: "control", Lane: "base", Attested: 40},
	}, evidence(t, dir).Replay.Lanes)
}

func TestAMisroutedAnswerIsNeverCompared(t *testing.T) {
	dir := t.TempDir()
	var n atomic.Int64
	url := meshOf(t, func(lane string) string {
		if lane == "branch" && n.Add(1) > 21 {
			return "base" // after the probe and 20 answers
		}
		return lane
	})
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(60)...), "--through", url, "--no-route-check", "--report", dir,
		"--stop-after-faults", "0", "--stop-at-faults", "0")
	assert.Equal(t, 3, r.code, r.stdout+r.stderr)
	report := evidence(t, dir)
	assert.EqualValues(t, 40, report.Replay.Misrouted())
	assert.EqualValues(t, 20, report.Operations[0].Compared)
	assert.EqualValues(t, 40, report.Operations[0].NotCompared["branch-misrouted"])
}

func TestALaneThatDoesNotProveItselfIsNotAsked(t *testing.T) {
	url := meshOf(t, func(string) string { return "base" })
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(4)...), "--through", url, "--no-route-check", "--route-wait", "100ms")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, `side branch: probe of lane branch: GET / answered 200: the answer came from "base", not from lane branch`)
}

func TestWithoutAClusterTheRoutesCannotBeChecked(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	url := meshOf(t, func(lane string) string { return lane })
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(4)...), "--through", url, "--kubeconfig", "/does/not/exist")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "--no-route-check")
}

func TestWorkersTellTogetherWhatOneTells(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	file, base, other := writeRecording(t, many(80)...), serve(t, product), serve(t, branch)
	reports := make([]*diff.Report, 2)
	for i, workers := range []string{"1", "3"} {
		dir := t.TempDir()
		r := twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", other, "--workers", workers, "--report", dir)
		require.Equal(t, 1, r.code, r.stderr)
		reports[i] = evidence(t, dir)
	}
	one, three := reports[0], reports[1]
	assert.EqualValues(t, 3, three.Replay.Workers)
	assert.Equal(t, one.Verdict, three.Verdict)
	assert.Equal(t, one.Differences[0].Counts, three.Differences[0].Counts)
	assert.Equal(t, one.Operations[0].Compared, three.Operations[0].Compared)
	for _, s := range three.Account {
		if s.Unit == "exchanges" {
			assert.EqualValues(t, 80, s.Seen, s.Name)
		}
	}
}

func TestWhatSeveralWorkersKeepIsJudgedAgain(t *testing.T) {
	branch := func(path string) string { return strings.Replace(product(path), "12.50", "12.51", 1) }
	kept := filepath.Join(t.TempDir(), "outcomes.twin")
	r := twinspect(t.Context(), "diff-run", writeRecording(t, many(200)...), "--base", serve(t, product), "--branch", serve(t, branch),
		"--workers", "4", "--keep", kept)
	require.Equal(t, 1, r.code, r.stderr)
	dir := t.TempDir()
	r = twinspect(t.Context(), "diff", kept, "--report", dir)
	assert.Equal(t, 1, r.code, r.stderr)
	assert.EqualValues(t, 200, evidence(t, dir).Operations[0].Compared)
}

func TestWorkersKnowTheIdsThatTheirSessionsUse(t *testing.T) {
	base, missedBase := orders(t, 50_000)
	branch, missedBranch := orders(t, 70_000)
	r := twinspect(t.Context(), "diff-run", placed(t, 40), "--base", base, "--branch", branch, "--no-control", "--allow-writes", "--workers", "2")
	assert.Contains(t, r.stdout, "2 workers")
	assert.Zero(t, missedBase.Load()+missedBranch.Load(), "a false 404")
}

func TestWrongReplayOptionsSayWhatIsWanted(t *testing.T) {
	file := writeRecording(t, get("/"))
	to := []string{"replay", file, "--to", "http://127.0.0.1:1"}
	for want, args := range map[string][]string{
		"--loop -1":                     {"--loop", "-1"},
		"--copies 0":                    {"--copies", "0"},
		"--max-rate -1":                 {"--max-rate", "-1"},
		"--stop-at-faults 2":            {"--stop-at-faults", "2"},
		"--dial branch=…: no such side": {"--dial", "branch=unix:/x"},
		"--lane green: want base":       {"--lane", "green"},
		"below the rate with which":     {"--pace", "adaptive 50/s..100/s", "--max-rate", "10"},
	} {
		r := twinspect(t.Context(), append(to, args...)...)
		assert.Equal(t, 2, r.code, "%v", args)
		assert.Contains(t, r.stderr, want)
	}
	r := twinspect(t.Context(), "diff-run", file, "--base", "http://127.0.0.1:1", "--branch", "http://127.0.0.1:1", "--workers", "0")
	assert.Contains(t, r.stderr, "--workers 0: want 1 to 64")
}

//go:build e2e && linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff/shard/store"
	kafkastand "twinspect.dev/fixtures/stand/kafka"
)

// patience bounds each wait: ten times what the longest takes on two busy cores.
const patience = 2 * time.Minute

// built returns the program as it is released.
func built(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "twinspect")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}

// process is the program in a process of its own.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read when it has ended
	began  time.Time
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), program, args...), began: time.Now()}
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, p.cmd.Start())
	return p
}

// wait returns how the process ended: -1 where it was killed.
func (p *process) wait() int {
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

// sluice lets so many requests through, and the others once it is open.
type sluice struct {
	next   http.Handler
	first  int64
	opened chan struct{}
	asked  atomic.Int64 // without those for the health
}

func (g *sluice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" && g.asked.Add(1) > g.first {
		select {
		case <-g.opened:
		case <-r.Context().Done():
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// begun is the part of an object that says who began a chunk.
type begun struct{ Worker string }

// inTheMiddle reports whether the store holds a chunk that is done, and one that
// the worker has begun and not ended.
func inTheMiddle(t *testing.T, s store.Store, worker string) bool {
	t.Helper()
	open, done := map[string]string{}, 0
	for name, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		if chunk, attempt, ok := strings.Cut(name, ".begun-"); ok && open[attempt] == "" {
			open[attempt] = chunk
		}
	}
	for name, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		chunk, ended := strings.CutSuffix(name, ".partial")
		if ended {
			done++
		}
		_, left, _ := strings.Cut(name, ".left-")
		for attempt, c := range open {
			if ended && c == chunk || attempt == left {
				delete(open, attempt)
			}
		}
	}
	for attempt, chunk := range open {
		data, err := s.Get(t.Context(), chunk+".begun-"+attempt)
		require.NoError(t, err)
		var b begun
		require.NoError(t, json.Unmarshal(data, &b))
		if b.Worker == worker {
			return done > 0
		}
	}
	return false
}

var resent = regexp.MustCompile(`(\d+) chunks were begun and not stored; at most (\d+) exchanges were sent besides`)

// scale is what the tests of all stores have in common.
type scale struct {
	program, topic string
	n              int
	want           facts
	code           int
}

func TestARunIsThatOfOneWhereverEvidenceIsKeptAndWhoeverIsKilled(t *testing.T) {
	if err := kafkastand.Available(); err != nil {
		t.Skipf("workers are not tested with a broker: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	broker, err := kafkastand.Start(ctx, kafkastand.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, broker.Stop()) })
	// What was recorded in spring has expired by Kafka's default.
	forever := map[string]string{"retention.ms": "-1"}
	require.NoError(t, broker.Create(ctx, kafkastand.Topic{Name: "exchanges", Partitions: 4, Settings: forever}))
	require.NoError(t, broker.CreateTopic(ctx, "evidence", 1))
	s := scale{program: built(t), topic: "kafka://" + broker.Addr() + "/exchanges", n: 3000}
	produce(t, s.topic, shoppers(s.n))
	report, options := t.TempDir(), shops(t)
	one := start(t, s.program, args([]string{"diff-run", s.topic + "?from=earliest&to=now", "--report", report}, options...)...)
	s.code = one.wait()
	t.Logf("one run: %v", time.Since(one.began).Round(time.Millisecond))
	s.want = factsOf(t, evidence(t, report))
	require.Equal(t, 1, s.code, one.stderr.String())

	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("evidence"))
	bucket := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(bucket.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	for name, address := range map[string]string{
		"a folder": filepath.Join(t.TempDir(), "evidence"),
		"a topic":  "kafka://" + broker.Addr() + "/evidence",
		"a bucket": "s3://evidence/runs?path-style=true&region=us-east-1&endpoint=" + bucket.URL,
	} {
		t.Run(name, func(t *testing.T) { s.survives(t, address) })
	}
}

// survives kills the first of three workers in the middle.
func (s *scale) survives(t *testing.T, address string) {
	g := &sluice{first: int64(s.n) / 5, opened: make(chan struct{})}
	options := shopsBehind(t, func(base http.Handler) http.Handler { g.next = base; return g })
	plan := planFor(t, s.topic+"?from=earliest&to=now", 100, args(options, "--timeout", "60s")...)
	kept, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	defer func() { assert.NoError(t, kept.Close()) }()
	work := func(name string) *process {
		return start(t, s.program, "worker", plan, "--store", address, "--name", name, "--session-timeout", "6s")
	}
	first, second := work("first"), work("second")
	var asked int64
	require.Eventually(t, func() bool {
		last := asked
		asked = g.asked.Load() // stands still once every lane waits at the sluice
		return asked > g.first && asked == last && inTheMiddle(t, kept, "first")
	}, patience, 200*time.Millisecond)
	require.NoError(t, first.cmd.Process.Kill())
	assert.Equal(t, -1, first.wait())
	close(g.opened)
	third := work("third")
	for _, p := range []*process{second, third} {
		assert.Zero(t, p.wait(), p.stderr.String())
	}
	t.Logf("two of three workers: %v", time.Since(first.began).Round(time.Millisecond))
	s.merged(t, plan, address, g.asked.Load())
}

// merged holds the report of the workers to that of one run, and the requests
// that the base was sent to what the merge says of them.
func (s *scale) merged(t *testing.T, plan, address string, asked int64) {
	dir := t.TempDir()
	merge := start(t, s.program, "merge", plan, "--store", address, "--report", dir)
	assert.Equal(t, s.code, merge.wait(), merge.stderr.String())
	e := evidence(t, dir)
	assert.Equal(t, s.want, factsOf(t, e))
	all := uint64(s.n)
	assert.Equal(t, capture.Stats{Seen: all, Written: all}, stageOf(t, e.Account, "chunks"))
	assert.Equal(t, capture.Stats{Seen: all, Written: all}, stageOf(t, e.Account, "kafka"))
	compared, sent := stageOf(t, e.Account, "compare"), stageOf(t, e.Account, "replay")
	assert.Equal(t, all, compared.Seen+sent.Skipped()+sent.Lost(), "each exchange once")
	said := resent.FindStringSubmatch(merge.stderr.String())
	require.NotNil(t, said, merge.stderr.String())
	most, err := strconv.ParseInt(said[2], 10, 64)
	require.NoError(t, err)
	again := asked - int64(sent.Written)
	assert.LessOrEqual(t, again, most)
	t.Logf("%d chunks, %s begun and not stored, %d exchanges sent again, at most %d said",
		len(chunksOf(t, planOf(t, plan))), said[1], again, most)
}

package recording

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/replay"
)

const shopDocument = `openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /products/{product}:
    get: {responses: {200: {description: Good}}}
`

func TestOperationIsNamedByTheDocumentFirstAndElseLearned(t *testing.T) {
	var paths []string
	for i := range 60 {
		paths = append(paths, fmt.Sprintf("/brands/%c%c", 'a'+i%26, 'a'+i/26))
	}
	env, _, stderr := testEnv("")
	namer, err := NewNamer(t.Context(), env, record(t, "a.twin", paths...), save(t, "shop.yaml", shopDocument))
	require.NoError(t, err)
	assert.Empty(t, stderr.String())
	assert.Equal(t, "GET /products/{product}", namer.Name("GET", "/products/7?x=y"))
	assert.Equal(t, "GET /brands/{name}", namer.Name("GET", "/brands/ac"), "what the document does not declare is learned")
	assert.Equal(t, "GET /orders/{id}", namer.Name("GET", "/orders/7"), "what was never seen goes by its looks")
}

func TestWithoutADocumentOperationsAreLearned(t *testing.T) {
	env, _, _ := testEnv("")
	namer, err := NewNamer(t.Context(), env, record(t, "a.jsonl", "/products/7"), "")
	require.NoError(t, err)
	assert.Equal(t, "GET /products/{id}", namer.Name("GET", "/products/8"))
}

func TestAnswersOfOutcomesTeachNothing(t *testing.T) {
	env, _, _ := testEnv("")
	path := filepath.Join(t.TempDir(), "outcomes.twin")
	sink, err := Create(env, path, Options{})
	require.NoError(t, err)
	for i := range 60 { // what is sent is rewritten to many paths
		o := replay.Outcome{Recorded: *get("/v1/list"), Answers: []replay.Answer{{Side: replay.Base}}}
		o.Recorded.ID[0] = byte(i)
		o.Answers[0].Request.Method, o.Answers[0].Request.Target = "GET", fmt.Sprintf("/v1/%c%c", 'a'+i%26, 'a'+i/26)
		require.NoError(t, replay.WriteOutcome(t.Context(), sink, &o))
	}
	require.NoError(t, sink.Close())
	namer, err := NewNamer(t.Context(), env, path, "")
	require.NoError(t, err)
	assert.Equal(t, "GET /v1/list", namer.Name("GET", "/v1/list"))
}

func TestDamagedRecordingIsLearnedFromAsFarAsItCanBeRead(t *testing.T) {
	lines := strings.SplitAfter(written(t, "a.jsonl", "/a/x1y", "/b"), "\n")
	env, _, stderr := testEnv("")
	namer, err := NewNamer(t.Context(), env, save(t, "a.jsonl", lines[0]+"{broken\n"+strings.Join(lines[1:], "")), "")
	require.NoError(t, err)
	assert.Equal(t, "GET /b", namer.Name("GET", "/b"))
	assert.Empty(t, stderr.String(), "the reading that follows tells the damage")
}

func TestInputThatCanBeReadOnlyOnceIsLeftToItsReader(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	env, _, _ := testEnv(written(t, "a.jsonl", "/one"))
	for _, recording := range []string{Stdio, fifo} {
		namer, err := NewNamer(t.Context(), env, recording, "")
		require.NoError(t, err)
		assert.Equal(t, "GET /products/{id}", namer.Name("GET", "/products/8"))
	}
	in, err := Open(t.Context(), env, Stdio)
	require.NoError(t, err)
	got, _, err := targets(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, []string{"/one"}, got)
}

func TestNamerRefusesWhatCannotBeRead(t *testing.T) {
	env, _, _ := testEnv("")
	_, err := NewNamer(t.Context(), env, "absent.twin", "")
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = NewNamer(t.Context(), env, t.TempDir(), "")
	assert.ErrorContains(t, err, "is a folder")
	_, err = NewNamer(t.Context(), env, Stdio, save(t, "a.yaml", "no: document"))
	assert.ErrorContains(t, err, "not an OpenAPI document")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewNamer(ctx, env, record(t, "a.twin", "/a"), "")
	assert.ErrorIs(t, err, context.Canceled)
}

// damagedDocument has n operations that cannot be read.
func damagedDocument(n int) string {
	var b strings.Builder
	b.WriteString(shopDocument)
	for i := range n {
		fmt.Fprintf(&b, "  /bad/%02d:\n    get: {responses: [a, list]}\n", i)
	}
	return b.String()
}

func TestOperationsThatADocumentDamagesAreToldOneALine(t *testing.T) {
	for n, want := range map[int]int{1: 1, shownProblems: shownProblems, 25: shownProblems + 1} {
		env, _, stderr := testEnv("")
		document := save(t, "openapi.yaml", damagedDocument(n))
		namer, err := NewNamer(t.Context(), env, Stdio, document)
		require.NoError(t, err)
		assert.Equal(t, "GET /products/{product}", namer.Name("GET", "/products/7"), "the others are served")
		assert.Equal(t, "GET /bad/{id}", namer.Name("GET", "/bad/00"))
		lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
		require.Len(t, lines, want, stderr.String())
		assert.True(t, strings.HasPrefix(lines[0], document+":") && strings.Contains(lines[0], ": GET /bad/00: "), lines[0])
		assert.True(t, strings.HasSuffix(lines[0], "; the operation is named by a learned template"), lines[0])
		if n > shownProblems {
			assert.Contains(t, lines[shownProblems], fmt.Sprintf("%d more operations could not be read", n-shownProblems))
		}
	}
}

func TestRequestThatWasNotSeenTeachesNothing(t *testing.T) {
	env, _, _ := testEnv("")
	path := filepath.Join(t.TempDir(), "a.twin")
	sink, err := Create(env, path, Options{})
	require.NoError(t, err)
	e := get("")
	e.Request = capture.Request{Message: capture.Message{Incomplete: capture.Unseen}}
	require.NoError(t, sink.WriteExchange(t.Context(), e))
	require.NoError(t, sink.Close())
	_, err = NewNamer(t.Context(), env, path, "")
	assert.NoError(t, err)
}

func TestANamerServesSeveralGoroutines(t *testing.T) {
	namer, err := NamerOf(cli.Env{}, "", nil)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for k := range 200 {
				namer.Name("GET", fmt.Sprintf("/never/seen-%d/before-%d", k, i))
			}
		})
	}
	all.Wait()
}

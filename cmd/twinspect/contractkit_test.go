package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
)

// thingsDocument is what the provider of newThings keeps to.
const thingsDocument = `openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
      responses:
        "200":
          description: all
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Thing"}}}}
        "400": {description: wrong}
    post:
      operationId: makeThing
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/New"}}}
      responses:
        "201":
          description: made
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
        "400": {description: wrong}
        "413": {description: long}
        "415": {description: other}
  /things/{id}:
    get:
      operationId: getThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
      responses:
        "200":
          description: it
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
        "400": {description: wrong}
        "404": {description: none}
components:
  schemas:
    New:
      type: object
      required: [name]
      additionalProperties: false
      properties: {name: {type: string, minLength: 1, maxLength: 20}}
    Thing:
      type: object
      required: [id, name]
      properties: {id: {type: integer}, name: {type: string}}
`

// pingDocument has one operation that takes nothing.
const pingDocument = `openapi: 3.0.3
info: {title: Ping, version: "1"}
paths:
  /ping:
    get:
      responses:
        "200": {description: it, content: {application/json: {schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}}}}
`

// writeFile writes a file into a folder of the test and returns its path.
func writeDocument(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// things is a provider that keeps to thingsDocument, but for what change does
// before it; change reports whether it has answered.
type things struct {
	mu     sync.Mutex
	names  []string
	change func(w http.ResponseWriter, r *http.Request) bool
}

func newThings(t *testing.T, change func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	s := httptest.NewServer(&things{change: change})
	t.Cleanup(s.Close)
	return s.URL
}

func (s *things) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.change != nil && s.change(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, isThing := strings.CutPrefix(r.URL.Path, "/things/")
	switch {
	case r.URL.Path == "/things" && r.Method == http.MethodGet:
		s.list(w, r)
	case r.URL.Path == "/things" && r.Method == http.MethodPost:
		s.create(w, r)
	case r.URL.Path == "/things":
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case isThing && r.Method == http.MethodGet:
		s.get(w, id)
	case isThing:
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *things) list(w http.ResponseWriter, r *http.Request) {
	limit := 50
	if texts, given := r.URL.Query()["limit"]; given {
		n, err := strconv.Atoi(texts[0])
		if err != nil || n < 1 || n > 50 || len(texts) > 1 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		limit = n
	}
	list := []map[string]any{}
	for i := max(0, len(s.names)-limit); i < len(s.names); i++ {
		list = append(list, s.thing(i+1))
	}
	slices.Reverse(list)
	answerJSON(w, http.StatusOK, list)
}

func (s *things) create(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	var in struct{ Name *string }
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || d.Decode(&struct{}{}) != io.EOF || in.Name == nil || len([]rune(*in.Name)) < 1 || len([]rune(*in.Name)) > 20 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.names = append(s.names, *in.Name)
	answerJSON(w, http.StatusCreated, s.thing(len(s.names)))
}

func (s *things) get(w http.ResponseWriter, id string) {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil || n < 1:
		w.WriteHeader(http.StatusBadRequest)
	case n > len(s.names):
		w.WriteHeader(http.StatusNotFound)
	default:
		answerJSON(w, http.StatusOK, s.thing(n))
	}
}

func (s *things) thing(id int) map[string]any { return map[string]any{"id": id, "name": s.names[id-1]} }

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// answering is a handler that gives the same answer to all.
func answering(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

// listens serves every connection by serve, which ends when ctx does.
func listens(t *testing.T, serve func(ctx context.Context, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(ctx, func() { c.Close() })
				defer stop()
				serve(ctx, c)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		serving.Wait()
	})
	return "http://" + l.Addr().String()
}

// inEnv runs the command with variables of the environment.
func inEnv(ctx context.Context, variables map[string]string, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return variables[name] }, Version: "test",
	}
	code := run(ctx, env, args)
	return result{code, stdout.String(), stderr.String()}
}

// contractRun asks a provider by the command and returns its evidence.
func contractRun(t *testing.T, wantCode int, path, url string, args ...string) (*contract.Report, result) {
	t.Helper()
	r := twinspect(t.Context(), append([]string{"contract-run", path, "--provider", url, "--json", "--shrink", "20"}, args...)...)
	e := evidenceOf(t, r)
	require.Equal(t, wantCode, r.code, "%v %v\n%s", e.Reasons, causes(e), r.stderr)
	return e, r
}

func evidenceOf(t *testing.T, r result) *contract.Report {
	t.Helper()
	e, err := report.Read(strings.NewReader(r.stdout))
	require.NoError(t, err, r.stdout+r.stderr)
	return e
}

// causes are the findings as check and operation, with their messages.
func causes(r *contract.Report) map[string]string {
	found := map[string]string{}
	for i := range r.Findings {
		f := &r.Findings[i]
		found[string(f.Check)+" "+f.Operation] = f.Message
	}
	return found
}

// notRun sums up the cases that were not run, by reason.
func notRun(r *contract.Report) map[string]uint64 {
	sum := map[string]uint64{}
	for _, k := range r.Cases {
		for reason, n := range k.NotRun {
			sum[string(reason)] += n
		}
	}
	return sum
}

func made(r *contract.Report) (n uint64) {
	for _, k := range r.Cases {
		n += k.Made
	}
	return n
}

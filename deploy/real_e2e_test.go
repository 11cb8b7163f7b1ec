//go:build e2e

package deploy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const policy = `
version: 1
name: shop
services: [catalog]
require:
  consumer: {max_age: any}
`

// server is the real gate with the real program.
type server struct{ program, url, token string }

// realGate builds the program and serves the gate.
func realGate(t *testing.T) *server {
	t.Helper()
	folder := t.TempDir()
	s := &server{program: filepath.Join(folder, "twinspect")}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, "../cmd/twinspect").CombinedOutput() //nolint:gosec // constants
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), s.program, "serve", "token").Output() //nolint:gosec // just built
	require.NoError(t, err)
	hash := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(string(out))
	s.token = regexp.MustCompile(`(?m)\b[A-Za-z0-9_-]{40,}\b`).FindString(strings.ReplaceAll(string(out), hash, ""))
	require.NotEmpty(t, s.token, "%s", out)
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	cmd := exec.Command(s.program, "serve", "--listen=127.0.0.1:0", "--store=sqlite:"+filepath.Join(folder, "gate.db"), //nolint:gosec // just built
		"--policy="+write("policy.yaml", policy),
		"--access="+write("access.yaml", "version: 1\ntokens: [{name: ci, hash: '"+hash+"', scopes: [{services: catalog, may: [ask, push, announce]}]}]\n"))
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	for s.url == "" && lines.Scan() {
		if m := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			s.url = "http://" + m[1]
		}
	}
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		rest, err := io.ReadAll(stderr)
		assert.NoError(t, err)
		assert.NoError(t, cmd.Wait(), "%s", rest)
		assert.NotContains(t, string(rest), s.token)
	})
	require.NotEmpty(t, s.url, "the gate does not serve")
	return s
}

// evidence copies the evidence of a check of contracts, that was made just now.
func evidence(b *bench, report string) {
	text := read(b.t, "../contract/compat/report/testdata/"+report)
	for key, at := range map[string]time.Time{"started": time.Now().Add(-time.Minute), "ended": time.Now().Add(-time.Second)} {
		text = regexp.MustCompile(`"`+key+`": "[^"]*"`).ReplaceAllString(text, `"`+key+`": "`+at.UTC().Format(time.RFC3339Nano)+`"`)
	}
	require.NoError(b.t, os.WriteFile(filepath.Join(b.folder, "evidence.json"), []byte(text), 0o600))
}

// releases are those that the gate is asked about: the evidence of each, and the verdict.
var releases = []struct {
	report, verdict string
	code            int
}{
	{"passing-report.json", "promote", 0},
	{"typical-report.json", "rollback", 1},
	{"", "hold", 3},
}

func digest(piece, release int) string { return fmt.Sprintf("sha256:%064x", 16*piece+release+1) }

func TestPipelinesGetTheVerdictsOfARealGate(t *testing.T) {
	s := realGate(t)
	all := map[string]piece{"jenkins": nil}
	for name, run := range pieces {
		all[name] = run
	}
	number := 0
	for name, run := range all {
		number++
		for i, r := range releases {
			t.Run(name+" "+r.verdict, func(t *testing.T) {
				b := newBench(t, s.program)
				if r.report != "" {
					evidence(b, r.report)
					b.set("TWINSPECT_EVIDENCE", "evidence.json")
				}
				b.set("TWINSPECT_GATE_TOKEN", s.token)
				if name == "jenkins" {
					builds := map[string]string{"promote": "SUCCESS", "rollback": "FAILURE", "hold": "UNSTABLE"}
					o := asJenkins(t, b, map[string]any{"service": "catalog", "digest": digest(number, i), "server": s.url})
					assert.Equal(t, builds[r.verdict], o.Build, o.Error)
				} else {
					b.set("TWINSPECT_SERVICE", "catalog")
					b.set("TWINSPECT_DIGEST", digest(number, i))
					b.set("TWINSPECT_GATE_URL", s.url)
					code, verdict := run(b)
					assert.Equal(t, r.code, code)
					assert.Equal(t, r.verdict, verdict)
				}
				assert.Equal(t, r.verdict, b.file("twinspect-report/verdict"))
				assert.Contains(t, b.file("twinspect-report/junit.xml"), "<testsuite")
				assert.Contains(t, b.file("twinspect-report/summary.md"), r.verdict)
			})
		}
		if run != nil {
			t.Run(name+" while the gate is away", func(t *testing.T) {
				b := newBench(t, s.program)
				b.release()
				b.set("TWINSPECT_GATE_URL", "http://127.0.0.1:1")
				code, verdict := run(b)
				assert.Equal(t, 3, code)
				assert.Equal(t, "hold", verdict)
			})
		}
	}
	b := newBench(t, s.program)
	b.release()
	b.set("TWINSPECT_GATE_URL", s.url)
	code, printed := b.runs("env", "twinspect-step")
	assert.Equal(t, 2, code, "without a token: %s", printed)
}

func TestAPipelineDecidesWithoutAServer(t *testing.T) {
	s := realGate(t)
	for _, r := range releases {
		b := newBench(t, s.program)
		if r.report != "" {
			evidence(b, r.report)
			b.set("TWINSPECT_EVIDENCE", "evidence.json")
		}
		b.release()
		b.set("TWINSPECT_GATE_URL", "")
		b.set("TWINSPECT_POLICY", "gate.yaml")
		require.NoError(t, os.WriteFile(filepath.Join(b.folder, "gate.yaml"), []byte(policy), 0o600))
		code, printed := b.runs("env", "twinspect-step")
		assert.Equal(t, r.code, code, printed)
		assert.Equal(t, r.verdict, b.file("twinspect-report/verdict"))
	}
}

// asked is a question as a tool puts it.
func (s *server) asked(t *testing.T, method, where string, body any) (status int, answer string) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, where, bytes.NewReader(text))
	require.NoError(t, err)
	if r.URL.User == nil {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	told, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return got.StatusCode, string(told)
}

// here is a URL of a piece at the real gate.
func (s *server) here(text any) string {
	at := strings.NewReplacer("http://"+service, s.url, "@"+service, "@"+strings.TrimPrefix(s.url, "http://"), "${TWINSPECT_FLAGGER_TOKEN}", s.token)
	return at.Replace(text.(string))
}

func TestRolloutsGetTheVerdictsOfARealGate(t *testing.T) {
	s := realGate(t)
	hooks := map[string]map[string]int{
		"promote":  {"rollout": 200, "confirm-promotion": 200, "rollback": 403},
		"hold":     {"rollout": 200, "confirm-promotion": 403, "rollback": 403},
		"rollback": {"rollout": 403, "confirm-promotion": 403, "rollback": 200},
	}
	score := map[string]string{"promote": `"1"`, "hold": `"0"`, "rollback": `"-1"`}
	canary := ofKind(t, "flagger/canary.yaml", "Canary", "")
	template := ofKind(t, "flagger/canary.yaml", "MetricTemplate", "")
	argo := at(t, ofKind(t, "argo/analysistemplate.yaml", "AnalysisTemplate", "twinspect-gate"), "spec", "metrics", 0, "provider", "web", "url")
	kargo := at(t, ofKind(t, "kargo/stage.yaml", "Stage", ""), "spec", "promotionTemplate", "spec", "steps", 0, "config", "url")
	for i, r := range releases {
		image := digest(0, i)
		b := newBench(t, s.program)
		if r.report != "" {
			evidence(b, r.report)
			b.set("TWINSPECT_GATE_TOKEN", s.token)
			code, printed := b.runs("env", "twinspect", "evidence", "push", "evidence.json", "--server", s.url, "--service=catalog", "--digest="+image)
			require.Zero(t, code, printed)
		}
		for _, w := range at(t, canary, "spec", "analysis", "webhooks").([]any) {
			want, ok := hooks[r.verdict][at(t, w, "type").(string)]
			if !ok {
				continue
			}
			metadata := map[string]any{"service": "catalog", "digest": image, "weight": at(t, w, "metadata", "weight")}
			status, told := s.asked(t, http.MethodPost, s.here(at(t, w, "url")), map[string]any{"name": "catalog", "namespace": "shop", "phase": "Progressing", "checksum": "1", "metadata": metadata})
			assert.Equal(t, want, status, "%s at %s: %s", r.verdict, w.(object)["type"], told)
		}
		query := strings.NewReplacer("{{ target }}", "catalog", "{{ variables.digest }}", image).Replace(at(t, template, "spec", "query").(string))
		_, told := s.asked(t, http.MethodGet, s.here(at(t, template, "spec", "provider", "address"))+"/api/v1/query?query="+url.QueryEscape(query), nil)
		assert.Contains(t, told, score[r.verdict])
		question := strings.NewReplacer("{{args.service}}", "catalog", "{{args.digest}}", image, "{{args.weight}}", "0").Replace(s.here(argo))
		status, told := s.asked(t, http.MethodGet, question, nil)
		assert.Equal(t, 200, status, told)
		assert.Contains(t, told, `"verdict":"`+r.verdict+`"`)
		_, told = s.asked(t, http.MethodGet, s.here(kargo)+"?service=catalog&digest="+image, nil)
		assert.Contains(t, told, `"verdict":"`+r.verdict+`"`)
	}
	checkDashboard(t, s)
}

// checkDashboard holds the metrics that the dashboard shows against those of the gate.
func checkDashboard(t *testing.T, s *server) {
	t.Helper()
	_, metrics := s.asked(t, http.MethodGet, s.url+"/metrics", nil)
	names := regexp.MustCompile(`\b(?:twinspect|http_server|target)_\w+`).FindAllString(read(t, "gate/grafana.json"), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		assert.Contains(t, metrics, "\n"+name+"{", name)
	}
	assert.Contains(t, metrics, `service_name="twinspect-gate"`)
}

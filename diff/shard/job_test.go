package shard_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	k8syaml "sigs.k8s.io/yaml"

	"twinspect.dev/diff/shard"
)

var update = flag.Bool("update", false, "write the golden files anew")

func job() shard.JobSpec {
	p := plan()
	p.Settings = json.RawMessage(`{"timeout":"10s"}`)
	p.Files = []shard.File{{Role: "rules", Name: "twinspect.yaml", Text: "rules:\n  - ignore: $.at\n"}}
	return shard.JobSpec{
		Name: "run-1", Namespace: "shop", Image: "example.com/twinspect:1.2.3", Workers: 4, Plan: p, Store: "/evidence",
		Args:    []string{"--verbose"},
		Env:     map[string]string{"HTTP_PROXY": "", "KAFKA_USER": "twinspect"},
		Secrets: map[string]shard.SecretKey{"TOKEN": {"shop-token", "token"}, "KAFKA_PASSWORD": {"kafka", "password"}},
		Volume:  &shard.Volume{Claim: "evidence", Path: "/evidence"}, Deadline: 90 * time.Minute,
	}
}

func TestTheManifestOfAJob(t *testing.T) {
	const golden = "testdata/job.yaml"
	got, err := shard.JobManifest(job())
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestTheManifestsPlanIsThePlan(t *testing.T) {
	spec := job()
	text, err := shard.JobManifest(spec)
	require.NoError(t, err)
	_, doc, _ := strings.Cut(string(text), "---\n")
	doc, _, _ = strings.Cut(doc, "---\n")
	var config struct{ Data map[string]string }
	require.NoError(t, k8syaml.Unmarshal([]byte(doc), &config))
	read, err := shard.DecodePlan(strings.NewReader(config.Data["plan.json"]))
	require.NoError(t, err)
	want, err := spec.Plan.Fingerprint()
	require.NoError(t, err)
	got, err := read.Fingerprint()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestAJobThatCannotBeIsRefused(t *testing.T) {
	tests := []struct {
		want   string
		change func(*shard.JobSpec)
	}{
		{"no plan", func(s *shard.JobSpec) { s.Plan = nil }},
		{"name", func(s *shard.JobSpec) { s.Name = "Run_1" }},
		{"name", func(s *shard.JobSpec) { s.Name = strings.Repeat("a", 53) }},
		{"namespace", func(s *shard.JobSpec) { s.Namespace = "a/b" }},
		{"image", func(s *shard.JobSpec) { s.Image = "" }},
		{"workers", func(s *shard.JobSpec) { s.Workers = 0 }},
		{"no store", func(s *shard.JobSpec) { s.Store = "" }},
		{"variable", func(s *shard.JobSpec) { s.Env = map[string]string{"a b": ""} }},
		{"each once", func(s *shard.JobSpec) { s.Env = map[string]string{"TOKEN": "x"} }},
		{"a secret and its key", func(s *shard.JobSpec) { s.Secrets = map[string]shard.SecretKey{"A": {}} }},
		{"printable", func(s *shard.JobSpec) { s.Args = []string{"\x00"} }},
		{"absolute path", func(s *shard.JobSpec) { s.Volume.Path = "x" }},
		{"no side", func(s *shard.JobSpec) { s.Plan.Sides = nil }},
		{"shorten its files", func(s *shard.JobSpec) { s.Plan.Files[0].Text = strings.Repeat("x", 1<<20) }},
	}
	for _, tt := range tests {
		spec := job()
		tt.change(&spec)
		_, err := shard.JobManifest(spec)
		assert.ErrorContains(t, err, tt.want)
	}
}

func FuzzJobManifest(f *testing.F) {
	f.Add("run-1", "image:1", "/evidence", "--pace=x2", "TOKEN", "value: {}", "rules:\n  - a: b\n", 3)
	f.Add("b", "i:1", "/e", "-- #'\"", "B", "0x1f", "\x7f\u0085\ufeff\U000e0001|", 2)
	f.Add("a", "i", "kafka://b/t", "- x\n---\n", "A", "true", "\t\r\n #", 1)
	f.Fuzz(func(t *testing.T, name, image, address, arg, variable, value, text string, workers int) {
		p := plan()
		p.Files = []shard.File{{Role: "rules", Name: "r", Text: text}}
		spec := shard.JobSpec{
			Name: name, Image: image, Workers: workers, Plan: p, Store: address, Args: []string{arg},
			Env: map[string]string{variable: value},
		}
		got, err := shard.JobManifest(spec)
		if err != nil {
			return
		}
		checkManifest(t, got, spec)
	})
}

// checkManifest reads the manifest back, with the reader that clusters use.
func checkManifest(t *testing.T, text []byte, spec shard.JobSpec) {
	t.Helper()
	docs := strings.SplitN(string(text), "\n---\n", 2)
	require.Len(t, docs, 2)
	var config struct {
		APIVersion, Kind string
		Metadata         map[string]any
		Immutable        bool
		Data             map[string]string
	}
	var job struct {
		Kind string
		Spec struct {
			Parallelism int
			Template    struct {
				Spec struct {
					Containers []struct {
						Image string
						Args  []string
						Env   []struct{ Name, Value string }
					}
				}
			}
		}
	}
	require.NoError(t, k8syaml.UnmarshalStrict([]byte(docs[0]), &config))
	require.NoError(t, k8syaml.Unmarshal([]byte(docs[1]), &job))
	require.Equal(t, "ConfigMap", config.Kind)
	require.Equal(t, "Job", job.Kind)
	require.Equal(t, spec.Workers, job.Spec.Parallelism)
	c := job.Spec.Template.Spec.Containers[0]
	require.Equal(t, spec.Image, c.Image)
	require.Equal(t, append([]string{spec.Store}, spec.Args...), c.Args[len(c.Args)-2:])
	require.Equal(t, spec.Env[c.Env[1].Name], c.Env[1].Value)
	_, err := shard.DecodePlan(strings.NewReader(config.Data["plan.json"]))
	require.NoError(t, err)
}

// Clusters read YAML 1.1 in part, in which more words stand for something else
// than text.
func TestTextsStayTexts(t *testing.T) {
	for _, text := range []string{
		"yes", "no", "on", "off", "y", "N", "true", "~", "null", "", "0777", "0o7", "0x1f", "1_000", "1:30", "1e3",
		".inf", "=", "<<", "2001-01-01", "- a", "a: b", "a #b", "'", `"`, `\`, "*a", "&a", "!a", "|", ">", "%a", "@a",
		"`", "{", "[", ",", "?", " a ", "a:", "é", "漢",
	} {
		spec := job()
		spec.Args, spec.Env, spec.Secrets = []string{text}, map[string]string{"A": text}, nil
		got, err := shard.JobManifest(spec)
		require.NoError(t, err)
		checkManifest(t, got, spec)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// from is the settings of a file, an environment and a command line.
func from(t *testing.T, file string, env map[string]string, args ...string) settings {
	t.Helper()
	var given config
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	given = defaults()
	given.bind(f)
	require.NoError(t, f.Parse(args))
	s := settings{getenv: func(k string) string { return env[k] }, flags: f}
	if file != "" {
		s.file = filepath.Join(t.TempDir(), "agent.yaml")
		require.NoError(t, os.WriteFile(s.file, []byte(file), 0o600))
	}
	return s
}

const target = "kafka://127.0.0.1:9092/exchanges"

func TestLaterSourcesOfSettingsWin(t *testing.T) {
	file := `
kafka: ` + target + `
service: of-the-file
capture: {ports: [80, 81], ring: 8MiB}
sample: {rate: 0.5, window: 30s}
limits: {cpu: 0.1, memory: 1GiB}
labels: {cluster: a, lane: b}
`
	env := map[string]string{"TWINSPECT_AGENT_SERVICE": "of-the-environment", "TWINSPECT_AGENT_LIMIT_CPU": "0.2"}
	c, err := from(t, file, env, "--limit-cpu=0.3", "--port=8080", "--port=8081", "--label=lane=c", "--ring=1MB").load()
	require.NoError(t, err)
	assert.Equal(t, "of-the-environment", c.Service)
	assert.InDelta(t, 0.3, c.Limits.CPU, 1e-9)
	assert.Equal(t, []uint{8080, 8081}, c.Capture.Ports, "a list replaces the file's")
	assert.Equal(t, size(1_000_000), c.Capture.Ring)
	assert.Equal(t, size(1<<30), c.Limits.Memory)
	assert.InDelta(t, 0.5, c.Sample.Rate, 1e-9)
	assert.Equal(t, 30*time.Second, c.Sample.Window)
	assert.Equal(t, "c", c.Labels["lane"])
	assert.Equal(t, defaults().Spool, c.Spool, "what nobody set")
}

func TestWrongSettingsAreAllToldWithTheirPlace(t *testing.T) {
	tests := []struct {
		name, file string
		env        map[string]string
		args       []string
		want       []string
	}{
		{"unknown key", "kafka: x\ncaptures: {}\n", nil, nil, []string{"agent.yaml", "captures", "[2:1]"}},
		{"wrong type", "sample:\n  rate: often\n", nil, nil, []string{"agent.yaml", "[2:9]"}},
		{"wrong size", "limits: {memory: much}\n", nil, nil, []string{"agent.yaml", `"much" is no size`}},
		{"environment", "", map[string]string{"TWINSPECT_AGENT_CORES": "two"}, nil, []string{"TWINSPECT_AGENT_CORES", "two"}},
		{"no target", "", nil, nil, []string{"kafka://"}},
		{"several", "", nil, []string{"--sample=2", "--port=0", "--host=nowhere", "--log-level=loud", "--log-format=xml", "--cores=0"},
			[]string{"0 to 1", "port 0", `"nowhere"`, "loud", "xml", "cores 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := from(t, tt.file, tt.env, tt.args...).load()
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestEverySettingOfTheFileHasAFlagAndAnEnvironmentVariable(t *testing.T) {
	c := defaults()
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.bind(f)
	text, err := yaml.Marshal(c)
	require.NoError(t, err)
	leaves := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(strings.TrimSpace(line), ":") {
			leaves++
		}
	}
	flags := 0
	f.VisitAll(func(*pflag.Flag) { flags++ })
	assert.Equal(t, leaves, flags)
	var back config
	require.NoError(t, yaml.UnmarshalWithOptions(text, &back, yaml.Strict()))
	assert.Empty(t, cmp.Diff(c, back, cmp.AllowUnexported(config{}), cmpopts.EquateEmpty()), "what is printed can be read")
}

func TestSizesAreReadAndWrittenAlike(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "4096": 4096, "64MiB": 64 << 20, "1.5 GiB": 3 << 29, "1GB": 1e9, "10kB": 10_000, "7B": 7} {
		var s, again size
		require.NoError(t, s.Set(text))
		assert.Equal(t, want, s, text)
		require.NoError(t, again.Set(s.String()))
		assert.Equal(t, s, again, s.String())
	}
	for _, bad := range []string{"", "MiB", "-1", "NaN", "1e400", "12 apples", "9e18TiB"} {
		assert.Error(t, new(size).Set(bad), bad)
	}
}

func TestSettingsOfTheREADMEAreSettings(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), "```yaml\n# agent.yaml")
	require.True(t, ok, "the README shows an agent.yaml")
	block, _, _ := strings.Cut(rest, "```")
	c, err := from(t, "#"+block, nil).load()
	require.NoError(t, err)
	assert.Equal(t, "catalog", c.Service)
	assert.Equal(t, size(10_000_000), c.Limits.Bytes)
	assert.Equal(t, "not host 10.0.0.9", c.Capture.Filter)
}

func TestMemoryOfTheCaptureIsSharedOut(t *testing.T) {
	c := defaults()
	c.Capture.Cores = 2
	streams, http := c.Capture.bounds()
	shared := streams.MaxBuffer + streams.MaxConnections*perConnection + http.MaxMemory
	assert.Equal(t, int(c.Capture.Memory)/2, shared, "what one core may take")
	assert.Greater(t, streams.MaxConnections, 4000, "keep-alive connections of a busy service")
}

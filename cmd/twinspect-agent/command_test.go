package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
)

// ask runs the agent in this process with an empty environment.
func ask(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Version: "test"}
	code = run(t.Context(), env, args)
	return code, out.String(), errs.String()
}

func TestHelpHasExamplesTheEnvironmentAndTheExitCodes(t *testing.T) {
	code, stdout, _ := ask(t, "--help")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "Examples:\n  ")
	assert.Contains(t, stdout, "TWINSPECT_AGENT_LIMIT_CPU")
	assert.Contains(t, stdout, cli.ExitHelp)
}

func TestCheckPrintsTheSettingsWithoutThePassword(t *testing.T) {
	code, stdout, stderr := ask(t, "--check", "--kafka=kafka://me:hunter2@127.0.0.1:9092/exchanges?sasl=plain", "--port=8080")
	require.Zero(t, code, stderr)
	assert.Contains(t, stdout, "8080")
	assert.NotContains(t, stdout+stderr, "hunter2")
	file := filepath.Join(t.TempDir(), "agent.yaml")
	require.NoError(t, os.WriteFile(file, []byte(stdout), 0o600))
	code, again, stderr := ask(t, "--check", "--config", file)
	require.Zero(t, code, stderr)
	assert.Equal(t, stdout, again, "what is printed says the same")
}

func TestWrongUsageEndsWithTwoAndSaysWhatIsWanted(t *testing.T) {
	tests := map[string][]string{
		"kafka://broker:9092/topic": {},
		"unknown command \"run\"":   {"run"},
		"absent.yaml":               {"--config=absent.yaml"},
		"want kafka://host":         {"--kafka=exchanges"},
		`"often"`:                   {"--sample=often"},
		"there are lo":              {"--kafka=" + target, "--interface=absent0", "--listen="},
		"frob":                      {"--kafka=" + target, "--filter=frob 80"},
	}
	for want, args := range tests {
		code, stdout, stderr := ask(t, args...)
		assert.Equal(t, 2, code, want)
		assert.Contains(t, stderr, want)
		assert.Empty(t, stdout)
	}
}

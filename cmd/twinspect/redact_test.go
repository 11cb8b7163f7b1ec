package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

const secret = "s3cr3tT0kenValue99"

// login is an exchange with secrets in several places.
func login() *capture.Exchange {
	e := post("/login?access_token="+secret, `{"password":"`+secret+`","name":"ann"}`)
	e.Request.Header = append(e.Request.Header, capture.Field{Name: "Authorization", Value: "Bearer " + secret})
	return e
}

func TestRedactedRecordingHoldsNoSecretAndEqualOnesStayEqual(t *testing.T) {
	dir := t.TempDir()
	key, out := filepath.Join(dir, "key"), filepath.Join(dir, "out.twin")
	require.NoError(t, os.WriteFile(key, []byte("a key of this test alone"), 0o600))
	file := writeRecording(t, login(), get("/products?access_token="+secret))
	r := twinspect(t.Context(), "redact", file, "-o", out, "--redact-key", key)
	require.Zero(t, r.code, r.stderr)
	shown := twinspect(t.Context(), "cat", out)
	require.Zero(t, shown.code, shown.stderr)
	assert.NotContains(t, shown.stdout, secret)
	assert.Contains(t, shown.stdout, "Bearer ")
	assert.Contains(t, shown.stdout, "ann")
	_, rest, ok := strings.Cut(shown.stdout, "access_token=")
	require.True(t, ok)
	assert.Equal(t, 2, strings.Count(shown.stdout, rest[:len(secret)]+`"`)-strings.Count(shown.stdout, "Bearer "+rest[:len(secret)]+`"`),
		"one value has one pseudonym")
}

func TestCheckListsWhatLooksLikeASecretWithoutShowingIt(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("a key of this test alone"), 0o600))
	file := writeRecording(t, login(), get("/products"))
	r := twinspect(t.Context(), "redact", file, "--check", "--redact-key", key)
	assert.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stdout, "Authorization")
	assert.Contains(t, r.stdout, "request.target")
	assert.NotContains(t, r.stdout, secret)
	assert.Contains(t, r.stderr, "in 1 exchanges")

	lines := twinspect(t.Context(), "redact", file, "--check", "--json", "--redact-key", key)
	assert.Equal(t, 1, lines.code)
	for line := range strings.Lines(lines.stdout) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		assert.NotEmpty(t, f.Where)
	}

	out := filepath.Join(dir, "out.twin")
	require.Zero(t, twinspect(t.Context(), "redact", file, "-o", out, "--redact-key", key).code)
	clean := twinspect(t.Context(), "redact", out, "--check", "--redact-key", key)
	assert.Zero(t, clean.code, clean.stdout)
	assert.Contains(t, clean.stderr, "nothing looks like a secret")
}

func TestRedactSaysWhatIsWrongWithItsRulesAndKey(t *testing.T) {
	file := writeRecording(t, get("/"))
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(rules, []byte("defaults: true\nheader: [X]\n"), 0o600))
	for want, args := range map[string][]string{
		"rules.yaml:2":    {"--rules", rules, "--redact-key", rules},
		"absent.key":      {"--redact-key", "absent.key"},
		"absent.yaml":     {"--rules", "absent.yaml"},
		"if any flags in": {"--check"},
	} {
		r := twinspect(t.Context(), append([]string{"redact", file, "-o", filepath.Join(t.TempDir(), "x.twin")}, args...)...)
		assert.Equal(t, 2, r.code, want)
		assert.Contains(t, r.stderr, want)
	}
}

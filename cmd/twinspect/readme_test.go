package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/redact"
	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/rules"
	"twinspect.dev/release/gate/access"
	"twinspect.dev/release/policyfile"
	"twinspect.dev/replay/correlate"
	"twinspect.dev/replay/rewrite"
)

// blocks returns the code blocks of the README that are in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		found = append(found, m[1])
	}
	require.NotEmpty(t, found)
	return found
}

func TestCommandsOfTheREADMEAreCommandsWithThoseFlags(t *testing.T) {
	script := strings.ReplaceAll(strings.Join(blocks(t, "sh"), "\n"), "\\\n", " ")
	tried := 0
	for line := range strings.Lines(script) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " > ")
		args, ok := strings.CutPrefix(command, "twinspect ")
		if !ok {
			continue
		}
		tried++
		cmd, rest, err := newRoot(cli.Env{}).Find(words(args))
		require.NoError(t, err, line)
		assert.NoError(t, cmd.ParseFlags(rest), line)
		assert.NoError(t, cmd.ValidateRequiredFlags(), line)
		assert.NoError(t, cmd.ValidateFlagGroups(), line)
		assert.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), line)
	}
	assert.Greater(t, tried, 7)
}

// words splits a command line at spaces, but not within single quotes.
func words(line string) []string {
	var out []string
	for _, w := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		out = append(out, strings.Trim(w, "'"))
	}
	return out
}

// file returns the block of YAML that is called by the name of a file.
func file(t *testing.T, name string) []byte {
	t.Helper()
	for _, block := range blocks(t, "yaml") {
		if strings.HasPrefix(block, "# "+name) {
			return []byte(block)
		}
	}
	require.Fail(t, "the README shows no "+name)
	return nil
}

func TestRedactionOfTheREADMEIsRules(t *testing.T) {
	given, err := redact.ParseRules("README.md", file(t, "redact.yaml"))
	require.NoError(t, err)
	assert.Contains(t, given.Headers, "X-Internal-Token")
	assert.True(t, given.Defaults, "the built-in ones stay")
	_, err = redact.New(given, redact.NewKey())
	require.NoError(t, err)
}

func TestRulesOfTheREADMEAreRules(t *testing.T) {
	block := file(t, "twinspect.yaml")
	set, err := rules.Parse("README.md", block, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	assert.Len(t, set.Info().Rules, bytes.Count(block, []byte("reason:")))
}

func TestReplayRulesOfTheREADMEAreRules(t *testing.T) {
	block := file(t, "replay.yaml")
	secret := func(name string) (string, bool) { return "s", name == "CLIENT_SECRET" }
	changes, err := rewrite.Parse("README.md", block, secret)
	require.NoError(t, err)
	assert.Len(t, changes.Report().Rules, 3)
	assert.Len(t, changes.Report().Auth, 1)
	links, err := correlate.Parse(block, "README.md")
	require.NoError(t, err)
	assert.Len(t, links.List, 2)
	assert.True(t, links.Auto && links.Cookies, "what is learned still applies")
}

func TestRoutesOfTheREADMEAreRoutes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "routes.yaml")
	require.NoError(t, os.WriteFile(name, file(t, "routes.yaml"), 0o600))
	routes, err := readRoutes(name)
	require.NoError(t, err)
	assert.NoError(t, routes.Validate())
}

func TestThePolicyOfTheREADMEIsOne(t *testing.T) {
	p, err := policyfile.Parse("README.md", file(t, "gate.yaml"))
	require.NoError(t, err)
	assert.Len(t, p.Requirements, 4)
	assert.Len(t, p.Canary.Metrics, 2)
}

func TestTheAccessOfTheREADMEIsOne(t *testing.T) {
	_, err := access.Parse("README.md", file(t, "access.yaml"))
	require.NoError(t, err)
}

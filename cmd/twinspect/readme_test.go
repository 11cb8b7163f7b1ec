package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff/rules"
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

func TestRulesOfTheREADMEAreRules(t *testing.T) {
	for _, block := range blocks(t, "yaml") {
		set, err := rules.Parse("README.md", []byte(block), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		assert.Len(t, set.Info().Rules, strings.Count(block, "reason:"))
	}
}

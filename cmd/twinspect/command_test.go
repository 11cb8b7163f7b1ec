package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
)

// result is how a command ended and what it printed.
type result struct {
	code           int
	stdout, stderr string
}

// twinspect runs the command in this process, as a user would.
func twinspect(ctx context.Context, args ...string) result {
	return withInput(ctx, "", args...)
}

func withInput(ctx context.Context, stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := cli.Env{
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(string) string { return "" }, Version: "test",
	}
	code := run(ctx, env, args)
	return result{code, stdout.String(), stderr.String()}
}

func TestHelpOfEveryCommandHasAnExampleAndTheExitCodes(t *testing.T) {
	for _, name := range []string{"capture", "cat", "stat", "redact", "replay", "diff-run", "diff", "plan", "worker", "merge", "routes plan", "routes apply", "routes delete"} {
		t.Run(name, func(t *testing.T) {
			r := twinspect(t.Context(), append(strings.Fields(name), "--help")...)
			assert.Zero(t, r.code)
			assert.Contains(t, r.stdout, "Examples:\n  ")
			assert.Contains(t, r.stdout, "twinspect "+name)
			assert.Contains(t, r.stdout, cli.ExitHelp)
		})
	}
}

func TestVersionIsPrinted(t *testing.T) {
	r := twinspect(t.Context(), "--version")
	assert.Equal(t, result{0, "twinspect test\n", ""}, r)
}

func TestCompletionIsOffered(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := twinspect(t.Context(), "completion", shell)
		assert.Zero(t, r.code, shell)
		assert.Contains(t, r.stdout, "twinspect", shell)
	}
}

func TestWrongUsageEndsWithTwoAndSaysWhatIsWanted(t *testing.T) {
	file := writeRecording(t, get("/"))
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"frobnicate"}, "unknown command"},
		{"no file", []string{"cat"}, "accepts 1 arg(s)"},
		{"missing file", []string{"cat", "absent.twin"}, "absent.twin"},
		{"a folder", []string{"cat", "."}, "want a recording"},
		{"no source", []string{"capture", "-o", "x.twin"}, "at least one of the flags"},
		{"two sources", []string{"capture", "--pcap", "a", "--interface", "b", "-o", "x.twin"}, "none of the others can be"},
		{"bad port", []string{"capture", "--pcap", "a", "--port", "70000", "-o", "x.twin"}, "want a port"},
		{"bad proxy", []string{"capture", "--proxy", "8000", "-o", "x.twin"}, "want ADDR=URL"},
		{"bad output name", []string{"cat", file, "-o", "x.txt"}, "want .twin, .jsonl"},
		{"bad status", []string{"cat", file, "--status", "9xx"}, "want a status"},
		{"bad pace", []string{"replay", file, "--to", "http://127.0.0.1:1", "--pace", "fast"}, "--pace"},
		{"bad url", []string{"replay", file, "--to", "localhost"}, "must begin with http://"},
		{"no branch", []string{"diff-run", file, "--base", "http://127.0.0.1:1"}, "give --branch URL"},
		{"writes twice", []string{"diff-run", file, "--base", "http://127.0.0.1:1", "--branch", "http://127.0.0.1:1", "--allow-writes"}, "--no-control"},
		{"bad error rate", []string{"diff", file, "--error-rate", "5"}, "between 0 and 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := twinspect(t.Context(), tt.args...)
			assert.Equal(t, 2, r.code)
			assert.Contains(t, r.stderr, tt.want)
			assert.Empty(t, r.stdout)
		})
	}
}

func TestRecordingGoesThroughEveryFormatAndBack(t *testing.T) {
	first := writeRecording(t, get("/products?page=1"), get("/cart"), post("/cart/items", `{"sku":"a"}`))
	want := twinspect(t.Context(), "cat", first)
	require.Zero(t, want.code, want.stderr)
	for _, way := range [][]string{{"a.jsonl", "b.twin"}, {"a.har", "b.twin"}, {"a.twin", "b.har"}} {
		t.Run(strings.Join(way, " "), func(t *testing.T) {
			file, dir := first, t.TempDir()
			for _, name := range way {
				next := dir + "/" + name
				r := twinspect(t.Context(), "cat", file, "-o", next)
				require.Zero(t, r.code, r.stderr)
				file = next
			}
			got := twinspect(t.Context(), "cat", file)
			require.Zero(t, got.code, got.stderr)
			assert.Equal(t, exchangesOnly(want.stdout), exchangesOnly(got.stdout))
		})
	}
}

// exchangesOnly leaves the account out, to which every copy adds its stages.
func exchangesOnly(jsonl string) string {
	var kept []string
	for line := range strings.Lines(jsonl) {
		if !strings.HasPrefix(line, `{"account"`) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestCatReadsStandardInput(t *testing.T) {
	r := twinspect(t.Context(), "cat", writeRecording(t, get("/a"), get("/b")))
	again := withInput(t.Context(), r.stdout, "cat", "-", "--path", "/b")
	assert.Zero(t, again.code, again.stderr)
	assert.NotContains(t, again.stdout, `"/a"`)
	assert.Contains(t, again.stdout, `"/b"`)
}

func TestCatDoesNotOverwriteUnlessTold(t *testing.T) {
	file := writeRecording(t, get("/a"))
	out := t.TempDir() + "/x.twin"
	require.Zero(t, twinspect(t.Context(), "cat", file, "-o", out).code)
	r := twinspect(t.Context(), "cat", file, "-o", out)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "--force")
	assert.Zero(t, twinspect(t.Context(), "cat", file, "-o", out, "--force").code)
}

func TestStatCountsOperations(t *testing.T) {
	file := writeRecording(t, get("/products/1"), get("/products/2"), get("/cart"))
	r := twinspect(t.Context(), "stat", file)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "3 exchanges in 2 operations")
	assert.Regexp(t, `2\s+GET /products/\{id\}\s+200×2`, r.stdout)
}

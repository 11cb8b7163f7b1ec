package recording

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/cmd/internal/cli"
)

// testEnv is a process without a terminal, and what it prints.
func testEnv(stdin string) (env cli.Env, stdout, stderr *strings.Builder) {
	stdout, stderr = &strings.Builder{}, &strings.Builder{}
	return cli.Env{
		Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: stderr,
		Getenv: func(string) string { return "" },
	}, stdout, stderr
}

// get is an exchange of GET target.
func get(target string) *capture.Exchange {
	e := capturetest.Samples()[0].Clone()
	e.ID = capture.NewID("test", target, e.Request.Start, 0)
	e.Request.Method, e.Request.Target = "GET", target
	e.Context.Recorded = capture.ID{}
	return e
}

// record writes GETs of the targets to a file of the name, in the form that the
// name says.
func record(t *testing.T, name string, targets ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	env, _, _ := testEnv("")
	sink, err := Create(env, path, Options{})
	require.NoError(t, err)
	for _, target := range targets {
		require.NoError(t, sink.WriteExchange(t.Context(), get(target)))
	}
	require.NoError(t, sink.Close())
	return path
}

// written is the content of a recording in the form that the name says.
func written(t *testing.T, name string, targets ...string) string {
	t.Helper()
	content, err := os.ReadFile(record(t, name, targets...))
	require.NoError(t, err)
	return string(content)
}

// save writes a file.
func save(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// targets reads a source to its end, and counts what was damaged.
func targets(ctx context.Context, src capture.Source) (list []string, damaged int, err error) {
	var e capture.Exchange
	for {
		err := src.ReadExchange(ctx, &e)
		var bad *capture.RecordError
		switch {
		case errors.As(err, &bad):
			damaged++
		case errors.Is(err, io.EOF):
			return list, damaged, nil
		case err != nil:
			return list, damaged, err
		default:
			list = append(list, e.Request.Target)
		}
	}
}

package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestExistingRecordingIsOverwrittenOnlyByForce(t *testing.T) {
	for _, name := range []string{"a.twin", "a.jsonl", "a.har"} {
		t.Run(name, func(t *testing.T) {
			env, _, _ := testEnv("")
			path := record(t, name, "/old", "/older", "/oldest")
			_, err := CreateSink(env, path, SinkOptions{})
			require.ErrorIs(t, err, fs.ErrExist)
			assert.Contains(t, Message(err), "--force")

			sink, err := CreateSink(env, path, SinkOptions{Force: true})
			require.NoError(t, err)
			require.NoError(t, sink.WriteExchange(t.Context(), get("/new")))
			require.NoError(t, sink.WriteAccount(capture.Account{{Name: "test", Unit: "exchanges"}}))
			require.NoError(t, sink.Close())
			in, err := OpenSource(t.Context(), env, path)
			require.NoError(t, err)
			defer in.Close()
			got, _, err := targets(t.Context(), in)
			require.NoError(t, err)
			assert.Equal(t, []string{"/new"}, got)
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "a recording may hold secrets")
		})
	}
}

func TestStandardOutputGetsLinesOrHAR(t *testing.T) {
	for opt, prefix := range map[SinkOptions]string{{}: `{"`, {HAR: true}: `{"log"`} {
		env, stdout, _ := testEnv("")
		sink, err := CreateSink(env, Stdio, opt)
		require.NoError(t, err)
		require.NoError(t, sink.WriteExchange(t.Context(), get("/one")))
		require.NoError(t, sink.Close())
		printed := strings.Join(strings.Fields(stdout.String()), "")
		assert.True(t, strings.HasPrefix(printed, prefix), printed)
		assert.Contains(t, printed, "/one")
	}
}

func TestOutputThatCannotBeMadeIsRefused(t *testing.T) {
	env, _, _ := testEnv("")
	for _, name := range []string{"a.twin", "a.har"} {
		_, err := CreateSink(env, filepath.Join(t.TempDir(), "absent", name), SinkOptions{})
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := CreateSink(env, filepath.Join(t.TempDir(), "a.xyz"), SinkOptions{})
	assert.ErrorContains(t, err, ".xyz")
}

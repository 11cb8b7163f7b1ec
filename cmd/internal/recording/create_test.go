package recording

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/cmd/internal/cli"
)

func TestExistingRecordingIsOverwrittenOnlyByForce(t *testing.T) {
	for _, name := range []string{"a.twin", "a.jsonl", "a.har"} {
		t.Run(name, func(t *testing.T) {
			env, _, _ := testEnv("")
			path := record(t, name, "/old", "/older", "/oldest")
			_, err := Create(env, path, Options{})
			require.ErrorIs(t, err, fs.ErrExist)
			assert.Contains(t, cli.Message(err), "--force")

			sink, err := Create(env, path, Options{Force: true})
			require.NoError(t, err)
			require.NoError(t, sink.WriteExchange(t.Context(), get("/new")))
			require.NoError(t, sink.WriteAccount(capture.Account{{Name: "test", Unit: "exchanges"}}))
			require.NoError(t, sink.Close())
			in, err := Open(t.Context(), env, path)
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
	for opt, prefix := range map[Options]string{{}: `{"`, {HAR: true}: `{"log"`} {
		env, stdout, _ := testEnv("")
		sink, err := Create(env, Stdio, opt)
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
		_, err := Create(env, filepath.Join(t.TempDir(), "absent", name), Options{})
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := Create(env, filepath.Join(t.TempDir(), "a.xyz"), Options{})
	assert.ErrorContains(t, err, ".xyz")
}

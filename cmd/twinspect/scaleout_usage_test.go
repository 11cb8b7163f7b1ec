package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"twinspect.dev/fixtures/shop"
)

// away is an address at which nobody listens.
func away(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestAPlanThatCannotBeWorkedOnIsNotWritten(t *testing.T) {
	topic, sides := topicOf(t, 20), shops(t)
	exists := planFor(t, topic, 40, sides...)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a file", args([]string{writeRecording(t, get("/"))}, sides...), "diff-run --workers"},
		{"no sides", []string{topic}, "give --base URL"},
		{"no such topic", args([]string{strings.Replace(topic, "exchanges", "absent", 1)}, sides...), "absent"},
		{"a group", args([]string{topic + "?group=g"}, sides...), "leave the group out"},
		{"a bad chunk", args([]string{topic, "--chunk", "-1"}, sides...), "want at least 1"},
		{"a bad name", args([]string{topic, "--run", "My Run"}, sides...), "lower-case"},
		{"a bad pace", args([]string{topic, "--pace", "fast"}, sides...), "--pace"},
		{"no store for the job", args([]string{topic, "--image", "twinspect:1"}, sides...), "no store"},
		{"a name too long for a job", args([]string{topic, "--image", "i", "--store", "/s", "--run", strings.Repeat("n", 60)}, sides...), "at most 52"},
		{"a bad secret", args([]string{topic, "--image", "i", "--store", "/s", "--secret-env", "A=b"}, sides...), "NAME=secret/key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			r := twinspect(t.Context(), args([]string{"plan", "-o", file}, tt.args...)...)
			assert.Equal(t, 2, r.code, r.stdout)
			assert.Contains(t, r.stderr, tt.want)
			assert.Empty(t, r.stdout)
			assert.NoFileExists(t, file)
		})
	}
	r := twinspect(t.Context(), args([]string{"plan", topic, "-o", exists}, sides...)...)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "overwrite it with --force")
	r = twinspect(t.Context(), args([]string{"plan", topic, "-o", exists, "--force"}, sides...)...)
	assert.Zero(t, r.code, r.stderr)
}

func TestAPlanTakesNoPassword(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "exchanges"),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "me", "s3cret"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	file := filepath.Join(t.TempDir(), "plan.json")
	plan := []string{"-o", file, "--base", "http://base", "--branch", "http://branch"}
	r := twinspect(t.Context(), args([]string{"plan", "kafka://me:s3cret@" + c.ListenAddrs()[0] + "/exchanges"}, plan...)...)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "KAFKA_PASSWORD")
	assert.NotContains(t, r.stderr, "s3cret")
	t.Setenv("KAFKA_PASSWORD", "s3cret")
	r = twinspect(t.Context(), args([]string{"plan", "kafka://me@" + c.ListenAddrs()[0] + "/exchanges"}, plan...)...)
	assert.Zero(t, r.code, r.stderr)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "s3cret")
}

func TestWorkersAndMergesSayWhatIsWrongWithPlanOrStore(t *testing.T) {
	topic := topicOf(t, 20)
	plan, dir := planFor(t, topic, 40, shops(t)...), t.TempDir()
	text, other, broken := filepath.Join(dir, "file"), filepath.Join(dir, "other.json"), filepath.Join(dir, "broken.json")
	require.NoError(t, os.WriteFile(text, []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(other, []byte(`{"schema":"twinspect.dev/plan","version":"9.0"}`), 0o600))
	require.NoError(t, os.WriteFile(broken, []byte(`{"schema":`), 0o600))
	tests := []struct{ name, plan, store, want string }{
		{"no plan", filepath.Join(dir, "absent.json"), dir, "absent.json"},
		{"a plan of another version", other, dir, "this program reads"},
		{"a plan that is cut", broken, dir, "broken.json"},
		{"no store", plan, "", "no folder is given"},
		{"an unknown store", plan, "ftp://host/evidence", `"ftp" is not known`},
		{"a bucket with credentials", plan, "s3://key:s3cret@bucket", "no credentials in it"},
		{"a file", plan, text, "file"},
		{"a topic that is missing", plan, strings.Replace(topic, "exchanges", "absent", 1), "create it"},
		{"a window for a store", plan, topic + "?from=-1h", "no window"},
	}
	for _, tt := range tests {
		for _, command := range []string{"worker", "merge"} {
			t.Run(command+" "+tt.name, func(t *testing.T) {
				r := twinspect(t.Context(), command, tt.plan, "--store", tt.store)
				assert.Equal(t, 2, r.code, r.stderr)
				assert.Contains(t, r.stderr, tt.want)
				assert.NotContains(t, r.stderr, "s3cret")
				assert.Empty(t, r.stdout)
			})
		}
	}
}

// A Job fails as a whole at 2, and repeats at 3.
func TestAWorkerThatMayBeRepeatedSaysSoByItsExitCode(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	topic := topicOf(t, 20)
	works := planFor(t, topic, 40, shops(t)...)
	dead := planFor(t, topic, 40, "--base", "http://"+away(t), "--branch", "http://"+away(t))
	tests := []struct{ name, plan, store, want string }{
		{"a bucket is away", works, "s3://evidence?path-style=true&region=us-east-1&endpoint=http://" + away(t), "connection refused"},
		{"the brokers of the store are away", works, "kafka://" + away(t) + "/evidence", "connection refused"},
		{"a side is away", dead, t.TempDir(), "is not ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := twinspect(t.Context(), "worker", tt.plan, "--store", tt.store)
			assert.Equal(t, 3, r.code, r.stderr)
			assert.Contains(t, r.stderr, "twinspect: ")
			assert.Contains(t, r.stderr, tt.want)
		})
	}
}

func TestAPlanThatAConfigMapDoesNotHoldSaysWhatToDo(t *testing.T) {
	options, dir := shops(t), t.TempDir()
	large := filepath.Join(dir, "openapi.yaml")
	require.NoError(t, os.WriteFile(large, append([]byte(strings.Repeat("# a long comment\n", 1<<16)), shop.OpenAPI...), 0o600))
	options[slices.Index(options, "--openapi")+1] = large
	file := filepath.Join(dir, "plan.json")
	r := twinspect(t.Context(), args([]string{"plan", topicOf(t, 20), "-o", file, "--image", "i", "--store", "/s"}, options...)...)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "shorten its files, or give the workers the plan on a volume")
	assert.Empty(t, r.stdout)
	assert.NoFileExists(t, file)
}

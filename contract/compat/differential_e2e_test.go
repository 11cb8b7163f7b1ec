//go:build e2e

package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract/openapi"
)

// peer is the tool whose verdicts ours are held against, at the version whose cases
// the lists below were argued for.
const peer = "github.com/oasdiff/oasdiff"
const peerVersion = "v1.33.0"

// installPeer returns the peer's program and the folder of its own cases.
func installPeer(t *testing.T) (program, cases string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	bin := filepath.Join(cache, "twinspect", "bin", "oasdiff-"+peerVersion)
	program = filepath.Join(bin, "oasdiff")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if _, err := os.Stat(program); err != nil {
		cmd := exec.CommandContext(t.Context(), "go", "install", peer+"@"+peerVersion)
		cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("%s cannot be installed: %v: %s", peer, err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", peer+"@"+peerVersion)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	require.NoError(t, err)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &module))
	return program, filepath.Join(module.Dir, "data")
}

// peerChange is what the peer tells; 3 is its level for what breaks.
type peerChange struct {
	ID        string
	Level     int
	Operation string
	Path      string
}

// peerErrors returns the ids of what the peer says breaks, by operation.
func peerErrors(t *testing.T, program, old, next string) (map[string][]string, bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "breaking", "--format", "json", old, next)
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	var changes []peerChange
	if err != nil && json.Unmarshal(out, &changes) != nil {
		return nil, false
	}
	if len(bytes.TrimSpace(out)) > 0 {
		require.NoError(t, json.Unmarshal(out, &changes), "%s", out)
	}
	found := make(map[string][]string)
	for _, c := range changes {
		name := common(c.ID, c.Operation+" "+c.Path)
		if c.Level == 3 {
			found[name] = append(found[name], c.ID)
		}
	}
	return found, true
}

var braces = regexp.MustCompile(`\{[^}]*\}`)

// common is the name of an operation as both tell it. The peer does not name webhooks
// that are gone, and has "POST webhook:newPet" for "webhook newPet POST".
func common(id, name string) string {
	if id == "webhook-removed" {
		return "webhooks"
	}
	if method, hook, ok := strings.Cut(name, " webhook:"); ok {
		name = "webhook " + hook + " " + method
	}
	return braces.ReplaceAllString(name, "{}")
}

func ourBreaking(t *testing.T, old, next string) (map[string][]string, bool) {
	t.Helper()
	before, err := openapi.Loader{Plain: true}.Load(old)
	if err != nil {
		return nil, false
	}
	after, err := openapi.Loader{Plain: true}.Load(next)
	if err != nil {
		return nil, false
	}
	changes, err := Compare(before, after)
	require.NoError(t, err)
	found := make(map[string][]string)
	for _, c := range changes {
		if c.Level == Breaking {
			name := common(c.ID, c.Operation)
			found[name] = append(found[name], c.ID)
		}
	}
	return found, true
}

// pairs are the cases of the peer: a base and what became of it.
func pairs(t *testing.T, dir string) [][2]string {
	t.Helper()
	var list [][2]string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(entry.Name(), "base") {
			return err
		}
		for _, word := range []string{"revision", "modified"} {
			other := filepath.Join(filepath.Dir(path), strings.Replace(entry.Name(), "base", word, 1))
			if _, err := os.Stat(other); err == nil {
				list = append(list, [2]string{path, other}, [2]string{other, path})
			}
		}
		return nil
	}))
	return list
}

// exception says why the two differ on an operation of a case, by what one of them
// says there.
type exception struct {
	name   string // begins the case's
	id     string // of the one that says that it breaks
	reason string
}

// argued reports whether there is a reason for each of the ids.
func argued(list []exception, name string, ids []string) bool {
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(e exception) bool { return e.id == id && strings.HasPrefix(name, e.name) }) {
			return false
		}
	}
	return true
}

func differ(t *testing.T, program, old, next, name string) (asked bool) {
	t.Helper()
	theirs, ok := peerErrors(t, program, old, next)
	ours, fine := ourBreaking(t, old, next)
	if !ok || !fine {
		t.Logf("not compared: %s (the peer reads it: %v, we do: %v)", name, ok, fine)
		return false
	}
	for _, operation := range slices.Sorted(maps.Keys(theirs)) {
		ids := compact(theirs[operation])
		if len(ours[operation]) > 0 {
			continue
		}
		assert.True(t, argued(onlyTheirs, name, ids), "%s: %s: the peer alone says that it breaks: %v", name, operation, ids)
	}
	for _, operation := range slices.Sorted(maps.Keys(ours)) {
		ids := compact(ours[operation])
		if len(theirs[operation]) > 0 {
			continue
		}
		assert.True(t, argued(onlyOurs, name, ids), "%s: %s: we alone say that it breaks: %v", name, operation, ids)
	}
	return true
}

func compact(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestBreaksWhatThePeerSaysBreaksInItsOwnCases(t *testing.T) {
	program, dir := installPeer(t)
	count := 0
	for _, p := range pairs(t, dir) {
		name, _ := filepath.Rel(dir, p[0])
		if differ(t, program, p[0], p[1], name+" to "+filepath.Base(p[1])) {
			count++
		}
	}
	assert.Greater(t, count, 300)
	t.Logf("%d cases compared", count)
}

// TWINSPECT_OCTOKIT is a folder with two versions of GitHub's document, old.json and
// new.json: generated/api.github.com.json of npm's @octokit/openapi 20.0.0 and 23.0.2.
func TestBreaksWhatThePeerSaysBreaksInTheGreatestDocument(t *testing.T) {
	dir := os.Getenv("TWINSPECT_OCTOKIT")
	if dir == "" {
		t.Skip("TWINSPECT_OCTOKIT names no folder")
	}
	program, _ := installPeer(t)
	assert.True(t, differ(t, program, filepath.Join(dir, "old.json"), filepath.Join(dir, "new.json"), "octokit"))
}

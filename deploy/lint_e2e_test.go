//go:build e2e

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The linter knows the events, contexts and expressions of workflows, and the inputs and
// outputs of an action in the same repository.
func TestTheWorkflowOfGitHubIsOne(t *testing.T) {
	root := t.TempDir()
	workflows := filepath.Join(root, ".github/workflows")
	require.NoError(t, os.MkdirAll(workflows, 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(root, ".git"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(root, "gate"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "gate/action.yml"), []byte(read(t, "github/action.yml")), 0o600))
	lint := func(text string) (string, error) {
		require.NoError(t, os.WriteFile(filepath.Join(workflows, "release.yml"), []byte(text), 0o600))
		cmd := exec.CommandContext(t.Context(), "go", "run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12", "-no-color") //nolint:gosec // constants
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	text := replaced(t, read(t, "github/example.yml"), "shop/twinspect/deploy/github@v1.4.0", "./gate")
	out, err := lint(text)
	assert.NoError(t, err, out)
	out, err = lint(replaced(t, text, "base-digest:", "base-digets:"))
	assert.Error(t, err)
	assert.Contains(t, out, "base-digets", "an input that is not there is told")
}

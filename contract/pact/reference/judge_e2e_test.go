//go:build e2e

package reference_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/fixtures/stand/kube/buildcache"
)

// pythonPackages are the DSL and the library of the reference, pact_ffi.
var pythonPackages = []string{"pact-python==3.4.1", "pact-python-ffi==0.5.12.1"}

// python returns the interpreter of a virtual environment that has the reference.
func python(t *testing.T) string {
	const part = "pact-python-3.4.1"
	// An environment holds its own path, so it is made where it stays.
	folder, err := buildcache.Folder()
	require.NoError(t, err)
	home := filepath.Join(folder, part+"-venv")
	pip := append([]string{filepath.Join(home, "bin", "pip"), "install", "--quiet"}, pythonPackages...)
	_, err = buildcache.Once(t.Context(), part, func(ctx context.Context, dir string) error {
		for _, args := range [][]string{{"python3", "-m", "venv", "--clear", home}, pip} {
			if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", args, err, out)
			}
		}
		return os.WriteFile(filepath.Join(dir, "done"), nil, 0o600)
	})
	if err != nil {
		t.Skipf("no virtual environment with %v: %v", pythonPackages, err)
	}
	return filepath.Join(home, "bin", "python")
}

// judge is the reference, asked by testdata/judge.py.
type judge struct {
	in  io.Writer
	out *bufio.Reader
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "judge.log"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python(t), filepath.Join("testdata", "judge.py"))
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PACT_DO_NOT_TRACK=true")
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s", text[max(len(text)-4000, 0):])
		}
	})
	return &judge{in, bufio.NewReader(out)}
}

type order struct {
	Do       string `json:"do"`
	Dir      string `json:"dir,omitempty"`
	Pact     string `json:"pact,omitempty"`
	Port     int    `json:"port,omitempty"`
	States   string `json:"states,omitempty"`
	Messages string `json:"messages,omitempty"`
}

func (j *judge) ask(t *testing.T, o order, answer any) {
	t.Helper()
	require.NoError(t, json.NewEncoder(j.in).Encode(o))
	line, err := j.out.ReadBytes('\n')
	require.NoError(t, err, "the reference ended")
	require.NoError(t, json.Unmarshal(line, &struct {
		Answer any `json:"answer"`
	}{answer}))
}

// verdict is what the reference found of a pact.
type verdict struct {
	Result             bool
	Errors             []struct{ Interaction string }
	InteractionResults []struct {
		Description, Result string
		Mismatch            json.RawMessage
	}
}

// failed maps each interaction to whether it failed.
func (v *verdict) failed() map[string]bool {
	all := make(map[string]bool)
	for _, r := range v.InteractionResults {
		all[r.Description] = r.Result != "OK"
	}
	return all
}

// why is what the reference has against an interaction.
func (v *verdict) why(description string) string {
	for _, r := range v.InteractionResults {
		if r.Description == description {
			return string(r.Mismatch)
		}
	}
	return ""
}

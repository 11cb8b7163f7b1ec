package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeProgram stands for twinspect: it notes its arguments, one a line, writes what the real
// one would, and ends as CODE_ and the name of its command say.
const fakeProgram = `#!/bin/sh
command=$1
{ echo "== $*"; for a in "$@"; do echo "$a"; done; } >>"$CALLS"
report=
previous=
for a in "$@"; do
  [ "$previous" != --report ] || report=$a
  previous=$a
done
eval "code=\${CODE_$(echo "$command" | tr - _):-0}"
if [ -n "$report" ] && [ "$code" -le 3 ] && [ "$code" != 2 ] && [ -z "${AWAY:-}" ]; then
  mkdir -p "$report"
  case $command in
  gate)
    echo '{}' >"$report/verdict.json"
    echo '<testsuites/>' >"$report/junit.xml"
    echo "the gate's words" >"$report/summary.md"
    ;;
  *) echo '{}' >"$report/evidence.json" ;;
  esac
fi
exit "$code"
`

// bench is a folder in which a step runs, with a program called twinspect.
type bench struct {
	t      *testing.T
	folder string
	env    []string
}

// newBench makes a bench with a program; "" is for the fake one.
func newBench(t *testing.T, program string) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir()}
	bin := filepath.Join(b.folder, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	if program == "" {
		require.NoError(t, os.WriteFile(filepath.Join(bin, "twinspect"), []byte(fakeProgram), 0o700)) //nolint:gosec // it is run
	} else {
		require.NoError(t, os.Symlink(program, filepath.Join(bin, "twinspect")))
	}
	step, err := filepath.Abs("step/twinspect-step")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(step, filepath.Join(bin, "twinspect-step")))
	b.set("PATH", bin+":/usr/bin:/bin")
	b.set("HOME", b.folder)
	b.set("CALLS", filepath.Join(b.folder, "calls"))
	return b
}

func (b *bench) set(name, value string) { b.env = append(b.env, name+"="+value) }

// runs runs a command in the folder and returns its code and what it printed.
func (b *bench) runs(args ...string) (code int, printed string) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), args[0], args[1:]...) //nolint:gosec // of this folder
	cmd.Dir, cmd.Env = b.folder, b.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(b.t, err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// script runs a script by a shell, that ends at the first command which fails.
func (b *bench) script(shell, text string) (code int, printed string) {
	b.t.Helper()
	path := filepath.Join(b.folder, "script")
	require.NoError(b.t, os.WriteFile(path, []byte(text), 0o600))
	return b.runs(shell, "-e", path)
}

// file returns the text of a file in the folder, "" where it is not there.
func (b *bench) file(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.folder, name)) //nolint:gosec // of this test
	if !os.IsNotExist(err) {
		require.NoError(b.t, err)
	}
	return strings.TrimSpace(string(text))
}

// calls returns the arguments of the calls of the fake program.
func (b *bench) calls() [][]string {
	b.t.Helper()
	var calls [][]string
	for line := range strings.Lines(b.file("calls") + "\n") {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "== "):
			calls = append(calls, nil)
		case len(calls) > 0:
			calls[len(calls)-1] = append(calls[len(calls)-1], line)
		}
	}
	return calls
}

// wanted is what becomes of a code of the gate.
type wanted struct {
	gate    int
	verdict string
}

// codes are those that twinspect gate ends with.
var codes = []wanted{{0, "promote"}, {1, "rollback"}, {3, "hold"}, {2, "hold"}, {130, "hold"}}

func (b *bench) release() {
	b.set("TWINSPECT_SERVICE", "catalog")
	b.set("TWINSPECT_DIGEST", "sha256:"+strings.Repeat("a", 64))
	b.set("TWINSPECT_GATE_URL", "https://gate.example")
}

func text(n int) string { return strconv.Itoa(n) }

package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// piece is a pipeline's own way to ask: it runs its scripts on a bench, and returns the code
// and the verdict that later steps see.
type piece func(*bench) (code int, verdict string)

// github runs the steps of the action as the runner does.
func github(b *bench) (code int, verdict string) {
	b.t.Helper()
	action, err := filepath.Abs("github")
	require.NoError(b.t, err)
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"} {
		b.set(name, filepath.Join(b.folder, name))
	}
	b.set("GITHUB_ACTION_PATH", action)
	b.set("TWINSPECT_REPORT", "twinspect-report")
	code, _ = b.script("bash", gateStep(b.t)["run"].(string))
	return code, strings.TrimPrefix(b.file("GITHUB_OUTPUT"), "verdict=")
}

func gateStep(t *testing.T) object {
	t.Helper()
	return at(t, documents(t, "github/action.yml")[0], "runs", "steps", 1).(object)
}

// gitlab runs script and after_script of the job as the runner does.
func gitlab(b *bench) (code int, verdict string) {
	b.t.Helper()
	job := at(b.t, documents(b.t, "gitlab/twinspect.gitlab-ci.yml")[1], ".twinspect-told").(object)
	code, _ = b.script("sh", lines(job["script"]))
	after, printed := b.script("sh", lines(job["after_script"]))
	require.Zero(b.t, after, printed)
	return code, strings.TrimPrefix(b.file("twinspect-report/verdict.env"), "TWINSPECT_VERDICT=")
}

func lines(list any) (text string) {
	for _, line := range list.([]any) {
		text += line.(string) + "\n"
	}
	return text
}

// tekton runs the task's script as its container does.
func tekton(b *bench) (code int, verdict string) {
	b.t.Helper()
	step := at(b.t, documents(b.t, "tekton/task.yaml")[0], "spec", "steps", 0).(object)
	b.set("RESULT", filepath.Join(b.folder, "result"))
	b.set("TWINSPECT_REPORT", "twinspect-report")
	path := filepath.Join(b.folder, "task")
	require.NoError(b.t, os.WriteFile(path, []byte(step["script"].(string)), 0o700)) //nolint:gosec // it is run
	code, _ = b.runs(path)
	return code, b.file("result")
}

var pieces = map[string]piece{"github": github, "gitlab": gitlab, "tekton": tekton}

func TestEveryPieceEndsAsTheGateDoes(t *testing.T) {
	for name, run := range pieces {
		for _, w := range codes {
			t.Run(name+text(w.gate), func(t *testing.T) {
				b := newBench(t, "")
				b.release()
				b.set("CODE_gate", text(w.gate))
				code, verdict := run(b)
				assert.Equal(t, w.gate, code)
				assert.Equal(t, w.verdict, verdict)
			})
		}
		t.Run(name+" without a program", func(t *testing.T) {
			b := newBench(t, "")
			b.release()
			require.NoError(t, os.Remove(filepath.Join(b.folder, "bin/twinspect")))
			code, verdict := run(b)
			assert.Equal(t, 2, code)
			assert.Equal(t, "hold", verdict)
		})
		t.Run(name+" without its step", func(t *testing.T) {
			if name == "github" {
				t.Skip("the action brings the step with it")
			}
			b := newBench(t, "")
			b.release()
			require.NoError(t, os.Remove(filepath.Join(b.folder, "bin/twinspect-step")))
			code, verdict := run(b)
			assert.NotZero(t, code)
			assert.Equal(t, "hold", verdict)
		})
	}
}

func TestTheSummaryOfGitHubIsTheGatesOwn(t *testing.T) {
	b := newBench(t, "")
	b.release()
	github(b)
	assert.Equal(t, "the gate's words", b.file("GITHUB_STEP_SUMMARY"))
}

// Texts of others, as names of branches, are values of the environment: were they part of a
// script, they would run.
func TestNoInputStandsInAScript(t *testing.T) {
	steps := at(t, documents(t, "github/action.yml")[0], "runs", "steps").([]any)
	for _, s := range steps {
		if run, ok := s.(object)["run"].(string); ok {
			assert.NotContains(t, run, "${{")
		}
	}
	job := at(t, documents(t, "gitlab/twinspect.gitlab-ci.yml")[1], ".twinspect-told").(object)
	assert.NotContains(t, lines(job["script"])+lines(job["after_script"]), "$[[")
	step := at(t, documents(t, "tekton/task.yaml")[0], "spec", "steps", 0).(object)
	assert.NotContains(t, step["script"], "$(params")
}

func TestEveryInputOfGitHubReachesTheStep(t *testing.T) {
	action := documents(t, "github/action.yml")[0]
	used := read(t, "github/action.yml")
	script := read(t, "step/twinspect-step")
	for name := range at(t, action, "inputs").(object) {
		assert.Contains(t, used, "inputs."+name, name)
	}
	for name := range at(t, gateStep(t), "env").(object) {
		assert.Contains(t, script, name)
	}
	task := read(t, "tekton/task.yaml")
	for _, p := range at(t, documents(t, "tekton/task.yaml")[0], "spec", "params").([]any) {
		assert.Contains(t, task, "$(params."+p.(object)["name"].(string)+")")
	}
}

func TestExamplesDeployOnPromoteAlone(t *testing.T) {
	workflow := documents(t, "github/example.yml")[0]
	assert.Contains(t, at(t, workflow, "jobs", "deploy", "if"), "needs.gate.outputs.verdict == 'promote'")
	with := at(t, workflow, "jobs", "gate", "steps", 3, "with").(object)
	for name := range with {
		assert.Contains(t, at(t, documents(t, "github/action.yml")[0], "inputs"), name)
	}
	assert.Contains(t, read(t, "gitlab/example.gitlab-ci.yml"), `test "$TWINSPECT_VERDICT" = promote`)
	assert.NotContains(t, at(t, documents(t, "gitlab/twinspect.gitlab-ci.yml")[1], ".twinspect-gate").(object), "allow_failure")
	assert.Contains(t, read(t, "jenkins/Jenkinsfile"), "skipStagesAfterUnstable()")
	when := at(t, documents(t, "tekton/pipeline.yaml")[0], "spec", "tasks", 1, "when").([]any)
	assert.Equal(t, []any{object{"input": "$(tasks.gate.results.verdict)", "operator": "in", "values": []any{"promote"}}}, when)
}

//go:build e2e

package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// groovy is the version that Jenkins runs pipelines with.
const groovy = "org.codehaus.groovy:groovy-all:2.4.21"

// jenkins stands for the steps of Jenkins that the shared step calls: sh runs its script with
// the variables of withEnv and of credentials, the others are noted.
const jenkins = `
import groovy.json.JsonOutput
def outcome = [build: 'SUCCESS', junit: null, archived: null, verdict: null]
def env = [:]
class Stop extends RuntimeException { Stop(String m) { super(m) } }
def shell = new GroovyShell(this.class.classLoader)
def step = shell.parse(new File(args[0]))
def mock = step.metaClass
mock.error = { String m -> outcome.build = 'FAILURE'; throw new Stop(m) }
mock.unstable = { String m -> outcome.build = 'UNSTABLE' }
mock.string = { Map m -> m }
mock.withEnv = { List l, Closure c -> l.each { def (k, v) = it.split('=', 2); env[k] = v }; c() }
mock.withCredentials = { List l, Closure c -> l.each { env[it.variable] = 'secret of ' + it.credentialsId }; c() }
mock.junit = { Map m -> outcome.junit = m }
mock.archiveArtifacts = { Map m -> outcome.archived = m.artifacts }
mock.sh = { Map m ->
  def b = new ProcessBuilder('/usr/bin/env', 'sh', '-xe', '-c', m.script).directory(new File(args[1])).inheritIO()
  b.environment().putAll(env)
  def code = b.start().waitFor()
  if (m.returnStatus) return code
  if (code != 0) throw new Stop("code " + code)
}
try {
  outcome.verdict = step.call(new groovy.json.JsonSlurper().parseText(args[2]))
} catch (Stop e) { outcome.error = e.message }
new File(args[1], 'outcome').text = JsonOutput.toJson(outcome)
`

type outcome struct {
	Build, Verdict, Archived, Error string
	Junit                           struct {
		TestResults              string
		SkipMarkingBuildUnstable bool
	}
}

// asJenkins calls the shared step as a pipeline does.
func asJenkins(t *testing.T, b *bench, args map[string]any) (o outcome) {
	t.Helper()
	step, err := filepath.Abs("jenkins/vars/twinspectGate.groovy")
	require.NoError(t, err)
	harness := filepath.Join(b.folder, "harness.groovy")
	require.NoError(t, os.WriteFile(harness, []byte(jenkins), 0o600))
	text, err := json.Marshal(args)
	require.NoError(t, err)
	code, printed := b.runs("java", "-cp", jar(t), "groovy.ui.GroovyMain", harness, step, b.folder, string(text))
	require.Zero(t, code, printed)
	require.NoError(t, json.Unmarshal([]byte(b.file("outcome")), &o), printed)
	return o
}

// jar returns the file of Groovy, which Maven keeps.
func jar(t *testing.T) string {
	t.Helper()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	path := filepath.Join(home, ".m2/repository/org/codehaus/groovy/groovy-all/2.4.21/groovy-all-2.4.21.jar")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	out, err := exec.CommandContext(t.Context(), "mvn", "-q", "-B", "dependency:get", "-Dartifact="+groovy).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func TestTheBuildOfJenkinsIsWhatTheGateSays(t *testing.T) {
	builds := map[int]string{0: "SUCCESS", 1: "FAILURE", 3: "UNSTABLE", 2: "FAILURE", 130: "FAILURE"}
	verdicts := map[int]string{0: "promote", 3: "hold"}
	for gate, build := range builds {
		t.Run(text(gate), func(t *testing.T) {
			b := newBench(t, "")
			b.set("CODE_gate", text(gate))
			o := asJenkins(t, b, map[string]any{
				"service": "catalog", "digest": "sha256:a", "server": "https://gate.example", "credentialsId": "gate",
				"diffRun": []string{"traffic.twin", "--base=http://base.example"}, "wait": "30m",
			})
			assert.Equal(t, build, o.Build)
			assert.Equal(t, verdicts[gate], o.Verdict)
			assert.Equal(t, build == "FAILURE", o.Error != "")
			assert.Equal(t, "twinspect-report/junit.xml", o.Junit.TestResults)
			assert.True(t, o.Junit.SkipMarkingBuildUnstable, "the counts of a report are no verdict")
			assert.Equal(t, "twinspect-report/**", o.Archived)
			calls := b.calls()
			require.Len(t, calls, 3)
			assert.Equal(t, []string{"diff-run", "--report", "twinspect-report/diff-run", "traffic.twin", "--base=http://base.example"}, calls[0])
			assert.Contains(t, calls[2], "30m")
		})
	}
}

func TestAnArgumentThatJenkinsDoesNotKnowIsToldOf(t *testing.T) {
	b := newBench(t, "")
	o := asJenkins(t, b, map[string]any{"service": "catalog", "digset": "sha256:a"})
	assert.Equal(t, "FAILURE", o.Build)
	assert.Contains(t, o.Error, "digset")
	assert.Empty(t, b.calls())
}

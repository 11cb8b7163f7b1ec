package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheStepEndsAsTheGateDoes(t *testing.T) {
	for _, w := range codes {
		for _, onHold := range []string{"", "fail", "pass"} {
			t.Run(text(w.gate)+onHold, func(t *testing.T) {
				b := newBench(t, "")
				b.release()
				b.set("TWINSPECT_ON_HOLD", onHold)
				b.set("CODE_gate", text(w.gate))
				code, printed := b.runs("env", "twinspect-step")
				want := w.gate
				if w.gate == 3 && onHold == "pass" {
					want = 0
				}
				assert.Equal(t, want, code, printed)
				assert.Equal(t, w.verdict, b.file("twinspect-report/verdict"))
				assert.NotEmpty(t, b.file("twinspect-report/summary.md"))
			})
		}
	}
}

func TestAnEarlierReportIsNotTakenForThisOne(t *testing.T) {
	b := newBench(t, "")
	b.release()
	report := filepath.Join(b.folder, "twinspect-report")
	require.NoError(t, os.Mkdir(report, 0o700))
	for _, name := range []string{"verdict", "verdict.json", "junit.xml", "summary.md"} {
		require.NoError(t, os.WriteFile(filepath.Join(report, name), []byte("promote"), 0o600))
	}
	b.set("AWAY", "yes")
	b.set("CODE_gate", "3")
	code, _ := b.runs("env", "twinspect-step")
	assert.Equal(t, 3, code)
	assert.Equal(t, "hold", b.file("twinspect-report/verdict"))
	assert.Contains(t, b.file("twinspect-report/summary.md"), "did not answer")
	assert.NoFileExists(t, filepath.Join(report, "verdict.json"))
	assert.NoFileExists(t, filepath.Join(report, "junit.xml"))
}

func TestRunsThatFindFaultsAreForTheGateToWeigh(t *testing.T) {
	for _, c := range []int{0, 1, 3} {
		b := newBench(t, "")
		b.release()
		b.set("TWINSPECT_DIFF_RUN", "  traffic with a space.twin\r\n\n--base=http://127.0.0.1:1\n--rules=*\n")
		b.set("TWINSPECT_CONTRACT_RUN", "openapi.yaml\n--provider=$(touch never)")
		b.set("TWINSPECT_EVIDENCE", "more.json\n\nfolder")
		b.set("TWINSPECT_BASE_DIGEST", "sha256:b")
		b.set("TWINSPECT_SIGNING_KEY", "key")
		b.set("TWINSPECT_WEIGHT", "0.2")
		b.set("TWINSPECT_WAIT", "1m")
		b.set("CODE_diff_run", text(c))
		b.set("CODE_contract_run", text(c))
		code, printed := b.runs("env", "twinspect-step")
		require.Equal(t, 0, code, printed)
		subject := []string{"--service", "catalog", "--digest", "sha256:" + strings.Repeat("a", 64), "--base-digest", "sha256:b"}
		assert.Equal(t, [][]string{
			{"diff-run", "--report", "twinspect-report/diff-run", "traffic with a space.twin", "--base=http://127.0.0.1:1", "--rules=*"},
			{"contract-run", "--report", "twinspect-report/contract-run", "openapi.yaml", "--provider=$(touch never)"},
			append(append([]string{"evidence", "push"}, subject...), "--sign", "env:TWINSPECT_SIGNING_KEY",
				"twinspect-report/diff-run/evidence.json", "twinspect-report/contract-run/evidence.json", "more.json", "folder"),
			append(append([]string{"gate"}, subject...), "--report", "twinspect-report", "--weight", "0.2", "--wait", "1m"),
		}, b.calls())
		assert.NoFileExists(t, filepath.Join(b.folder, "never"))
	}
}

func TestARunThatFailedIsEvidenceOfNothing(t *testing.T) {
	for _, c := range []int{2, 130} {
		b := newBench(t, "")
		b.release()
		b.set("TWINSPECT_DIFF_RUN", "traffic.twin")
		b.set("CODE_diff_run", text(c))
		code, printed := b.runs("env", "twinspect-step")
		assert.Equal(t, c, code)
		assert.Contains(t, printed, "diff-run ended with "+text(c))
		assert.Len(t, b.calls(), 1, "nothing is filed, and the gate is not asked")
		assert.Equal(t, "hold", b.file("twinspect-report/verdict"))
	}
}

func TestEvidenceThatCannotBeFiledHolds(t *testing.T) {
	for _, c := range []int{1, 2, 3} {
		b := newBench(t, "")
		b.release()
		b.set("TWINSPECT_EVIDENCE", "evidence.json")
		b.set("CODE_evidence", text(c))
		code, _ := b.runs("env", "twinspect-step")
		assert.NotZero(t, code)
		assert.Len(t, b.calls(), 1)
		assert.NotEqual(t, "promote", b.file("twinspect-report/verdict"))
	}
}

func TestTheStepDecidesWithoutAServer(t *testing.T) {
	b := newBench(t, "")
	b.release()
	b.set("TWINSPECT_GATE_URL", "")
	b.set("TWINSPECT_POLICY", "gate.yaml")
	b.set("TWINSPECT_EVIDENCE", "a.json\nb c.json")
	b.set("TWINSPECT_KEYS", "ci.pub")
	code, printed := b.runs("env", "twinspect-step")
	require.Equal(t, 0, code, printed)
	require.Len(t, b.calls(), 1)
	assert.Equal(t, []string{"--policy", "gate.yaml", "--evidence=a.json", "--evidence=b c.json", "--key=ci.pub"}, b.calls()[0][7:])
}

func TestWhatIsNotSaidIsAskedFor(t *testing.T) {
	for name, set := range map[string]func(*bench){
		"TWINSPECT_SERVICE":  func(b *bench) { b.set("TWINSPECT_SERVICE", "") },
		"TWINSPECT_DIGEST":   func(b *bench) { b.set("TWINSPECT_DIGEST", "") },
		"TWINSPECT_GATE_URL": func(b *bench) { b.set("TWINSPECT_GATE_URL", "") },
		"not both":           func(b *bench) { b.set("TWINSPECT_POLICY", "gate.yaml") },
		"fail or pass":       func(b *bench) { b.set("TWINSPECT_ON_HOLD", "maybe") },
		"on the PATH":        func(b *bench) { require.NoError(b.t, os.Remove(filepath.Join(b.folder, "bin/twinspect"))) },
	} {
		b := newBench(t, "")
		b.release()
		set(b)
		code, printed := b.runs("env", "twinspect-step")
		assert.Equal(t, 2, code, name)
		assert.Contains(t, printed, name)
		assert.Equal(t, "hold", b.file("twinspect-report/verdict"))
		assert.Empty(t, b.calls())
	}
}

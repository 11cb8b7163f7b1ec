package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/accept"
	"twinspect.dev/diff/report"
	"twinspect.dev/diff/rules"
)

// writeText writes a file and returns its name.
func writeText(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// judgedRun is the evidence of a run: a status that is another one, a price that
// is, a note that may be, and a time that base changes itself.
func judgedRun() *diff.Report {
	difference := func(j diff.Judgement, part diff.Part, path string, kind diff.Kind, control uint64) diff.Difference {
		return diff.Difference{
			Cell:      diff.Cell{Operation: "GET /products/{id}", Place: diff.Place{Part: part, Path: path}, Kind: kind},
			Counts:    diff.Counts{N: 60, Branch: 60, Control: control, BranchOnly: 60 - control, Paired: true},
			Judgement: j, EValue: 1, OneValue: true, Reason: "because", Category: diff.CauseUnknown, Remedy: diff.Escalate,
			Examples: []diff.Example{{Method: "GET", Target: "/products/1", At: path, Base: "200", Branch: "201"}},
		}
	}
	r := &diff.Report{
		Schema: diff.Schema, Version: diff.SchemaVersion, Verdict: diff.Fail, ErrorRate: 0.05,
		Sides:      []diff.SideInfo{{Side: "control", Asked: 60, Answered: 60}},
		Operations: []diff.Operation{{Name: "GET /products/{id}", Compared: 60}},
		Rules:      &diff.RulesInfo{File: "absent.yaml", Rules: []diff.RuleInfo{{Line: 3, What: "class uuid at $.id", Reason: "r"}}},
		Differences: []diff.Difference{
			difference(diff.Regression, diff.Status, "", diff.Changed, 0), difference(diff.Regression, diff.Body, "$.price", diff.Changed, 0),
			difference(diff.Suspect, diff.Body, "$.note", diff.Removed, 0), difference(diff.Noise, diff.Body, "$.at", diff.Changed, 60),
		},
	}
	r.Differences[0].EValue, r.Differences[0].BranchSessions = 1234.5, 60
	r.Differences[2].MoreSamples, r.Differences[3].Learned = 17, "time"
	return r
}

func writeEvidence(t *testing.T, r *diff.Report) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, report.JSON(&b, r))
	return writeText(t, "evidence.json", b.String())
}

func TestRulesAreSuggestedCheckedAndInForceInTheNextRun(t *testing.T) {
	var calls atomic.Int64
	ticking := func(path string) string {
		n := calls.Add(1)
		return fmt.Sprintf(`{"path":%q,"id":"7f1c2e6a-0f5b-4a53-9d0e-%012d"}`, path, n)
	}
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	base, branch := serve(t, ticking), serve(t, ticking)
	kept := filepath.Join(dir, "outcomes.twin")
	r := twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", branch, "--report", dir, "--keep", kept)
	require.NotEqual(t, 2, r.code, r.stdout+r.stderr) // a second may pass between two answers, which the Date field shows

	ruleFile := filepath.Join(dir, "twinspect.yaml")
	evidenceFile := filepath.Join(dir, "evidence.json")
	printed := twinspect(t.Context(), "rules", "suggest", evidenceFile)
	require.Zero(t, printed.code, printed.stderr)
	assert.Contains(t, printed.stdout, "class: uuid")
	r = twinspect(t.Context(), "rules", "suggest", evidenceFile, "-o", ruleFile)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "added: class uuid at $.id in GET /products/{id}")
	written, err := os.ReadFile(ruleFile)
	require.NoError(t, err)
	assert.Equal(t, printed.stdout, string(written))

	r = twinspect(t.Context(), "rules", "suggest", evidenceFile, "-o", ruleFile)
	assert.Zero(t, r.code)
	assert.Contains(t, r.stdout, "there already: class uuid at $.id")
	again, err := os.ReadFile(ruleFile)
	require.NoError(t, err)
	assert.Equal(t, written, again)

	r = twinspect(t.Context(), "rules", "check", ruleFile, "--outcomes", kept)
	assert.NotContains(t, r.stdout, "matched nothing", r.stderr)
	require.NoError(t, os.WriteFile(ruleFile, append(again, "  - {path: $.gone, class: uuid, reason: r}\n"...), 0o600))
	r = twinspect(t.Context(), "rules", "check", ruleFile, "--outcomes", kept)
	assert.Equal(t, 1, r.code, r.stderr)
	assert.Contains(t, r.stdout, "the rule matched nothing in the evidence")
}

func TestSuggestedRulesAreAddedToAFileWithItsComments(t *testing.T) {
	r := judgedRun()
	file := writeText(t, "twinspect.yaml", "# ours\nversion: 1\nrules:\n  - {path: $.id, class: uuid, reason: r} # keep\nservice: shop # last\n")
	out := twinspect(t.Context(), "rules", "suggest", writeEvidence(t, r), "-o", file)
	require.Zero(t, out.code, out.stderr)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(data), "# ours\nversion: 1\nrules:\n  - {path: $.id, class: uuid, reason: r} # keep\n  - path: $.at\n")
	assert.Contains(t, string(data), "service: shop # last\n")
	set, err := rules.Load(file)
	require.NoError(t, err)
	assert.Len(t, set.Counts(), 2)
	out = twinspect(t.Context(), "rules", "suggest", writeEvidence(t, r), "--min-support", "61")
	assert.Contains(t, out.stdout, "base differed from itself in 60 outcomes, and 61 are asked for")
}

func TestCheckEndsWithOneWhereARuleIsWrong(t *testing.T) {
	evidence := writeEvidence(t, judgedRun())
	sound := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {path: $.at, class: time, reason: r}\n")
	assert.Equal(t, result{0, sound + ": 1 rules, no problems\n", ""}, twinspect(t.Context(), "rules", "check", sound, "--evidence", evidence))
	bad := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {path: $.id, class: uuid, reason: r}\n")
	r := twinspect(t.Context(), "rules", "check", bad, "--evidence", evidence)
	assert.Equal(t, result{1, bad + ":3:6: the rule matched nothing in the evidence; remove it, or correct its place: what it was meant for may be called otherwise now\n", ""}, r)
	r = twinspect(t.Context(), "rules", "check", bad, "--evidence", evidence, "--json")
	assert.Equal(t, 1, r.code)
	var got struct{ Problems []rules.Problem }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got))
	require.Len(t, got.Problems, 1)
	assert.Equal(t, rules.MatchesNothing, got.Problems[0].Kind)
	assert.Zero(t, twinspect(t.Context(), "rules", "check", bad).code, "without evidence nobody knows")
}

func TestExplainTellsWhatDecided(t *testing.T) {
	evidence := writeEvidence(t, judgedRun())
	file := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {part: status, status: 404, ignore: true, reason: r}\n  - {part: status, status: 2xx, ignore: true, reason: r}\n")
	r := twinspect(t.Context(), "rules", "explain", evidence, "--difference", "1", "--rules", file)
	require.Zero(t, r.code, r.stderr)
	for _, want := range []string{
		"GET /products/{id}, status changed: regression", "branch differs from base in 60 of 60 outcomes, control in 0",
		"branch differs more in 60 blocks", "as rare as 1 in 1.23e+03 by chance", "other status  it is for status 404", "hides",
		"taken for unknown; what to do: escalate",
	} {
		assert.Contains(t, r.stdout, want)
	}
	r = twinspect(t.Context(), "rules", "explain", evidence, "--path", "$.note")
	assert.Contains(t, r.stdout, "about 17 more of the operation")
	assert.Contains(t, r.stdout, "none in absent.yaml, or it is not here")
	r = twinspect(t.Context(), "rules", "explain", evidence, "--path", "$.at", "--json", "--rules", file)
	var x explanation
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &x))
	assert.Len(t, x.Rules, 2)
	stdin, err := os.ReadFile(evidence)
	require.NoError(t, err)
	assert.Contains(t, withInput(t.Context(), string(stdin), "rules", "explain", "-", "--path", "status").stdout, "regression")
}

func TestAcceptedDifferencesAreAddedOnce(t *testing.T) {
	evidence := writeEvidence(t, judgedRun())
	file := filepath.Join(t.TempDir(), "twinspect.accepted.yaml")
	args := []string{"accept", evidence, "--reason", "answers 201 now: SHOP-1", "--by", "A. Person", "--file", file}
	r := twinspect(t.Context(), append(args, "--path", "status")...)
	require.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "GET /products/{id}, status changed to 201, until ")
	first, err := os.ReadFile(file)
	require.NoError(t, err)
	r = twinspect(t.Context(), append(args, "--difference", "1")...)
	assert.Zero(t, r.code)
	assert.Contains(t, r.stdout, "accepted already: ")
	second, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, first, second)

	r = twinspect(t.Context(), append(args, "--all")...)
	require.Zero(t, r.code, r.stderr)
	assert.Equal(t, 2, strings.Count(r.stdout, "added to"))
	set, err := accept.Load(file)
	require.NoError(t, err)
	assert.Len(t, set.Entries(), 3)
	report := judgedRun()
	assert.Equal(t, 3, set.Apply(report))
	r = twinspect(t.Context(), append(args, "--operation", "GET /products/{id}")...)
	assert.Contains(t, r.stdout, "not added: 1 that are noise")
}

func TestWrongUsageOfRulesAndAcceptEndsWithTwo(t *testing.T) {
	evidence := writeEvidence(t, judgedRun())
	nothing := judgedRun()
	nothing.Operations = nil
	empty := writeEvidence(t, nothing)
	sound, broken := writeText(t, "a.yaml", "version: 1\n"), writeText(t, "b.yaml", "version: 3\n")
	flow := writeText(t, "c.yaml", "{version: 1, rules: []}\n")
	for name, c := range map[string]struct {
		args string
		want string
	}{
		"broken rules":         {"rules check " + broken, "version 3 is not known"},
		"no rules":             {"rules check absent.yaml", "absent.yaml"},
		"no evidence":          {"rules check " + sound + " --evidence absent.json", "absent.json"},
		"rules for evidence":   {"rules check " + sound + " --evidence " + sound, "read evidence"},
		"nothing compared":     {"rules check " + sound + " --evidence " + empty, "nothing was compared"},
		"both":                 {"rules check " + sound + " --evidence a --outcomes b", "none of the others can be"},
		"no outcomes":          {"rules check " + sound + " --outcomes absent.twin", "absent.twin"},
		"no support":           {"rules suggest " + evidence + " --min-support 0", "--min-support"},
		"no days":              {"rules suggest " + evidence + " --days 0", "--days"},
		"broken output":        {"rules suggest " + evidence + " -o " + broken, "version 3 is not known"},
		"flow output":          {"rules suggest " + evidence + " -o " + flow, "by hand"},
		"which":                {"rules explain " + evidence, "which difference?"},
		"none":                 {"rules explain " + evidence + " --path $.x", "none of the 4 differences"},
		"several":              {"rules explain " + evidence + " --kind changed", "3 differences are meant"},
		"beyond":               {"rules explain " + evidence + " --difference 5", "the evidence has 4"},
		"rules not there":      {"rules explain " + evidence + " --difference 1 --rules absent.yaml", "absent.yaml"},
		"no reason":            {"accept " + evidence + " --all", "reason"},
		"empty reason":         {"accept " + evidence + " --all --reason=", "say why"},
		"accept which":         {"accept " + evidence + " --reason r", "which differences?"},
		"all and one":          {"accept " + evidence + " --reason r --all --difference 1", "none of the others can be"},
		"noise":                {"accept " + evidence + " --reason r --difference 4", "it is noise"},
		"a day that has gone":  {"accept " + evidence + " --reason r --all --expires 2020-01-01", "has passed"},
		"no day":               {"accept " + evidence + " --reason r --all --expires soon", "want a day"},
		"too many days":        {"accept " + evidence + " --reason r --all --expires 99999d", "want 1d"},
		"broken accepted file": {"accept " + evidence + " --reason r --all --file " + broken, "version 3 is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			r := twinspect(t.Context(), strings.Fields(c.args)...)
			assert.Equal(t, 2, r.code)
			assert.Contains(t, r.stderr, c.want)
			assert.Empty(t, r.stdout)
		})
	}
	assert.NoFileExists(t, accept.DefaultFile)
}

func TestHelpOfRulesAndAcceptHasAnExampleAndTheExitCodes(t *testing.T) {
	for _, name := range []string{"rules", "rules check", "rules suggest", "rules explain", "accept"} {
		r := twinspect(t.Context(), append(strings.Fields(name), "--help")...)
		assert.Zero(t, r.code)
		assert.Contains(t, r.stdout, "Examples:\n  ", name)
		assert.Contains(t, r.stdout, "130  interrupted", name)
	}
}

func TestFlagsAreCompletedFromTheEvidence(t *testing.T) {
	evidence := writeEvidence(t, judgedRun())
	r := twinspect(t.Context(), "__complete", "rules", "explain", evidence, "--path", "")
	assert.Contains(t, r.stdout, "$.at\n$.note\n$.price\nstatus\n")
	assert.Zero(t, twinspect(t.Context(), "__complete", "accept", "absent.json", "--kind", "").code)
}

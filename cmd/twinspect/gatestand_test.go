package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/gate"
	"twinspect.dev/release/simulate"
)

func TestAKeySignsWhatTheServerVerifiesAndGivesBack(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-p256"} {
		t.Run(algorithm, func(t *testing.T) {
			key := filepath.Join(t.TempDir(), "ci.key")
			made := releaseCommand(t.Context(), nil, "evidence", "key", "--algorithm", algorithm, key)
			require.Zero(t, made.code, made.stderr)
			info, err := os.Stat(key)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

			s := newGateStand(t, key+".pub")
			file := comparedJust(t, 500, diff.Pass)
			pushed := s.ask(t, of("evidence", "push", file, "--sign", "file:"+key, "--branch", "trunk", "--json")...)
			require.Zero(t, pushed.code, pushed.stderr)
			var p struct {
				Added    bool
				Evidence release.Evidence
			}
			require.NoError(t, json.Unmarshal([]byte(pushed.stdout), &p))
			assert.True(t, p.Added)
			assert.Equal(t, "ci", p.Evidence.Signer)
			assert.Equal(t, "trunk", p.Evidence.Origin.Branch)
			assert.Equal(t, subjectOf, p.Evidence.Subject)

			listed := s.ask(t, "evidence", "list", "--service", "catalog")
			require.Zero(t, listed.code, listed.stderr)
			assert.Regexp(t, `diff\s+pass\s+500\s+\S*111111111111\s+trunk\s+ci\s+`+p.Evidence.ID, listed.stdout)

			out := filepath.Join(t.TempDir(), "envelope.json")
			require.Zero(t, s.ask(t, "evidence", "show", p.Evidence.ID, "-o", out).code)
			shown := releaseCommand(t.Context(), nil, "evidence", "show", out, "--key", key+".pub")
			require.Zero(t, shown.code, shown.stderr)
			var e release.Evidence
			require.NoError(t, json.Unmarshal([]byte(shown.stdout), &e))
			assert.Equal(t, "ci", e.Signer)
			assert.Equal(t, p.Evidence.ID, e.ID)
		})
	}
}

func TestWhatWasFiledIsKnownAlready(t *testing.T) {
	s, file := newGateStand(t), comparedJust(t, 500, diff.Pass)
	for _, want := range []string{"  filed  diff, pass  ", "  known already  diff, pass  "} {
		r := s.ask(t, of("evidence", "push", file)...)
		require.Zero(t, r.code, r.stderr)
		assert.Contains(t, r.stdout, want)
	}
	empty := s.ask(t, "evidence", "list", "--service", "catalog", "--kind", "canary")
	assert.Zero(t, empty.code)
	assert.Contains(t, empty.stdout, "There is no evidence")
}

func TestListsReadOnPageAfterPage(t *testing.T) {
	s := newGateStand(t)
	for i := range 130 {
		document, err := os.ReadFile(comparedJust(t, uint64(1000+i), diff.Pass))
		require.NoError(t, err)
		_, _, err = s.gate.Push(t.Context(), "ci", document, subjectOf, release.Origin{})
		require.NoError(t, err)
	}
	for limit, want := range map[string]int{"50": 50, "120": 120, "1000": 130} {
		r := s.ask(t, "evidence", "list", "--service", "catalog", "--json", "--limit", limit)
		require.Zero(t, r.code, r.stderr)
		assert.Equal(t, want, strings.Count(r.stdout, "\n"))
	}
}

func TestPipelinesSayWhereEvidenceComesFrom(t *testing.T) {
	s := newGateStand(t)
	for name, test := range map[string]struct {
		variables map[string]string
		want      release.Origin
	}{
		"GitHub": {map[string]string{"GITHUB_HEAD_REF": "feature", "GITHUB_REF_NAME": "12/merge", "GITHUB_SHA": "abc", "GITHUB_RUN_ID": "77", "GITHUB_JOB": "verify",
			"GITHUB_REPOSITORY": "shop/catalog", "GITHUB_SERVER_URL": "https://github.com"},
			release.Origin{Branch: "feature", Commit: "abc", Pipeline: "77", Job: "verify", URL: "https://github.com/shop/catalog/actions/runs/77"}},
		"GitLab": {map[string]string{"CI_COMMIT_REF_NAME": "main", "CI_COMMIT_SHA": "abc", "CI_PIPELINE_ID": "8", "CI_JOB_NAME": "gate", "CI_JOB_URL": "https://gitlab.example/8"},
			release.Origin{Branch: "main", Commit: "abc", Pipeline: "8", Job: "gate", URL: "https://gitlab.example/8"}},
		"Jenkins": {map[string]string{"BRANCH_NAME": "main", "GIT_COMMIT": "abc", "BUILD_TAG": "jenkins-shop-9", "STAGE_NAME": "gate", "BUILD_URL": "https://jenkins.example/9"},
			release.Origin{Branch: "main", Commit: "abc", Pipeline: "jenkins-shop-9", Job: "gate", URL: "https://jenkins.example/9"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.variables[gateURLVariable], test.variables[gateTokenVariable] = s.URL, s.token
			n := map[string]uint64{"GitHub": 201, "GitLab": 202, "Jenkins": 203}[name]
			r := releaseCommand(t.Context(), test.variables, of("evidence", "push", "--json", comparedJust(t, n, diff.Pass))...)
			require.Zero(t, r.code, r.stderr)
			var p struct{ Evidence release.Evidence }
			require.NoError(t, json.Unmarshal([]byte(r.stdout), &p))
			assert.Equal(t, test.want, p.Evidence.Origin)
		})
	}
}

func TestWrongUsageOfEvidenceSaysWhatIsWanted(t *testing.T) {
	s, good, key := newGateStand(t), comparedJust(t, 500, diff.Pass), newKeys(t, "ci.key")
	signed := filepath.Join(t.TempDir(), "signed.json")
	require.Zero(t, s.ask(t, of("evidence", "sign", good, "--sign", "file:"+key, "-o", signed)...).code)
	for _, test := range []struct {
		args []string
		want string
	}{
		{of("evidence", "push"), "at least 1 arg"},
		{[]string{"evidence", "push", good}, "say which service"},
		{[]string{"evidence", "push", good, "--service", "catalog"}, "say which digest"},
		{[]string{"evidence", "push", signed, "--service", "cart"}, `the document is of the service "catalog", not of "cart"`},
		{of("evidence", "push", good, "--sign", key), "env:NAME or file:PATH"},
		{of("evidence", "push", good, "--sign", "file:"+key+".pub"), "--sign"},
		{of("evidence", "push", good, "--sign", "file:"+key+".not"), "no such file"},
		{of("evidence", "push", signed, "--sign", "file:"+key), "signed.json"},
		{of("evidence", "push", writeText(t, "other.json", `{"schema":"x"}`)), "no evidence that is known"},
		{of("evidence", "push", writeText(t, "twice.json", `{"schema":"x","schema":"y"}`)), "twice.json"},
		{[]string{"evidence", "list"}, "service"},
		{[]string{"evidence", "list", "--service", "catalog", "--kind", "difff"}, "want one of diff, provider, consumer, canary"},
		{[]string{"evidence", "list", "--service", "catalog", "--limit", "0"}, "want 1 or more"},
		{[]string{"evidence", "show"}, "accepts 1 arg"},
		{[]string{"evidence", "show", "sha256:12"}, "64 hexadecimal digits"},
		{[]string{"evidence", "show", otherDigest}, "there is none of this name"},
		{[]string{"evidence", "show", otherDigest, "--key", key + ".pub"}, "--key is for files"},
		{[]string{"evidence", "show", "absent.json"}, "absent.json"},
		{[]string{"evidence", "show", t.TempDir()}, "director"},
		{[]string{"evidence", "sign", good}, "--service NAME and --digest"},
		{[]string{"evidence", "sign", good, "--service", "catalog", "--digest", "latest"}, "latest"},
		{of("evidence", "sign", signed), "signed.json"},
		{of("evidence", "sign", good, "-o", filepath.Join(t.TempDir(), "no", "such")), "no such"},
		{[]string{"evidence", "key"}, "accepts 1 arg"},
		{[]string{"evidence", "key", key}, "choose another name"},
		{[]string{"evidence", "key", "--algorithm", "rsa", filepath.Join(t.TempDir(), "k")}, "--algorithm"},
	} {
		r := s.ask(t, test.args...)
		assert.Equal(t, 2, r.code, "%v: %s%s", test.args, r.stdout, r.stderr)
		assert.Contains(t, r.stderr, test.want, "%v", test.args)
		assert.NotContains(t, r.stderr, "--force", "%v", test.args)
	}
}

func TestAnotherDocumentThanTheOneThatWasAskedForIsNotGiven(t *testing.T) {
	url, out := answersWith(t, 200, "application/json", `{"schema":"forged"}`), filepath.Join(t.TempDir(), "evidence.json")
	r := releaseCommand(t.Context(), nil, "evidence", "show", otherDigest, "--server", url, "-o", out)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "another document")
	assert.NoFileExists(t, out)
}

func TestAPersonSetsAVerdictAsideAndTakesItBack(t *testing.T) {
	s := newGateStand(t)
	s.push(t, comparedJust(t, 5, diff.Pass))
	require.Equal(t, 3, s.ask(t, of("gate")...).code)
	filed := s.ask(t, "gate", "override", "--service", "catalog", "--digest", imageDigest, "--verdict", "promote", "--reason", "agreed in SHOP-412", "--for", "1h")
	require.Zero(t, filed.code, filed.stderr)
	id, _, _ := strings.Cut(filed.stdout, ":")
	assert.Zero(t, s.ask(t, of("gate")...).code)
	tooLong := s.ask(t, "gate", "override", "--service", "catalog", "--digest", imageDigest, "--verdict", "promote", "--reason", "x", "--for", "9h")
	assert.Equal(t, 2, tooLong.code)
	assert.Contains(t, tooLong.stderr, "4h")
	back := s.ask(t, "gate", "override", "--revoke", id)
	require.Zero(t, back.code, back.stderr)
	assert.Equal(t, "took back "+id+"\n", back.stdout)
	assert.Equal(t, 3, s.ask(t, of("gate")...).code)
	assert.Equal(t, 2, s.ask(t, "gate", "override", "--revoke", "ov_absent").code)
}

func TestAnIncidentStopsPromotionsUntilItEnds(t *testing.T) {
	s := newGateStand(t)
	s.push(t, comparedJust(t, 500, diff.Pass))
	require.Zero(t, s.ask(t, of("gate")...).code)
	var ids []string
	for _, pattern := range []string{"*", "cat*"} {
		r := s.ask(t, "gate", "stop", "--reason", "INC-204", "--services", pattern)
		require.Zero(t, r.code, r.stderr)
		ids = append(ids, strings.TrimSpace(r.stdout))
	}
	held := s.ask(t, of("gate")...)
	assert.Equal(t, 3, held.code)
	assert.Contains(t, held.stdout, "INC-204")
	r := s.ask(t, "gate", "resume", "st_absent", ids[0])
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "st_absent: ")
	assert.Equal(t, "ended "+ids[0]+"\n", r.stdout, "the others are ended none the less")
	all := s.ask(t, "gate", "resume", "--all")
	assert.Zero(t, all.code, all.stderr)
	assert.Equal(t, "ended "+ids[1]+"\n", all.stdout)
	assert.Zero(t, s.ask(t, of("gate")...).code)
	for _, args := range [][]string{{"gate", "stop", "--reason", "x"}, {"gate", "resume", "--all"}, {"gate", "override", "--revoke", "ov_1"}, {"evidence", "list", "--service", "x"}} {
		r := releaseCommand(t.Context(), map[string]string{gateURLVariable: noGate()}, args...)
		assert.Equal(t, 3, r.code, "%v", args)
		assert.Contains(t, r.stderr, "away", "%v", args)
	}
}

func TestAPolicyIsReplayedOverTheFilesOfThePast(t *testing.T) {
	folder := t.TempDir()
	for i, v := range []diff.Verdict{diff.Pass, diff.Fail, diff.Pass} {
		file := compared(t, time.Now().Add(time.Duration(i-5)*time.Hour), uint64(150+100*i), v)
		digest := fmt.Sprintf("sha256:%064d", i)
		r := releaseCommand(t.Context(), nil, "evidence", "sign", file, "--service", "catalog", "--digest", digest, "--base-digest", baseDigest, "-o", filepath.Join(folder, fmt.Sprint(i, ".json")))
		require.Zero(t, r.code, r.stderr)
	}
	policy := writeText(t, "gate.yaml", strings.Replace(catalogPolicy, "min_samples: 100", "min_samples: 200", 1))
	args := []string{"gate", "simulate", "--policy", policy, "--evidence", folder}
	r := releaseCommand(t.Context(), nil, append(args, "--json")...)
	require.Zero(t, r.code, r.stderr)
	var result simulate.Result
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &result))
	assert.Equal(t, 1, result.Totals.Would.Promoted)
	assert.Equal(t, 1, result.Totals.Would.Held)
	assert.Equal(t, 1, result.Totals.Would.RolledBack)
	text := releaseCommand(t.Context(), nil, append(args, "--verbose")...)
	require.Zero(t, text.code)
	assert.Contains(t, text.stdout, "thin")
}

func TestAPolicyIsReplayedOverTheNewestReleasesOfAServer(t *testing.T) {
	s := newGateStand(t)
	at := time.Now().UTC().Add(-150 * time.Hour)
	s.now = func() time.Time { return at }
	for i := range 130 {
		at = at.Add(time.Hour)
		subject := release.Subject{Service: "catalog", Digest: fmt.Sprintf("sha256:%064d", i), BaseDigest: baseDigest}
		_, err := s.gate.Announce(t.Context(), "ci", release.Deployment{Subject: subject})
		require.NoError(t, err)
		document, err := os.ReadFile(compared(t, at.Add(-time.Minute), uint64(500+i), diff.Pass))
		require.NoError(t, err)
		_, _, err = s.gate.Push(t.Context(), "ci", document, subject, release.Origin{})
		require.NoError(t, err)
		require.Equal(t, release.Promote, s.gate.Ask(t.Context(), gate.Ask{Subject: subject, Weight: 0.5}).Decision)
	}
	s.now = time.Now
	for limit, want := range map[string]int{"120": 120, "1000": 130} {
		r := s.ask(t, "gate", "simulate", "--policy", writeText(t, "gate.yaml", strings.Replace(catalogPolicy, "min_samples: 100", "min_samples: 600", 1)),
			"--service", "catalog", "--releases", limit, "--json")
		require.Zero(t, r.code, r.stderr)
		var result simulate.Result
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &result))
		assert.Len(t, result.Releases, want)
		assert.Equal(t, 30, result.Totals.Would.Promoted)
		assert.Equal(t, want-30, result.Totals.Would.Held)
		assert.Equal(t, want, result.Totals.Was.Promoted)
		assert.Equal(t, want-30, result.Totals.Differences)
		assert.Zero(t, result.Totals.Incomparable, "the weights are on record")
	}
	none := s.ask(t, "gate", "simulate", "--policy", writeText(t, "gate.yaml", catalogPolicy), "--service", "cart")
	assert.Equal(t, 2, none.code)
	assert.Contains(t, none.stderr, "knows no release of cart")
	gone := releaseCommand(t.Context(), nil, "gate", "simulate", "--policy", writeText(t, "gate.yaml", catalogPolicy), "--service", "cart", "--server", noGate())
	assert.Equal(t, 3, gone.code)
}

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

// releaseCommands are all of them, with a part of their help.
var releaseCommands = []string{
	"gate", "gate explain", "gate simulate", "gate check", "gate override", "gate stop", "gate resume",
	"evidence push", "evidence list", "evidence show", "evidence sign", "evidence key", "canary-run", "annotate",
}

func TestHelpOfEveryCommandOfTheGateHasAnExample(t *testing.T) {
	for _, name := range releaseCommands {
		t.Run(name, func(t *testing.T) {
			r := releaseCommand(t.Context(), nil, append(strings.Fields(name), "--help")...)
			assert.Zero(t, r.code)
			assert.Contains(t, r.stdout, "Examples:\n  ")
			assert.Contains(t, r.stdout, "twinspect "+name)
			if strings.Contains(name, " ") {
				assert.Contains(t, r.stdout, cli.ExitHelp)
			}
		})
	}
}

// Flags of the examples are those that there are.
func TestFlagsOfTheExamplesOfTheGateExist(t *testing.T) {
	for _, name := range releaseCommands {
		help := releaseCommand(t.Context(), nil, append(strings.Fields(name), "--help")...).stdout
		_, examples, _ := strings.Cut(help, "Examples:\n")
		examples, flags, _ := strings.Cut(examples, "\nFlags:\n")
		for _, word := range strings.Fields(examples) {
			flag, isFlag := strings.CutPrefix(word, "--")
			if isFlag && strings.Contains(examples, "twinspect "+name) {
				assert.Contains(t, flags, "--"+flag, name)
			}
		}
	}
}

func TestEvidenceDecidesWithoutAServer(t *testing.T) {
	policy := writeText(t, "gate.yaml", catalogPolicy)
	for name, test := range map[string]struct {
		evidence string
		code     int
		decision release.Decision
		says     string
	}{
		"good":    {comparedJust(t, 500, diff.Pass), 0, release.Promote, "500"},
		"bad":     {comparedJust(t, 500, diff.Fail), 1, release.Rollback, "GET /products"},
		"thin":    {comparedJust(t, 5, diff.Pass), 3, release.Hold, "100"},
		"unclear": {comparedJust(t, 500, diff.Inconclusive), 3, release.Hold, "inconclusive"},
		"old":     {compared(t, time.Now().Add(-48*time.Hour), 500, diff.Pass), 3, release.Hold, "24h"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "deep", "verdict")
			r := releaseCommand(t.Context(), nil, of("gate", "--policy", policy, "--evidence", test.evidence, "--report", out)...)
			assert.Equal(t, test.code, r.code, r.stdout+r.stderr)
			assert.Contains(t, r.stdout, test.says)
			assert.Empty(t, r.stderr)

			again := releaseCommand(t.Context(), nil, of("gate", "--policy", policy, "--evidence", test.evidence, "--json")...)
			assert.Equal(t, test.code, again.code)
			v, err := report.Read(strings.NewReader(again.stdout))
			require.NoError(t, err)
			assert.Equal(t, test.decision, v.Decision)
			assert.Equal(t, subjectOf, v.Subject)

			for file, has := range map[string]string{"verdict.json": `"verdict": "` + string(test.decision), "junit.xml": "<testsuites", "summary.md": "### "} {
				assert.Contains(t, contentOf(t, filepath.Join(out, file)), has)
			}
			told := releaseCommand(t.Context(), nil, "gate", "explain", filepath.Join(out, "verdict.json"))
			assert.Equal(t, test.code, told.code)
			assert.Contains(t, told.stdout, report.Short(imageDigest))
		})
	}
}

// The text is held as it is, but for what each run has of its own.
func TestAVerdictIsToldInWordsOnce(t *testing.T) {
	policy, evidence := writeText(t, "gate.yaml", catalogPolicy), comparedJust(t, 5, diff.Pass)
	r := releaseCommand(t.Context(), nil, of("gate", "--policy", policy, "--evidence", evidence, "--weight", "0.25")...)
	require.Equal(t, 3, r.code, r.stderr)
	assert.Equal(t, 1, strings.Count(r.stdout, "HOLD"), r.stdout)
	assert.Contains(t, r.stdout, "catalog")
	assert.NotContains(t, r.stdout, "\x1b", "no colours where there is no terminal")
}

func TestAFolderOfEvidenceIsTakenWhole(t *testing.T) {
	policy, folder := writeText(t, "gate.yaml", catalogPolicy), t.TempDir()
	for i, file := range []string{comparedJust(t, 500, diff.Pass), comparedJust(t, 600, diff.Fail)} {
		require.NoError(t, os.Rename(file, filepath.Join(folder, string(rune('a'+i))+" [x].json")))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("no evidence"), 0o600))
	r := releaseCommand(t.Context(), nil, of("gate", "--policy", policy, "--evidence", folder)...)
	assert.Equal(t, 1, r.code, r.stdout+r.stderr)
	none := releaseCommand(t.Context(), nil, of("gate", "--policy", policy)...)
	assert.Equal(t, 3, none.code, "a policy alone holds")
}

func TestEvidenceInAnEnvelopeSaysItselfWhatItIsOf(t *testing.T) {
	policy, file := writeText(t, "gate.yaml", catalogPolicy), comparedJust(t, 500, diff.Pass)
	foreign := filepath.Join(t.TempDir(), "foreign.json")
	r := releaseCommand(t.Context(), nil, "evidence", "sign", file, "--service", "catalog", "--digest", otherDigest, "--base-digest", baseDigest, "-o", foreign)
	require.Zero(t, r.code, r.stderr)
	r = releaseCommand(t.Context(), nil, of("gate", "--policy", policy, "--evidence", foreign, "--json")...)
	assert.Equal(t, 3, r.code)
	assert.Contains(t, r.stdout, `"foreign"`)
}

func TestAForgedEnvelopeDecidesNothing(t *testing.T) {
	policy, key := writeText(t, "gate.yaml", strings.Replace(catalogPolicy, "self_check: false", "self_check: false, signers: [ci]", 1)), newKeys(t, "ci.key")
	file, signed := comparedJust(t, 500, diff.Pass), filepath.Join(t.TempDir(), "signed.json")
	r := releaseCommand(t.Context(), nil, of("evidence", "sign", file, "--sign", "file:"+key, "-o", signed)...)
	require.Zero(t, r.code, r.stderr)
	ask := func(more ...string) result {
		return releaseCommand(t.Context(), nil, of(append([]string{"gate", "--policy", policy}, more...)...)...)
	}
	assert.Zero(t, ask("--evidence", signed, "--key", key+".pub").code)
	assert.Equal(t, 3, ask("--evidence", signed).code, "nobody's signature is trusted")
	assert.Equal(t, 3, ask("--evidence", file, "--key", key+".pub").code, "there is no signature")

	var envelope map[string]any
	require.NoError(t, json.Unmarshal([]byte(contentOf(t, signed)), &envelope))
	other := filepath.Join(t.TempDir(), "other.json")
	r = releaseCommand(t.Context(), nil, of("evidence", "sign", comparedJust(t, 900, diff.Pass), "-o", other)...)
	require.Zero(t, r.code, r.stderr)
	var unsigned map[string]any
	require.NoError(t, json.Unmarshal([]byte(contentOf(t, other)), &unsigned))
	envelope["payload"] = unsigned["payload"]
	text, err := json.Marshal(envelope)
	require.NoError(t, err)
	forged := ask("--evidence", writeText(t, "forged.json", string(text)), "--key", key+".pub")
	assert.Equal(t, 2, forged.code)
	assert.Contains(t, forged.stderr, "a signature is not good")
	assert.Empty(t, forged.stdout)
}

func TestTheServerIsAskedUntilItDoesNotHold(t *testing.T) {
	s := newGateStand(t)
	good := comparedJust(t, 500, diff.Pass)
	held := s.ask(t, of("gate")...)
	require.Equal(t, 3, held.code, held.stderr)
	assert.Contains(t, held.stdout, "HOLD")

	var asked atomic.Int32
	s.seen = func(r *http.Request) {
		if r.URL.Path == "/api/v1/verdict" && asked.Add(1) == 3 {
			document, err := os.ReadFile(good)
			assert.NoError(t, err)
			_, _, err = s.gate.Push(r.Context(), "ci", document, subjectOf, release.Origin{})
			assert.NoError(t, err)
		}
	}
	r := s.ask(t, of("gate", "--wait", "1m", "--every", "1ms")...)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, int32(3), asked.Load())
	assert.Equal(t, 1, strings.Count(r.stderr, "held: "), "what stays as it is, is told once: %s", r.stderr)
	assert.Contains(t, r.stdout, "PROMOTE")

	require.Zero(t, s.ask(t, of("annotate")...).code)
	explained := s.ask(t, "gate", "explain", "--service", "catalog") // what was announced last
	assert.Zero(t, explained.code, explained.stderr)
	assert.Contains(t, explained.stdout, "500")
}

func TestWaitingEndsWithItsTimeAndByAnInterrupt(t *testing.T) {
	s := newGateStand(t)
	r := s.ask(t, of("gate", "--wait", "20ms", "--every", "1h")...)
	assert.Equal(t, 3, r.code, "it asks once more at the end of its time")
	assert.Contains(t, r.stdout, "HOLD")

	ctx, interrupt := context.WithCancel(t.Context())
	s.seen = func(*http.Request) { interrupt() }
	r = releaseCommand(ctx, map[string]string{gateURLVariable: s.URL, gateTokenVariable: s.token}, of("gate", "--wait", "1h", "--every", "1h")...)
	assert.Equal(t, 130, r.code)
	assert.Contains(t, r.stderr, "interrupted")
	assert.Empty(t, r.stdout)
}

func TestAServerThatCannotAnswerPromotesNothing(t *testing.T) {
	promote := func(service, digest string) string {
		return `{"schema":"twinspect.dev/verdict","version":"1.0","verdict":"promote","subject":{"service":"` + service + `","digest":"` + digest +
			`"},"policy":{"name":"","digest":""},"at":"2026-11-22T10:00:00Z","reasons":[{"code":"passed","decision":"promote","text":"so"}],"max_weight":1}`
	}
	cut := promote("catalog", imageDigest)
	for name, test := range map[string]struct {
		url, says string
		code      int
	}{
		"away":               {noGate(), "the gate's server is away", 3},
		"overloaded":         {answersWith(t, 503, "application/problem+json", `{"detail":"the database is away: try again"}`), "the database is away", 3},
		"too many":           {answersWith(t, 429, "text/plain", ""), "429", 3},
		"forbidden":          {answersWith(t, 403, "application/problem+json", `{"detail":"ci may not ask"}`), "ci may not ask", 2},
		"a page":             {answersWith(t, 200, "text/html", "<html>sign in</html>"), "no gate's server", 2},
		"an empty object":    {answersWith(t, 200, "application/json", "{}"), "no gate's server", 2},
		"a bare promise":     {answersWith(t, 200, "application/json", `{"verdict":"promote"}`), "no gate's server", 2},
		"cut":                {answersWith(t, 200, "application/json", cut[:len(cut)/2]), "no gate's server", 2},
		"of another service": {answersWith(t, 200, "application/json", promote("cart", imageDigest)), "not what it was asked about", 2},
		"of another image":   {answersWith(t, 200, "application/json", promote("catalog", otherDigest)), "not what it was asked about", 2},
		"escapes":            {answersWith(t, 400, "application/problem+json", `{"detail":"a\u001b[2Jb"}`), `a\x1b[2Jb`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := releaseCommand(t.Context(), map[string]string{"T": "hush-hush-hush"}, of("gate", "--server", test.url, "--token", "env:T")...)
			assert.Equal(t, test.code, r.code, r.stderr)
			assert.Contains(t, r.stderr, test.says)
			assert.NotContains(t, r.stdout+r.stderr, "hush-hush")
			assert.Empty(t, r.stdout)
		})
	}
}

func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	s := newGateStand(t)
	s.push(t, comparedJust(t, 500, diff.Pass))
	var asked atomic.Int32
	front := answersWith(t, 503, "text/plain", "")
	s.seen = func(*http.Request) {
		if asked.Add(1) < 3 {
			panic(http.ErrAbortHandler) // the connection breaks
		}
	}
	r := s.ask(t, of("gate", "--wait", "1m", "--every", "1ms")...)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Contains(t, r.stderr, "waiting: the gate's server is away")

	gone := releaseCommand(t.Context(), nil, of("gate", "--server", front, "--wait", "10ms", "--every", "1ms")...)
	assert.Equal(t, 3, gone.code)
}

func TestWrongUsageOfTheGateSaysWhatIsWanted(t *testing.T) {
	good, policy := comparedJust(t, 500, diff.Pass), writeText(t, "gate.yaml", catalogPolicy)
	text := contentOf(t, good)
	cut := writeText(t, "cut.json", text[:len(text)/2])
	verdict := writeText(t, "verdict.json", `{"schema":"twinspect.dev/verdict","version":"1.0"}`)
	noKey := writeText(t, "no.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
	private := newKeys(t, "ci.key")
	url := "http://127.0.0.1:1"
	for _, test := range []struct {
		args []string
		want string
	}{
		{of("gate"), "TWINSPECT_GATE_URL"},
		{of("gate", "--evidence", good), "--policy FILE"},
		{of("gate", "--policy", policy, "--server", url), "leave out --policy, --evidence and --key, or --server"},
		{of("gate", "--evidence", good, "--server", url), "leave out"},
		{of("gate", "--key", private+".pub", "--server", url), "leave out"},
		{of("gate", "--policy", policy, "--wait", "1m"), "files of evidence stay as they are"},
		{of("gate", "--server", url, "--wait", "-1m"), "want more than 0"},
		{of("gate", "--server", url, "--wait", "1m", "--every", "0s"), "want more than 0"},
		{of("gate", "--policy", policy, "--weight", "25"), "--weight 25: want a share"},
		{of("gate", "--policy", policy, "--weight", "-0.1"), "want a share"},
		{of("gate", "--policy", policy, "--weight", "NaN"), "want a share"},
		{of("gate", "--policy", policy, "--weight", "half"), "half"},
		{[]string{"gate", "--policy", policy}, "--service NAME and --digest"},
		{[]string{"gate", "--policy", policy, "--service", "catalog"}, "--digest"},
		{[]string{"gate", "--server", url}, "--service NAME"},
		{of("gate", "--policy", policy+".not"), "no such file"},
		{of("gate", "--policy", t.TempDir()), "director"},
		{of("gate", "--policy", policy, "--evidence", good+".not"), "no such file"},
		{of("gate", "--policy", policy, "--evidence", t.TempDir()), "holds no *.json"},
		{of("gate", "--policy", policy, "--evidence", cut), "cut.json"},
		{of("gate", "--policy", policy, "--evidence", verdict), "no evidence that is known"},
		{of("gate", "--policy", policy, "--key", noKey), "--key"},
		{of("gate", "--policy", policy, "--key", private), "private"},
		{of("gate", "--policy", policy, "--key", private+".pub", "--key", private+".pub"), "already"},
		{of("gate", "--policy", policy, "--report", good), "--report"},
		{of("gate", "--server", "gate.example"), "https://gate.shop.example"},
		{of("gate", "--server", "https://user:hush-hush@gate.example"), "not within the URL"},
		{of("gate", "--server", url, "--token", "hush-hush"), "env:NAME or file:PATH"},
		{of("gate", "--server", url, "--token", "env:NONE"), "NONE is not set"},
		{of("gate", "--server", url, "--ca", good), "evidence.json"},
		{of("gate", "--server", url, "--cert", good), "cert"},
		{[]string{"gate", "explain", verdict, "--policy", policy}, "not both"},
		{[]string{"gate", "explain", verdict, "--service", "x"}, "not both"},
		{[]string{"gate", "explain", good}, "evidence.json"},
		{[]string{"gate", "explain", verdict}, "verdict.json"},
		{[]string{"gate", "explain", t.TempDir()}, "director"},
		{[]string{"gate", "explain", "absent.json"}, "absent.json"},
		{[]string{"gate", "frobnicate"}, "frobnicate"},
		{[]string{"gate", "check"}, "give policies, or --schema"},
		{[]string{"gate", "check", policy, "--schema"}, "give policies, or --schema"},
		{[]string{"gate", "check", t.TempDir()}, "holds no *.yaml"},
		{[]string{"gate", "check", policy, policy}, "another name"},
		{[]string{"gate", "simulate", "--policy", policy}, "say which past"},
		{[]string{"gate", "simulate", "--service", "catalog"}, "policy"},
		{[]string{"gate", "simulate", "--policy", policy, "--service", "catalog", "--releases", "0"}, "want 1 or more"},
		{[]string{"gate", "simulate", "--policy", policy, "--service", "catalog", "--evidence", good}, "not both"},
		{[]string{"gate", "simulate", "--policy", policy, "--evidence", good}, "twinspect evidence sign"},
		{[]string{"gate", "override", "--verdict", "promote"}, "--service NAME and --digest"},
		{[]string{"gate", "override"}, "at least one of the flags"},
		{[]string{"gate", "override", "--revoke", "ov_1", "--reason", "x"}, "none of the others can be"},
		{[]string{"gate", "override", "--verdict", "hold", "--service", "a", "--digest", "b"}, "--reason TEXT"},
		{[]string{"gate", "override", "--verdict", "ship", "--service", "a", "--digest", "b", "--reason", "x"}, "want promote, hold or rollback"},
		{[]string{"gate", "override", "--verdict", "hold", "--service", "a", "--digest", "b", "--reason", "x", "--for", "0s"}, "want more than 0"},
		{[]string{"gate", "stop"}, "reason"},
		{[]string{"gate", "stop", "--reason", ""}, "say why"},
		{[]string{"gate", "resume"}, "or --all"},
		{[]string{"gate", "resume", "st_1", "--all"}, "or --all"},
	} {
		r := releaseCommand(t.Context(), nil, test.args...)
		assert.Equal(t, 2, r.code, "%v: %s", test.args, r.stderr)
		assert.Contains(t, r.stderr, test.want, "%v", test.args)
		assert.NotContains(t, r.stdout+r.stderr, "hush-hush")
		assert.Empty(t, r.stdout, "%v", test.args)
	}
}

func TestAPolicyIsToldWithItsDefaults(t *testing.T) {
	r := releaseCommand(t.Context(), nil, "gate", "check", "../../release/policyfile/testdata/shop.yaml")
	require.Zero(t, r.code, r.stderr)
	assert.Equal(t, strings.TrimLeft(checkedShop, "\n"), linesWithoutDigest(r.stdout))
}

// linesWithoutDigest takes the hash of the file out.
func linesWithoutDigest(text string) string {
	first, rest, _ := strings.Cut(text, "\n")
	name, _, _ := strings.Cut(first, "sha256:")
	return name + "sha256:…\n" + rest
}

const checkedShop = `
shop  sha256:…
  for catalog, cart-*

  evidence  needed    oldest  samples  lost  missed  signed      base     conditions
  diff      required     24h      500    1%      5%  by any key  its own           2
  provider  required    168h        1    5%       –  by ci       its own           0
  consumer  optional    168h        1    5%       –  –           its own           0
  canary    required     10m        1    5%       –  –           its own           0

  canary: a look every 30s

  metric  of                                         allowed  samples
  errors  http_requests_total with code=~"5.."          0.5%      200
  slow    http_request_duration_seconds above 300ms       1%      100
  p99     quantile 0.99 of latency_milliseconds          10%      100

  budget: false rollback 1%, false promotion 5%
  traffic: at most 50% before the evidence is complete
  hold: at most 2h
  freeze: weekend: nobody is in
  freeze: year-end of cart-*
  overrides: by alice, bob, for at most 4h, of what is held
`

func TestTheSchemaOfPoliciesIsJSON(t *testing.T) {
	r := releaseCommand(t.Context(), nil, "gate", "check", "--schema")
	require.Zero(t, r.code)
	assert.True(t, json.Valid([]byte(r.stdout)))
	assert.Contains(t, r.stdout, `"https://json-schema.org/draft/2020-12/schema"`)
}

func TestEveryMistakeOfAPolicyHasItsLine(t *testing.T) {
	file := writeText(t, "gate.yaml", `version: 1
name: shop
services: []
skew: soon
require:
  diff: {max_age: never, min_samples: -1}
  provider: {max_lost: 200%}
  canaries: {}
budget:
  false_rollback: 2
  max_traffic: lots
freeze:
  - {name: x, cron: "bad", for: 1h}
overrides: {by: alice, max: 0, rollbak: true}
`)
	for _, args := range [][]string{{"gate", "check", file}, of("gate", "--policy", file), {"canary-run", "--policy", file}} {
		r := releaseCommand(t.Context(), nil, args...)
		assert.Equal(t, 2, r.code)
		for _, line := range []string{"3", "4", "6", "7", "8", "10", "11", "13", "14"} {
			assert.Contains(t, r.stderr, "gate.yaml:"+line+":", "%v", args)
		}
		assert.GreaterOrEqual(t, strings.Count(r.stderr, "gate.yaml:"), 10)
	}
}

func TestFlagsOfTheGateAreCompleted(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"evidence", "list", "--kind", ""}, []string{"diff", "provider", "consumer", "canary"}},
		{[]string{"gate", "override", "--verdict", ""}, []string{"promote", "hold", "rollback"}},
		{[]string{"evidence", "key", "--algorithm", ""}, []string{"ed25519", "ecdsa-p256"}},
		{[]string{"annotate", "--format", ""}, []string{"text", "env", "json", "patch"}},
		{[]string{"gate", "check", ""}, []string{"yaml", "yml"}},
		{[]string{"evidence", "push", ""}, []string{"json"}},
	} {
		r := releaseCommand(t.Context(), nil, append([]string{"__complete"}, test.args...)...)
		require.Zero(t, r.code, "%v", test.args)
		assert.Equal(t, test.want, strings.Fields(r.stdout)[:len(test.want)], "%v", test.args)
	}
}

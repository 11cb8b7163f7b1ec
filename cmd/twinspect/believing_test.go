package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
)

// shelf answers with a stock that is another one for the paths that differ says.
func shelf(t *testing.T, differs func(path string) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stock := 5
		if differs(r.URL.Path) {
			stock = 4
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header()["Date"] = nil // no second passes between two answers
		_, _ = fmt.Fprintf(w, `{"path":%q,"stock":%d}`, r.URL.Path, stock)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func nowhere(string) bool         { return false }
func everywhere(string) bool      { return true }
func everyTenth(path string) bool { return strings.HasSuffix(path, "7") }
func once(path string) bool       { return path == "/products/8" }

// between runs diff-run on what is in a file and returns the report.
func between(t *testing.T, code int, file, base, control, branch string, args ...string) (*diff.Report, result) {
	t.Helper()
	dir := t.TempDir()
	r := twinspect(t.Context(), append([]string{"diff-run", file, "--base", base, "--control", control, "--branch", branch, "--report", dir}, args...)...)
	require.Equal(t, code, r.code, r.stdout+r.stderr)
	return evidence(t, dir), r
}

func TestNoiseOfEarlierRunsExplainsWhatIsSeldomAndHidesNoRegression(t *testing.T) {
	file, profile := writeRecording(t, many(60)...), filepath.Join(t.TempDir(), "noise.jsonl")
	same := shelf(t, nowhere)

	first, _ := between(t, 0, file, same, shelf(t, everyTenth), same, "--noise-profile", profile)
	assert.Nil(t, first.Profile, "nothing was known before")
	learned := read(t, profile)
	assert.Contains(t, learned, "$.stock")

	seldom := shelf(t, once)
	without, _ := between(t, 3, file, same, same, seldom)
	assert.Len(t, without.Judged(diff.Suspect), 1)

	second, r := between(t, 0, file, same, same, seldom, "--noise-profile", profile)
	assert.Equal(t, &diff.ProfileInfo{File: profile, Runs: 1, Cells: 1, Explained: 1}, second.Profile)
	assert.Contains(t, r.stdout, "noise known from 1 earlier run explained 1 difference")
	assert.NotEqual(t, learned, read(t, profile))

	third, _ := between(t, 1, file, same, same, shelf(t, everywhere), "--noise-profile", profile)
	assert.Equal(t, uint64(2), third.Profile.Runs)
	require.Len(t, third.Judged(diff.Regression), 1)
	assert.Equal(t, "$.stock", third.Judged(diff.Regression)[0].Path)
}

func TestOnlyRunsThatCameToTheirEndTeachNoise(t *testing.T) {
	file, profile := writeRecording(t, many(60)...), filepath.Join(t.TempDir(), "noise.jsonl")
	same, kept := shelf(t, nowhere), filepath.Join(t.TempDir(), "kept.twin")
	between(t, 0, file, same, shelf(t, everyTenth), same, "--noise-profile", profile, "--keep", kept)
	learned := read(t, profile)

	dir := t.TempDir()
	r := twinspect(t.Context(), "diff", kept, "--noise-profile", profile, "--report", dir)
	require.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, uint64(1), evidence(t, dir).Profile.Runs)
	assert.Equal(t, learned, read(t, profile), "the outcomes are in it already")

	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	stopping := shelf(t, func(path string) bool {
		if asked.Add(1) == 20 {
			cancel()
		}
		return everyTenth(path)
	})
	r = twinspect(ctx, "diff-run", file, "--base", same, "--control", stopping, "--branch", same, "--noise-profile", profile)
	assert.Equal(t, 130, r.code, r.stdout+r.stderr)
	assert.Equal(t, learned, read(t, profile))

	gone := filepath.Join(t.TempDir(), "absent", "noise.jsonl")
	r = twinspect(t.Context(), "diff-run", file, "--base", same, "--branch", same, "--noise-profile", gone)
	assert.Equal(t, 2, r.code, "it is lost where it was to be kept: "+r.stdout)
	assert.Contains(t, r.stderr, "--noise-profile")
}

func TestANoiseProfileIsTheSameByAnyNumberOfWorkers(t *testing.T) {
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	same, noisy := shelf(t, nowhere), shelf(t, everyTenth)
	var profiles []string
	for _, workers := range []string{"1", "3"} {
		profile := filepath.Join(dir, workers)
		between(t, 0, file, same, noisy, same, "--noise-profile", profile, "--workers", workers)
		profiles = append(profiles, read(t, profile))
	}
	assert.Equal(t, profiles[0], profiles[1])
}

func TestADamagedNoiseProfileIsRefusedWithItsLine(t *testing.T) {
	file, profile := writeRecording(t, many(60)...), filepath.Join(t.TempDir(), "noise.jsonl")
	same := shelf(t, nowhere)
	between(t, 0, file, same, shelf(t, everyTenth), same, "--noise-profile", profile)
	whole := read(t, profile)
	head, _, _ := strings.Cut(whole, "\n")
	for name, tt := range map[string]struct{ text, says string }{
		"cut":         {whole[:len(whole)-10], "line 2"},
		"without end": {head + "\n", "line"},
		"no profile":  {"{}\n", "line 1"},
		"empty":       {"", "line 1"},
		"more":        {whole + "{\n", "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := writeText(t, "bad.jsonl", tt.text)
			r := twinspect(t.Context(), "diff-run", file, "--base", same, "--branch", same, "--noise-profile", bad)
			assert.Equal(t, 2, r.code, r.stdout)
			assert.Contains(t, r.stderr, "--noise-profile "+bad)
			assert.Contains(t, r.stderr, tt.says)
			assert.Equal(t, tt.text, read(t, bad), "it is left as it was")
		})
	}
}

// costing answers with a price.
func costing(t *testing.T, member, price string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header()["Date"] = nil // no second passes between two answers
		_, _ = fmt.Fprintf(w, `{"path":%q,%q:%s}`, r.URL.Path, member, price)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatWasAcceptedPassesUntilItExpiresOrIsAnotherValue(t *testing.T) {
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	base, branch := costing(t, "price", "12.50"), costing(t, "price", "12.51")
	accepted := filepath.Join(dir, "twinspect.accepted.yaml")
	r := twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", branch, "--report", dir)
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	r = twinspect(t.Context(), "accept", filepath.Join(dir, "evidence.json"), "--path", "$.price", "--reason", "SHOP-12", "--by", "A. Person", "--file", accepted)
	require.Zero(t, r.code, r.stderr)

	found, r := between(t, 0, file, base, base, branch, "--accepted", accepted)
	assert.Equal(t, diff.Pass, found.Verdict)
	require.Len(t, found.Judged(diff.Accepted), 1)
	assert.Equal(t, "SHOP-12", found.Judged(diff.Accepted)[0].Accepted.Reason)
	assert.Contains(t, r.stdout, "but for 1 accepted")
	assert.Empty(t, r.stderr)

	found, _ = between(t, 1, file, base, base, costing(t, "price", "12.52"), "--accepted", accepted)
	assert.Equal(t, []string{"$.price"}, paths(found.Judged(diff.Regression)), "another value was accepted")

	_, r = between(t, 0, file, base, base, base, "--accepted", accepted)
	assert.Contains(t, r.stderr, accepted+":", "nothing needs it any more")

	text := regexp.MustCompile(`expires: .*`).ReplaceAllString(read(t, accepted), "expires: 2026-01-01")
	require.NoError(t, os.WriteFile(accepted, []byte(text), 0o600))
	_, r = between(t, 1, file, base, base, branch, "--accepted", accepted)
	assert.Contains(t, r.stderr, "expired on 2026-01-01, and the difference is still there")

	r = twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", branch, "--accepted", filepath.Join(dir, "absent.yaml"))
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "absent.yaml")
}

func TestAMemberWithAnotherNameIsComparedUnderARule(t *testing.T) {
	file := writeRecording(t, many(60)...)
	base, renamed, wrong := costing(t, "price", "12.50"), costing(t, "cost", "12.50"), costing(t, "cost", "12.51")
	found, _ := between(t, 1, file, base, base, renamed)
	assert.Equal(t, []string{"$.cost", "$.price"}, paths(found.Judged(diff.Regression)))

	rules := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {path: $.price, rename: cost, reason: SHOP-12}\n")
	found, _ = between(t, 0, file, base, base, renamed, "--rules", rules)
	assert.Equal(t, uint64(60), found.Rules.Rules[0].Matched)
	found, _ = between(t, 1, file, base, base, wrong, "--rules", rules)
	assert.Equal(t, []string{"$.price"}, paths(found.Judged(diff.Regression)))
}

func TestSuggestedRulesLeaveLessNoiseInTheSameRun(t *testing.T) {
	var asked atomic.Int64
	ticking := func(t *testing.T) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header()["Date"] = nil
			_, _ = fmt.Fprintf(w, `{"path":%q,"id":"7f1c2e6a-0f5b-4a53-9d0e-%012d"}`, r.URL.Path, asked.Add(1))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	file, dir := writeRecording(t, many(60)...), t.TempDir()
	kept, rules := filepath.Join(dir, "kept.twin"), filepath.Join(dir, "suggested.yaml")
	base := ticking(t)
	before, _ := between(t, 0, file, base, base, ticking(t), "--keep", kept)
	assert.Equal(t, []string{"$.id"}, paths(before.Judged(diff.Noise)))
	evidenceFile := writeEvidence(t, before)
	r := twinspect(t.Context(), "rules", "suggest", evidenceFile, "-o", rules)
	require.Zero(t, r.code, r.stderr)

	again := t.TempDir()
	r = twinspect(t.Context(), "diff", kept, "--rules", rules, "--report", again)
	require.Zero(t, r.code, r.stdout+r.stderr)
	after := evidence(t, again)
	assert.Empty(t, after.Judged(diff.Noise))
	assert.Equal(t, uint64(120), after.Rules.Rules[0].Matched)

	r = twinspect(t.Context(), "rules", "check", rules, "--outcomes", kept)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	r = twinspect(t.Context(), "rules", "explain", evidenceFile, "--path", "$.id", "--rules", rules)
	assert.Zero(t, r.code, r.stderr)
	assert.Contains(t, r.stdout, "noise")
	assert.Contains(t, r.stdout, "class uuid")
}

func TestARunThatIsBlindCannotPass(t *testing.T) {
	file := writeRecording(t, many(60)...)
	base := costing(t, "price", "12.50")
	rules := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {path: $, ignore: true, reason: too much}\n")
	found, r := between(t, 3, file, base, base, costing(t, "price", "99"), "--rules", rules)
	require.NotNil(t, found.SelfCheck)
	assert.Greater(t, found.SelfCheck.MissedShare(), 0.25)
	assert.Contains(t, found.Reasons[0], "blind")
	require.NotEmpty(t, found.SelfCheck.Blind)
	for _, spot := range found.SelfCheck.Blind {
		if spot.Part == diff.Body {
			assert.Contains(t, strings.Join(spot.By, " "), "twinspect.yaml:3")
		}
	}
	assert.Contains(t, r.stdout, "twinspect.yaml:3")

	allowed, _ := between(t, 0, file, base, base, base, "--rules", rules, "--max-missed", "1")
	assert.InDelta(t, 1, allowed.SelfCheck.MaxMissed, 0)
	unchecked, r := between(t, 0, file, base, base, base, "--rules", rules, "--self-check", "0")
	assert.Nil(t, unchecked.SelfCheck)
	assert.NotContains(t, r.stdout, "SELF-CHECK")
	strict, _ := between(t, 0, file, base, base, base, "--max-missed", "0")
	assert.Zero(t, strict.SelfCheck.Missed)

	for flag, says := range map[string]string{"--self-check=-1s": "--self-check -1s: want a time", "--max-missed=2": "--max-missed 2: want a number from 0 to 1"} {
		r := twinspect(t.Context(), "diff-run", file, "--base", base, "--branch", base, flag)
		assert.Equal(t, 2, r.code)
		assert.Contains(t, r.stderr, says)
	}
}

func TestTheSelfCheckIsTheSameByAnyNumberOfWorkers(t *testing.T) {
	file := writeRecording(t, many(60)...)
	base, control := shelf(t, nowhere), shelf(t, everyTenth)
	rules := writeText(t, "twinspect.yaml", "version: 1\nrules:\n  - {path: $.path, ignore: true, reason: r}\n")
	var checks []*diff.SelfCheck
	for _, workers := range []string{"1", "3"} {
		dir := t.TempDir()
		r := twinspect(t.Context(), "diff-run", file, "--base", base, "--control", control, "--branch", base, "--report", dir,
			"--rules", rules, "--self-check", time.Minute.String(), "--workers", workers)
		require.NotEqual(t, 2, r.code, r.stderr)
		checks = append(checks, evidence(t, dir).SelfCheck)
	}
	assert.NotZero(t, checks[0].Missed)
	assert.Equal(t, checks[0], checks[1])
}

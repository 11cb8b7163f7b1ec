package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

// vastReport has more of everything than any renderer shows by default.
func vastReport(text string) *diff.Report {
	r := largeReport(2000)
	reasons := map[capture.Reason]uint64{}
	faults := map[string]uint64{}
	for i := range 40 {
		reasons[capture.Reason(fmt.Sprintf("%s-%d", text, i))] = uint64(i + 1)
		faults[fmt.Sprintf("%s-%d", text, i)] = uint64(i + 1)
		r.Reasons = append(r.Reasons, strings.Repeat(text+" ", 30))
		r.Sides = append(r.Sides, diff.SideInfo{Side: text, URL: text, Faults: faults})
		r.Rules.Rules = append(r.Rules.Rules, diff.RuleInfo{Line: i, What: text, Reason: text})
	}
	for range 60 {
		s := capture.Stats{Filtered: reasons, Dropped: reasons}
		s.Seen = s.Skipped() + s.Lost()
		r.Account = append(r.Account, capture.Stage{Name: text, Unit: text, Stats: s})
	}
	for i := range r.Differences {
		r.Differences[i].Reason += text
		e := r.Differences[i].Examples[0]
		e.Branch += strings.Repeat(text, 200)
		r.Differences[i].Examples = []diff.Example{e, e, e}
	}
	full := fullReport()
	r.SelfCheck, r.Confirmation, r.Profile, r.Troubles = full.SelfCheck, full.Confirmation, full.Profile, full.Troubles
	for range 40 {
		r.Troubles = append(r.Troubles, full.Troubles...)
		r.SelfCheck.Blind = append(r.SelfCheck.Blind, full.SelfCheck.Blind[0])
		r.SelfCheck.Operations = append(r.SelfCheck.Operations, full.SelfCheck.Operations[0])
		r.Rules.Rules = append(r.Rules.Rules, diff.RuleInfo{What: text, Branch: 1, Expires: text, Problems: []string{text, text, text}})
	}
	for i := range r.Differences[:300] {
		d := &r.Differences[i]
		d.Location, d.Accepted, d.Category, d.Remedy = full.Differences[7].Location, &diff.Acceptance{By: text, Reason: text}, diff.CauseUnknown, diff.AskAgain
	}
	return r
}

func TestTerminalIsBoundedInLinesAndColumns(t *testing.T) {
	for _, width := range []int{10, 40, 75, 76, 80, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, report.Terminal(&b, vastReport("wide 字 text"), report.TerminalOptions{Width: width, More: "report.html"}))
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			assert.LessOrEqual(t, len(lines), report.TerminalLines)
			for _, line := range lines {
				assert.LessOrEqual(t, runewidth.StringWidth(line), max(width, 40), "%q", line)
			}
			assert.Contains(t, b.String(), "… 188 more, see report")
			assert.Contains(t, b.String(), "… 194 more, see report")
		})
	}
}

func TestVerboseTerminalNamesEveryDifference(t *testing.T) {
	r := largeReport(500)
	var b bytes.Buffer
	require.NoError(t, report.Terminal(&b, r, report.TerminalOptions{Verbose: true, Width: 160}))
	for _, d := range r.Differences {
		require.Contains(t, b.String(), d.Place.String()+" ")
	}
	require.NotContains(t, b.String(), " more, see")
}

func TestMarkdownKeepsItsLimitAndCountsWhatItLeavesOut(t *testing.T) {
	reports := []*diff.Report{vastReport("x"), vastReport("@|`<"), vastReport("字字")}
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(reports).Draw(t, "report")
		limit := rapid.IntRange(report.MinMarkdownBytes, report.DefaultMarkdownBytes).Draw(t, "limit")
		var b bytes.Buffer
		require.NoError(t, report.Markdown(&b, r, limit))
		require.LessOrEqual(t, b.Len(), limit)
		rows := strings.Count(b.String(), "\n| ❌") + strings.Count(b.String(), "\n| ❔")
		require.Positive(t, rows)
		note := fmt.Sprintf("\n_%d differences left out for length", 400-rows)
		require.True(t, strings.Contains(b.String(), note), "%d rows and no %q", rows, note)
		require.Equal(t, strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"))
	})
}

func TestMarkdownRefusesALimitThatLeavesNoRoom(t *testing.T) {
	err := report.Markdown(&bytes.Buffer{}, typicalReport(), 100)
	require.ErrorContains(t, err, "limit of 100 bytes is too small, want at least 16384")
}

func TestMarkdownHeadFitsTheLeastLimitWhateverTheTextIs(t *testing.T) {
	for _, text := range []string{"@", "字", "\x00", "|"} {
		r := vastReport(text)
		r.Reasons = []string{strings.Repeat(text, 999), strings.Repeat(text, 999), strings.Repeat(text, 999), strings.Repeat(text, 999), strings.Repeat(text, 999)}
		r.SelfCheck, r.Confirmation, r.Profile = selfChecked(), &diff.Confirmation{NotAsked: map[capture.Reason]uint64{capture.Reason(strings.Repeat(text, 99)): 1}}, &diff.ProfileInfo{File: strings.Repeat(text, 999)}
		r.Input, r.Tool = strings.Repeat(text, 999), strings.Repeat(text, 999)
		var b bytes.Buffer
		require.NoError(t, report.Markdown(&b, r, report.MinMarkdownBytes))
		require.LessOrEqual(t, b.Len(), report.MinMarkdownBytes)
		require.Contains(t, b.String(), "left out for length")
	}
}

func TestADifferenceOfAnUnlistedOperationIsNotLost(t *testing.T) {
	r := typicalReport()
	r.Operations = nil
	for name, render := range map[string]func(*bytes.Buffer) error{
		"terminal": func(b *bytes.Buffer) error { return report.Terminal(b, r, report.TerminalOptions{}) },
		"junit":    func(b *bytes.Buffer) error { return report.JUnit(b, r) },
		"html":     func(b *bytes.Buffer) error { return report.HTML(b, r) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, render(&b))
			require.Contains(t, b.String(), "PUT /cart/items/{id}")
		})
	}
}

func TestAnUnknownVerdictNeverLooksLikeAPass(t *testing.T) {
	r := typicalReport()
	r.Verdict = "splendid"
	var b bytes.Buffer
	require.NoError(t, report.Terminal(&b, r, report.TerminalOptions{}))
	assert.Contains(t, b.String(), "INCONCLUSIVE")
	assert.Contains(t, string(junit(t, r)), `errors="1"`)
}

// failing fails after n bytes.
type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = fmt.Errorf("disk full")

func TestRenderersReturnTheWritersError(t *testing.T) {
	r := typicalReport()
	for _, n := range []int{0, 1000} {
		require.ErrorIs(t, report.Terminal(&failing{n}, r, report.TerminalOptions{}), errFull)
		require.ErrorIs(t, report.JSON(&failing{n}, r), errFull)
		require.ErrorIs(t, report.JUnit(&failing{n}, r), errFull)
		require.ErrorIs(t, report.Markdown(&failing{n}, r, 0), errFull)
		require.ErrorIs(t, report.HTML(&failing{n}, r), errFull)
	}
}

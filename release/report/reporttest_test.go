package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func verdict(d release.Decision, reasons ...release.Reason) *release.Verdict {
	return &release.Verdict{
		Schema: release.VerdictSchema, Version: release.VerdictVersion, Decision: d, At: now, Reasons: reasons,
		Subject: release.Subject{Service: "catalog", Digest: digest("a"), BaseDigest: digest("b")},
		Policy:  release.PolicyRef{Name: "standard", Digest: digest("c")},
	}
}

var (
	failed = release.Reason{Code: release.Failed, Decision: release.Rollback, Kind: release.Diff, Evidence: digest("1"), Operation: "GET /products/{id}", Line: 12,
		Text: "2 regressions, and none is allowed: /price is another number", Change: "a diff-run of this image without regressions, or a rule for the operation that lets them through"}
	missing = release.Reason{Code: release.Missing, Decision: release.Hold, Kind: release.Provider, Line: 20,
		Text: "there is no evidence of the kind provider", Change: "evidence push of a contract-run against this image"}
	thin = release.Reason{Code: release.Thin, Decision: release.Hold, Kind: release.Canary, Metric: "errors", Evidence: digest("2"), Line: 31,
		Text: "812 requests to the canary, and it takes 2,000", Change: "1,188 more requests"}
	frozen = release.Reason{Code: release.Frozen, Decision: release.Hold, Line: 44, Text: `the window "weekend" is open until 2026-11-23 06:00:00 UTC`, Change: "that it closes"}
	passed = release.Reason{Code: release.Passed, Decision: release.Promote, Kind: release.Consumer, Evidence: digest("3"), Text: "no consumer breaks"}
)

func rollback() *release.Verdict {
	return verdict(release.Rollback, failed, frozen, missing, thin, passed)
}

func hold() *release.Verdict {
	v := verdict(release.Hold, frozen, thin, passed)
	v.MaxWeight, v.Until = 0.25, now.Add(68*time.Hour)
	return v
}

func promote() *release.Verdict {
	v := verdict(release.Promote, passed)
	v.MaxWeight, v.Until = 1, now.Add(24*time.Hour)
	return v
}

func overridden() *release.Verdict {
	word := release.Reason{Code: release.Overridden, Decision: release.Promote, Text: "anna set the verdict aside", Change: "that the override ends"}
	v := verdict(release.Promote, word, missing, passed)
	v.MaxWeight = 1
	v.Override = &release.Override{ID: "o-7", Service: "catalog", Digest: digest("a"), Decision: release.Promote, By: "anna", Reason: "the test bench is away", From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	return v
}

const evil = "\x1b[31m</script><b>@team | `x` \u202e\n]]>"

func hostile() *release.Verdict {
	r := release.Reason{Code: release.Code(evil), Decision: release.Hold, Kind: release.Kind(evil), Evidence: evil, Operation: evil, Metric: evil, Text: evil, Change: evil}
	v := verdict(release.Hold, r)
	v.Subject = release.Subject{Service: evil, Digest: evil, BaseDigest: evil}
	v.Policy = release.PolicyRef{Name: evil, Digest: evil}
	v.Override = &release.Override{ID: evil, Service: evil, Digest: evil, Decision: release.Hold, By: evil, Reason: evil}
	return v
}

// wide has more reasons than any form can show.
func wide() *release.Verdict {
	v := verdict(release.Rollback)
	for _, d := range []release.Decision{release.Rollback, release.Hold} {
		for range 2_000 {
			r := failed
			r.Decision, r.Text = d, strings.Repeat("@long ", 100)
			v.Reasons = append(v.Reasons, r)
		}
	}
	return v
}

var verdicts = map[string]func() *release.Verdict{
	"rollback": rollback, "hold": hold, "promote": promote, "overridden": overridden, "hostile": hostile,
	"empty": func() *release.Verdict { return &release.Verdict{Decision: release.Hold} },
}

// documents are what the verdicts rest on.
func documents() []release.Evidence {
	canary := release.Evidence{
		ID: digest("2"), Kind: release.Canary, Outcome: release.Inconclusive, Samples: 812, Ended: now.Add(-5 * time.Minute), Tool: "twinspect 1.0",
		Metrics: []release.MetricResult{
			{Name: "errors", Trend: release.Undecided, Unit: "share", Canary: 0.0037, Baseline: 0.003, Lower: -0.004, Upper: 0.009, Allowed: 0.005, CanarySamples: 812},
			{Name: "p99", Trend: release.Safe, Unit: "seconds", Canary: 0.21, Baseline: 0.2, Lower: -0.02, Upper: 0.08, Allowed: 0.1, CanarySamples: 812},
		},
	}
	diff := release.Evidence{ID: digest("1"), Kind: release.Diff, Outcome: release.Fail, Samples: 12_431, Ended: now.Add(-2 * time.Hour), Signer: "ci",
		SelfCheck: &release.SelfCheck{Mutations: 200, Missed: 3}, Losses: release.Losses{Seen: 12_500, Lost: 69}}
	odd := release.Evidence{ID: evil, Outcome: evil, Tool: evil, Signer: evil, Ended: now, Metrics: []release.MetricResult{{Name: evil, Trend: evil}}}
	return []release.Evidence{canary, diff, odd}
}

func explain(o report.TerminalOptions) func(io.Writer, *release.Verdict) error {
	return func(w io.Writer, v *release.Verdict) error { return report.Explain(w, v, documents(), o) }
}

func terminal(o report.TerminalOptions) func(io.Writer, *release.Verdict) error {
	return func(w io.Writer, v *release.Verdict) error { return report.Terminal(w, v, o) }
}

var forms = map[string]func(io.Writer, *release.Verdict) error{
	"terminal.txt": terminal(report.TerminalOptions{}), "narrow.txt": terminal(report.TerminalOptions{Width: 40}),
	"color.txt": terminal(report.TerminalOptions{Color: true}), "explain.txt": explain(report.TerminalOptions{}),
	"explain-narrow.txt": explain(report.TerminalOptions{Width: 40, Verbose: true}),
	"verdict.json":       report.JSON, "comment.md": report.Markdown, "junit.xml": report.JUnit,
}

func text(t testing.TB, write func(io.Writer, *release.Verdict) error, v *release.Verdict) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b, v))
	return b.String()
}

func TestReportsMatchTheGoldenFiles(t *testing.T) {
	for name, make := range verdicts {
		for form, write := range forms {
			got, path := text(t, write, make()), filepath.Join("testdata", name+"-"+form)
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run the test with -update to write the golden file")
			assert.Equal(t, string(want), got, path)
		}
	}
}

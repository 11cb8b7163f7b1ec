package simulate

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
)

var update = flag.Bool("update", false, "write the golden files anew")

const evil = "\x1b[31m</script> \u202e\n"

func typical(text string) *Result {
	missing := release.Reason{Code: release.Missing, Decision: release.Hold, Kind: release.Diff, Line: 4, Text: "there is no evidence of the kind diff" + text, Change: "a diff-run"}
	passed := release.Reason{Code: release.Passed, Decision: release.Promote, Kind: release.Diff, Text: "no regressions in 500 samples" + text}
	first := Release{
		Subject: subject, Since: start, Until: after0(60), Outcome: release.Promote, Final: release.Promote, Promoted: after0(10), Was: release.Hold,
		Steps: []Step{{At: start, Decision: release.Hold, Causes: []Cause{Began, Asked}, Reasons: []release.Reason{missing}, More: 2},
			{At: after0(10), Decision: release.Promote, MaxWeight: 1, Causes: []Cause{Filed}, Reasons: []release.Reason{passed}}},
		Differences: []Difference{{Record: 7, At: after0(12), Was: release.Hold, Would: release.Promote, Reasons: []release.Reason{passed}},
			{Record: 8, At: after0(20), Was: release.Hold, Would: release.Promote, Reasons: []release.Reason{passed}, Incomparable: true}},
		Moments: 9, held: []holding{{code: release.Missing, kind: release.Diff, d: 600e9}},
	}
	second := Release{Subject: release.Subject{Service: "orders" + text, Digest: digest("d")}, Since: after0(30), Until: after0(90), Outcome: release.Hold, Final: release.Hold,
		Steps: []Step{{At: after0(30), Decision: release.Hold, Causes: []Cause{Began}, Reasons: []release.Reason{missing}}}, Differences: []Difference{}, Moments: 2, Left: 3, StepsLeft: 1}
	r := &Result{Schema: Schema, Version: Version, Policy: release.PolicyRef{Name: "standard" + text, Digest: digest("c")}, Releases: []Release{first, second}, Ignored: map[string]int{LoneEvidence: 4}}
	r.sum()
	return r
}

var results = map[string]func() *Result{
	"typical": func() *Result { return typical("") }, "hostile": func() *Result { return typical(evil) },
	"empty": func() *Result { return Run(nil, Past{}) },
}

func terminalOf(o look.TerminalOptions) func(io.Writer, *Result) error {
	return func(w io.Writer, r *Result) error { return Terminal(w, r, o) }
}

var forms = map[string]func(io.Writer, *Result) error{
	"terminal.txt": terminalOf(look.TerminalOptions{}), "narrow.txt": terminalOf(look.TerminalOptions{Width: 40}),
	"verbose.txt": terminalOf(look.TerminalOptions{Verbose: true, Color: true}), "simulation.json": JSON,
}

func TestReportsMatchTheGoldenFiles(t *testing.T) {
	for name, make := range results {
		for form, write := range forms {
			var got bytes.Buffer
			require.NoError(t, write(&got, make()))
			path := filepath.Join("testdata", name+"-"+form)
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run the test with -update to write the golden file")
			assert.Equal(t, string(want), got.String(), path)
			if form != "simulation.json" {
				assert.NotContains(t, got.String(), "\x1b[31m<", form)
				assert.NotContains(t, got.String(), "\u202e", form)
			}
			for line := range strings.Lines(got.String()) {
				if width := map[string]int{"terminal.txt": 80, "narrow.txt": 40}[form]; width > 0 {
					assert.LessOrEqual(t, look.Width(strings.TrimSuffix(line, "\n")), width, "%s: %s", name, line)
				}
			}
		}
	}
}

func TestTheJSONFormHasItsSchemaAndNoNull(t *testing.T) {
	for name, make := range results {
		var b bytes.Buffer
		require.NoError(t, JSON(&b, make()))
		assert.NotContains(t, b.String(), "null", name)
		var back Result
		require.NoError(t, json.Unmarshal(b.Bytes(), &back))
		assert.Equal(t, Schema, back.Schema)
		assert.Equal(t, "1.0", back.Version)
	}
}

func TestALongResultIsShortAtATerminal(t *testing.T) {
	r := typical("")
	for range 1000 {
		r.Releases = append(r.Releases, r.Releases[0])
	}
	var b bytes.Buffer
	require.NoError(t, Terminal(&b, r, look.TerminalOptions{More: "simulation.json"}))
	assert.Less(t, strings.Count(b.String(), "\n"), 400)
	assert.Contains(t, b.String(), "more releases, see simulation.json")
}

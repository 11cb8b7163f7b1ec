package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff/report/evidence"
	"twinspect.dev/diff/report/look"
	"twinspect.dev/release"
	"twinspect.dev/release/report"
)

func TestVerdictsKeepToTheirSchemaAndReadBack(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("schema.json", doc))
	schema, err := c.Compile("schema.json")
	require.NoError(t, err)
	for name, make := range verdicts {
		once := text(t, report.JSON, make())
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(once))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v), name)
		back, err := report.Read(strings.NewReader(once))
		if name == "empty" {
			require.ErrorContains(t, err, "no reasons")
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, make(), back, name)
	}
}

func TestVerdictsThatWouldBeMisreadAreRefused(t *testing.T) {
	for want, change := range map[string]func(v *release.Verdict){
		`verdict is "fine"`:               func(v *release.Verdict) { v.Decision = "fine" },
		`verdict is ""`:                   func(v *release.Verdict) { v.Decision = "" },
		"calls for worse than":            func(v *release.Verdict) { v.Decision = release.Promote },
		`reasons[1].decision is "Promote`: func(v *release.Verdict) { v.Reasons[1].Decision = "Promote" },
		"no reasons":                      func(v *release.Verdict) { v.Reasons = nil },
		"max_weight is 1.5":               func(v *release.Verdict) { v.MaxWeight = 1.5 },
		"max_weight is -1":                func(v *release.Verdict) { v.MaxWeight = -1 },
		`override.decision is "yes"`:      func(v *release.Verdict) { v.Override = &release.Override{Decision: "yes"} },
		"or a newer one":                  func(v *release.Verdict) { v.Version = "2.0" },
		"no evidence of a release's":      func(v *release.Verdict) { v.Schema = "twinspect.dev/evidence/diff" },
	} {
		v := hold()
		change(v)
		_, err := report.Read(strings.NewReader(text(t, report.JSON, v)))
		require.ErrorContains(t, err, want)
	}
}

func TestReadSaysWhereAVerdictIsWrong(t *testing.T) {
	whole := text(t, report.JSON, hold())
	lines := strings.SplitAfter(whole, "\n")
	for input, want := range map[string]string{
		strings.Join(lines[:9], ""): "line 10", "": "line 1", "[]": "line 1",
		strings.Replace(whole, `"max_weight": 0.25`, `"max_weight": "all"`, 1): "max_weight",
	} {
		_, err := report.Read(strings.NewReader(input))
		require.ErrorContains(t, err, want)
	}
	_, err := report.Read(strings.NewReader(strings.Replace(whole, `"version": "1.0"`, `"version": "1.7", "later": {"a": 1}`, 1)))
	require.NoError(t, err, "a later minor version adds fields")
}

// endless is a document that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestReadStopsAtItsBound(t *testing.T) {
	_, err := report.Read(endless{})
	require.ErrorIs(t, err, evidence.ErrTooLong)
}

func TestAWeightThatIsNoNumberIsAnErrorAndGivesNoTraffic(t *testing.T) {
	v := promote()
	v.MaxWeight = math.NaN()
	require.Error(t, report.JSON(io.Discard, v))
	assert.Contains(t, text(t, forms["terminal.txt"], v), "no traffic")
}

func TestJUnitTurnsRedForWhatCounts(t *testing.T) {
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	for name, want := range map[string]counts{
		"rollback": {6, 2, 3, 0}, "hold": {4, 0, 3, 0}, "promote": {2, 0, 0, 0}, "overridden": {4, 0, 0, 1}, "hostile": {2, 0, 2, 0},
	} {
		var got counts
		require.NoError(t, xml.Unmarshal([]byte(text(t, report.JUnit, verdicts[name]())), &got))
		assert.Equal(t, want, got, name)
	}
}

func TestTextFromOutsideIsNeverTrusted(t *testing.T) {
	for form, write := range forms {
		got := text(t, write, hostile())
		assert.NotContains(t, got, "\x1b[31m<", form)
		if form == "verdict.json" {
			continue
		}
		assert.NotContains(t, got, "\u202e", form)
		if form == "comment.md" {
			for _, raw := range []string{"@team", "<b>", "</script", "`x`", "| "} {
				assert.NotContains(t, got, raw)
			}
		}
	}
}

func TestEveryFormIsBoundedAndSaysWhatItLeavesOut(t *testing.T) {
	for form, most := range map[string]int{"terminal.txt": 100, "explain.txt": 600} {
		got := text(t, forms[form], wide())
		assert.Less(t, strings.Count(got, "\n"), most, form)
		assert.Contains(t, got, "more reasons", form)
	}
	comment := text(t, report.Markdown, wide())
	assert.LessOrEqual(t, len(comment), look.CommentBytes)
	assert.Equal(t, 2, strings.Count(comment, "left out for length"))
	assert.Contains(t, comment, "<sub>Policy")
	assert.Less(t, len(text(t, report.Markdown, hostileWide())), look.CommentBytes)
}

// hostileWide has names of which every character is escaped.
func hostileWide() *release.Verdict {
	v := wide()
	long := strings.Repeat("@", 10_000)
	v.Subject = release.Subject{Service: long, Digest: long, BaseDigest: long}
	v.Policy = release.PolicyRef{Name: long, Digest: long}
	for i := range v.Reasons {
		v.Reasons[i].Text, v.Reasons[i].Kind = long, release.Kind(long)
	}
	return v
}

func TestLinesKeepToTheWidth(t *testing.T) {
	for name, make := range verdicts {
		for form, width := range map[string]int{"terminal.txt": 80, "narrow.txt": 40, "explain.txt": 80} {
			for line := range strings.Lines(text(t, forms[form], make())) {
				assert.LessOrEqual(t, look.Width(strings.TrimSuffix(line, "\n")), width, "%s %s: %s", name, form, line)
			}
		}
	}
}

func TestDecisionsHaveTheirExitCodes(t *testing.T) {
	for d, want := range map[release.Decision]int{release.Promote: 0, release.Rollback: 1, release.Hold: 3, "": 3, "fine": 3} {
		assert.Equal(t, want, report.MeaningOf(d).Code, d)
	}
}

type broken struct{}

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	for form, write := range forms {
		assert.ErrorIs(t, write(broken{}, rollback()), errBroken, form)
	}
}

func FuzzRead(f *testing.F) {
	for _, make := range verdicts {
		f.Add([]byte(text(f, report.JSON, make())))
	}
	f.Add([]byte(`{"schema":"twinspect.dev/verdict","version":"1.0","verdict":"promote","reasons":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := report.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, write := range forms {
			require.NoError(t, write(io.Discard, v))
		}
		once := text(t, report.JSON, v)
		again, err := report.Read(strings.NewReader(once))
		require.NoError(t, err)
		require.Equal(t, once, text(t, report.JSON, again))
	})
}

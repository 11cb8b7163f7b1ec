package report_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat/impact"
	"twinspect.dev/contract/compat/report"
	"twinspect.dev/diff/report/evidence"
)

func TestReadReturnsWhatJSONWrote(t *testing.T) {
	for name, r := range map[string]*impact.Report{"typical": typicalReport(), "passing": passingReport(), "large": largeReport(500, 20)} {
		got, err := report.Read(strings.NewReader(text(t, report.JSON, r)))
		require.NoError(t, err, name)
		want := *r
		want.Schema, want.Version = impact.Schema, impact.Version
		require.Equal(t, &want, got, name)
	}
}

func TestJSONKeepsToItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("evidence.json", doc))
	s, err := c.Compile("evidence.json")
	require.NoError(t, err)
	for name, r := range reports() {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text(t, report.JSON, r)))
		require.NoError(t, err)
		require.NoError(t, s.Validate(v), name)
	}
	for _, wrong := range []string{`"version": "2.0"`, `"version": "1"`, `"verdict": "fine"`, `"level": "worse"`, `"consumers": null`} {
		member, _, _ := strings.Cut(wrong, " ")
		was := text(t, report.JSON, typicalReport())
		at := strings.Index(was, member)
		end := strings.Index(was[at:], ",\n")
		if strings.HasPrefix(member, `"consumers"`) {
			end = strings.Index(was[at:], "\n  ],") + len("\n  ]")
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(was[:at] + wrong + was[at+end:]))
		require.NoError(t, err, wrong)
		require.Error(t, s.Validate(v), wrong)
	}
}

func TestReadReadsALaterMinorVersionAndRefusesAnotherMajorOne(t *testing.T) {
	later := strings.Replace(text(t, report.JSON, typicalReport()), `"version": "1.0"`, `"version": "1.7", "added_later": {"a": 1}`, 1)
	got, err := report.Read(strings.NewReader(later))
	require.NoError(t, err)
	require.Equal(t, "1.7", got.Version)
	for head, want := range map[string]string{
		`{"schema": "twinspect.dev/evidence/compatibility", "version": "2.0"}`: "newer",
		`{"schema": "twinspect.dev/evidence/compatibility", "version": "1"}`:   `version is "1"`,
		`{"schema": "twinspect.dev/evidence/diff", "version": "1.0"}`:          "no evidence of compatibility",
		`{}`: `schema is ""`,
	} {
		_, err := report.Read(strings.NewReader(head))
		var version *evidence.VersionError
		require.ErrorAs(t, err, &version, head)
		require.ErrorContains(t, err, want)
	}
}

func TestReadRefusesWhatWouldBeMisread(t *testing.T) {
	for want, change := range map[string]func(*impact.Report){
		`verdict is "fine"`:              func(r *impact.Report) { r.Verdict = "fine" },
		"verdict is pass, but consumers": func(r *impact.Report) { r.Verdict = contract.Pass },
		"consumers[0].level":             func(r *impact.Report) { r.Consumers[0].Level = "" },
		"consumers[1].source":            func(r *impact.Report) { r.Consumers[1].Source = "rumour" },
		"consumers[0].effects[1].level":  func(r *impact.Report) { r.Consumers[0].Effects[1].Level = "bad" },
		"consumers[0].level is safe":     func(r *impact.Report) { r.Consumers[0].Level = impact.Safe },
		"consumers[0].level is risk":     func(r *impact.Report) { r.Consumers[0].Level, r.Verdict = impact.Risk, contract.Pass },
		`consumers[0].level is "notice"`: func(r *impact.Report) { r.Consumers[0].Level = impact.Notice },
		"which fails by itself":          func(r *impact.Report) { r.Consumers, r.Verdict = nil, contract.Pass },
		"does not balance": func(r *impact.Report) {
			r.Account = capture.Account{{Name: "a", Unit: "exchanges", Stats: capture.Stats{Seen: 1}}}
		},
		"changes[2].level":     func(r *impact.Report) { r.Changes[2].Level = "worse" },
		"changes[3].direction": func(r *impact.Report) { r.Changes[3].Direction = "sideways" },
	} {
		r := typicalReport()
		change(r)
		_, err := report.Read(strings.NewReader(text(t, report.JSON, r)))
		require.ErrorContains(t, err, want)
	}
}

func TestReadSaysWhereADocumentIsWrong(t *testing.T) {
	whole := text(t, report.JSON, typicalReport())
	lines := strings.SplitAfter(whole, "\n")
	for input, want := range map[string]string{
		strings.Join(lines[:30], ""): "line 31",
		"{\n\"schema\": 1}":          "line 2",
		"":                           "line 1",
		"\n\n{\"schema\": \"a\"} x":  "line 3",
		strings.Replace(whole, "14902", `"many"`, 1): "calls",
	} {
		_, err := report.Read(strings.NewReader(input))
		require.ErrorContains(t, err, want)
	}
}

func FuzzRead(f *testing.F) {
	for _, r := range reports() {
		var b bytes.Buffer
		require.NoError(f, report.JSON(&b, r))
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"twinspect.dev/evidence/compatibility","version":"1.0","verdict":"pass"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, write := range []render{report.JUnit, report.Markdown, report.HTML, terminal(report.TerminalOptions{Verbose: true, Color: true})} {
			require.NoError(t, write(io.Discard, r))
		}
		once := text(t, report.JSON, r)
		again, err := report.Read(strings.NewReader(once))
		require.NoError(t, err)
		require.Equal(t, once, text(t, report.JSON, again))
	})
}

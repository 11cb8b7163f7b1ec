package report_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/har"
	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
	"twinspect.dev/diff/report/evidence"
)

func written(t testing.TB, r *contract.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, r))
	return b.Bytes()
}

func TestReadReturnsWhatJSONWrote(t *testing.T) {
	for name, r := range map[string]*contract.Report{"typical": typicalReport(), "large": largeReport(100, 50)} {
		t.Run(name, func(t *testing.T) {
			got, err := report.Read(bytes.NewReader(written(t, r)))
			require.NoError(t, err)
			want := *r
			want.Schema, want.Version = contract.Schema, contract.SchemaVersion
			require.Equal(t, &want, got)
		})
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
	for name, r := range map[string]*contract.Report{"empty": emptyReport(), "typical": typicalReport()} {
		t.Run(name, func(t *testing.T) {
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(written(t, r)))
			require.NoError(t, err)
			require.NoError(t, s.Validate(v))
		})
	}
}

func TestReadReadsALaterMinorVersionAndRefusesAnotherMajorOne(t *testing.T) {
	text := string(written(t, typicalReport()))
	got, err := report.Read(strings.NewReader(strings.Replace(text, `"version": "1.0"`, `"version": "1.7", "added_later": {"a": 1}`, 1)))
	require.NoError(t, err)
	require.Equal(t, "1.7", got.Version)

	for _, head := range []string{
		`{"schema": "twinspect.dev/evidence/contract", "version": "2.0"}`,
		`{"schema": "twinspect.dev/evidence/contract", "version": "1"}`,
		`{"schema": "twinspect.dev/evidence/diff", "version": "1.0"}`, `{}`, `{"schema": ""}`,
	} {
		_, err := report.Read(strings.NewReader(head))
		var version *evidence.VersionError
		require.ErrorAs(t, err, &version, head)
	}
}

func TestReadRefusesWhatWouldBeMisread(t *testing.T) {
	for want, change := range map[string]func(*contract.Report){
		"verdict":                    func(r *contract.Report) { r.Verdict = "fine" },
		"cases[0].kind":              func(r *contract.Report) { r.Cases[0].Kind = "other" },
		"cases[1]: 2310 were made":   func(r *contract.Report) { r.Cases[1].Passed = math.MaxUint64 },
		"checks[0]: 41212 were brok": func(r *contract.Report) { r.Checks[0].Broken = 41212 },
		"findings[0]: came 9 times":  func(r *contract.Report) { r.Findings[0].Seen = 9 },
	} {
		r := typicalReport()
		change(r)
		_, err := report.Read(bytes.NewReader(written(t, r)))
		require.ErrorContains(t, err, want)
	}
	_, err := report.Read(strings.NewReader("{\n\"schema\": 1}"))
	require.ErrorContains(t, err, "line 2")
}

func TestJSONNamesTheNumberThatIsNone(t *testing.T) {
	r := typicalReport()
	r.Findings[1].Example.Steps[0].Latency = math.NaN()
	require.ErrorContains(t, report.JSON(io.Discard, r), "findings[1].example.steps[0].latency_ms is NaN")
	require.ErrorContains(t, report.HTML(io.Discard, r), "findings[1]")
}

func TestHARHoldsEveryExample(t *testing.T) {
	examples := []capture.Exchange{
		{Request: capture.Request{Method: "GET", Target: "/a", Proto: "HTTP/1.1"}, Response: capture.Response{Status: 500, Proto: "HTTP/1.1"}},
		{Request: capture.Request{Method: "GET", Target: "/b", Proto: "HTTP/1.1"}, Response: capture.Response{Message: capture.Message{Incomplete: capture.Timeout}}},
	}
	for i := range examples {
		examples[i].ID[0], examples[i].Request.Start, examples[i].Request.End = byte(i+1), start, start
	}
	var b bytes.Buffer
	require.NoError(t, report.HAR(&b, examples))
	in := har.NewReader("examples", &b, har.ReadOptions{})
	var targets []string
	for {
		var e capture.Exchange
		err := in.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		targets = append(targets, e.Request.Target)
	}
	require.Equal(t, []string{"/a", "/b"}, targets)
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, typicalReport()))
	f.Add([]byte(`{"schema":"twinspect.dev/evidence/contract","version":"1.0","verdict":"pass"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, write := range []func(io.Writer, *contract.Report) error{report.JUnit, report.Markdown, report.HTML} {
			if err := write(io.Discard, r); err != nil {
				require.ErrorContains(t, err, "_ms is")
			}
		}
		require.NoError(t, report.Terminal(io.Discard, r, report.TerminalOptions{Verbose: true}))
	})
}

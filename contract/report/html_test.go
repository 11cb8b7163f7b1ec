package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
	"twinspect.dev/diff/report/page"
)

// renderHTML returns the page of r. Where TWINSPECT_REPORT_PAGES names a
// folder, the page is kept there under name, to be looked at.
func renderHTML(t testing.TB, name string, r *contract.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, r))
	if dir := os.Getenv("TWINSPECT_REPORT_PAGES"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".html"), b.Bytes(), 0o644))
	}
	return b.Bytes()
}

// ours matches what differs with every change of the page's sources, and what
// differs with the compressor; the browser's tests read it.
var ours = regexp.MustCompile(`(?s)<style>.*?</style>|<script[^>]*>.*?</script>|'sha256-[^']+'`)

func TestHTMLMatchesTheGoldenFilesOutsideOfItsBundles(t *testing.T) {
	for name, r := range map[string]*contract.Report{"empty": emptyReport(), "typical": typicalReport()} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+"-page.html", ours.ReplaceAll(renderHTML(t, name, r), nil))
		})
	}
}

func TestTheCheckedInBundlesAreFresh(t *testing.T) {
	files, err := page.Bundle("page")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("page", filepath.FromSlash(name)))
		require.NoError(t, err)
		require.True(t, string(want) == string(got), "%s is stale: run go generate", name)
	}
}

// loads matches what makes a browser ask for something.
var loads = regexp.MustCompile(`(?i)(src|srcset|href|action|poster)=["']([^"']*)|[:,\s]url\(|@import`)

func TestHTMLRefersToNothingOutsideOfItself(t *testing.T) {
	found := loads.FindAllSubmatch(renderHTML(t, "typical", typicalReport()), -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		require.Regexp(t, "^(#|data:)", string(m[2]), string(m[0]))
	}
}

func TestHTMLOfAGreatDocumentStaysSmall(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes minutes under the race detector, and has one goroutine")
	}
	text := renderHTML(t, "large", largeReport(1223, 500))
	require.Less(t, len(text), 5_000_000)
	require.Equal(t, 500, strings.Count(string(text), `class="finding`)-strings.Count(string(text), `class="finding-body`))
	require.Equal(t, 1223, strings.Count(string(text), `<tr id="operation-`))
	require.Contains(t, string(text), "cut here")
}

func TestHTMLOfEnormousTextsStaysSmall(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes minutes under the race detector, and has one goroutine")
	}
	r := typicalReport()
	long := strings.Repeat("<&\x00\"", 200_000)
	r.Findings = nil
	for range 300 {
		f := typicalFindings()[2]
		f.Message, f.Cause, f.Example.Why, f.Cases = long, long, long, []string{long}
		for i := range f.Example.Steps {
			s := &f.Example.Steps[i]
			s.Curl, s.Request.Body, s.Response.Body, s.Response.Header = long, strings.Repeat("[", 1<<20), long, []string{long}
		}
		r.Findings = append(r.Findings, f)
	}
	r.Gaps = []contract.Gap{{Why: long}}
	r.Reasons = []string{long}
	text := renderHTML(t, "enormous", r)
	require.Less(t, len(text), 5_000_000)
	require.Contains(t, string(text), "more findings: the JSON evidence has them")
}

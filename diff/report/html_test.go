package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

// renderHTML returns the page of r. Where TWINSPECT_REPORT_PAGES names a
// folder, the page is kept there under name, to be looked at.
func renderHTML(t testing.TB, name string, r *diff.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, r))
	if dir := os.Getenv("TWINSPECT_REPORT_PAGES"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".html"), b.Bytes(), 0o644))
	}
	return b.Bytes()
}

// ours matches what differs with every change of the page's sources.
// What is packed differs with the compressor; the browser's tests read it.
var ours = regexp.MustCompile(`(?s)<style>.*?</style>|<script[^>]*>.*?</script>|'sha256-[^']+'`)

func TestHTMLMatchesTheGoldenFilesOutsideOfItsBundles(t *testing.T) {
	for name, r := range map[string]*diff.Report{"empty": emptyReport(), "typical": typicalReport(), "full": fullReport()} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+"-page.html", ours.ReplaceAll(renderHTML(t, name, r), nil))
		})
	}
}

// loads matches what makes a browser ask for something.
var loads = regexp.MustCompile(`(?i)(src|srcset|href|action|poster|data)=["']?([^"'>\s]*)|[:,\s]url\(|@import`)

func TestHTMLRefersToNothingOutsideOfItself(t *testing.T) {
	page := renderHTML(t, "typical", typicalReport())
	found := loads.FindAllSubmatch(page, -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		require.Regexp(t, "^(#|data:)", string(m[2]), string(m[0]))
	}
}

func TestHTMLShowsWithoutScriptsWhatMattersMost(t *testing.T) {
	page := string(renderHTML(t, "large", largeReport(10_000)))
	require.Contains(t, page, `<html lang="en" class="no-js">`)
	require.Contains(t, page, "1,000 regressions in 200 operations, 1,000 suspects")
	require.Equal(t, 100, strings.Count(page, `<td><span class="mark regression">`))
	require.Equal(t, 100, strings.Count(page, `<td><span class="mark noise">`))
	require.Contains(t, page, "1,900 more differences")
	require.Contains(t, page, "Noise: 8,000 differences")
	require.Contains(t, page, "7,900 more differences")
	require.Equal(t, 200, strings.Count(page, `data-operation="`))
}

func TestHTMLRendersReportsOfAnySize(t *testing.T) {
	for name, r := range map[string]*diff.Report{"empty": emptyReport(), "typical": typicalReport(), "large": largeReport(10_000)} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(renderHTML(t, name, r)), `id="verdict"`)
		})
	}
}

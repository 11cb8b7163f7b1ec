package report_test

import (
	"bytes"
	"os"
	"path/filepath"
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

func TestHTMLRendersReportsOfAnySize(t *testing.T) {
	for name, r := range map[string]*diff.Report{"empty": emptyReport(), "typical": typicalReport(), "large": largeReport(10_000)} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, string(renderHTML(t, name, r)), `id="verdict"`)
		})
	}
}

package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/report"
)

// golden compares got with testdata/name, or writes it there when the test is
// run with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to write the golden file")
	require.Equal(t, string(want), string(got))
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	flag.Parse()
	os.Exit(m.Run())
}

func TestRenderersMatchTheGoldenFiles(t *testing.T) {
	tests := map[string]func(*bytes.Buffer, *diff.Report) error{
		"terminal.txt": func(b *bytes.Buffer, r *diff.Report) error {
			return report.Terminal(b, r, report.TerminalOptions{Width: 100, More: "report.html"})
		},
		"terminal-narrow.txt": func(b *bytes.Buffer, r *diff.Report) error {
			return report.Terminal(b, r, report.TerminalOptions{Width: 50})
		},
		"terminal-verbose.txt": func(b *bytes.Buffer, r *diff.Report) error {
			return report.Terminal(b, r, report.TerminalOptions{Width: 120, Verbose: true})
		},
		"terminal-color.txt": func(b *bytes.Buffer, r *diff.Report) error {
			return report.Terminal(b, r, report.TerminalOptions{Color: true})
		},
		"report.json": func(b *bytes.Buffer, r *diff.Report) error { return report.JSON(b, r) },
		"junit.xml":   func(b *bytes.Buffer, r *diff.Report) error { return report.JUnit(b, r) },
		"comment.md":  func(b *bytes.Buffer, r *diff.Report) error { return report.Markdown(b, r, 0) },
	}
	reports := map[string]*diff.Report{"typical": typicalReport(), "empty": emptyReport(), "full": fullReport()}
	for file, render := range tests {
		for kind, r := range reports {
			t.Run(kind+"-"+file, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, render(&b, r))
				golden(t, kind+"-"+file, b.Bytes())
			})
		}
	}
}

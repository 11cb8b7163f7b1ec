package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
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
	terminal := func(o report.TerminalOptions) func(*bytes.Buffer, *contract.Report) error {
		return func(b *bytes.Buffer, r *contract.Report) error { return report.Terminal(b, r, o) }
	}
	tests := map[string]func(*bytes.Buffer, *contract.Report) error{
		"terminal.txt":         terminal(report.TerminalOptions{More: "report.html"}),
		"terminal-narrow.txt":  terminal(report.TerminalOptions{Width: 50}),
		"terminal-verbose.txt": terminal(report.TerminalOptions{Width: 120, Verbose: true}),
		"terminal-color.txt":   terminal(report.TerminalOptions{Color: true}),
		"report.json":          func(b *bytes.Buffer, r *contract.Report) error { return report.JSON(b, r) },
		"junit.xml":            func(b *bytes.Buffer, r *contract.Report) error { return report.JUnit(b, r) },
		"comment.md":           func(b *bytes.Buffer, r *contract.Report) error { return report.Markdown(b, r) },
	}
	for file, render := range tests {
		for kind, r := range map[string]*contract.Report{"typical": typicalReport(), "empty": emptyReport()} {
			t.Run(kind+"-"+file, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, render(&b, r))
				golden(t, kind+"-"+file, b.Bytes())
			})
		}
	}
}

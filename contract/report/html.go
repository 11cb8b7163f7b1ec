package report

import (
	"io"

	"twinspect.dev/contract"
)

// HTML writes r as a page.
func HTML(w io.Writer, r *contract.Report) error { return Terminal(w, r, TerminalOptions{}) }

package look

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// TerminalOptions says how a report is written for a terminal. The zero value is
// plain text, 80 columns wide.
type TerminalOptions struct {
	// Color asks for ANSI colours (ECMA-48 SGR). The caller knows whether the
	// writer is a terminal and what NO_COLOR says.
	Color bool
	// Width is the number of columns; 0 means 80, less than 40 means 40.
	Width int
	// Verbose lifts every limit on the number of lines.
	Verbose bool
	// More names where the rest stands, such as "report.html", for the lines
	// that say how much was left out. It may be empty.
	More string
}

// Style is an SGR parameter.
type Style string

// The styles.
const (
	Bold   Style = "1"
	Faint  Style = "2"
	Red    Style = "31;1"
	Green  Style = "32;1"
	Yellow Style = "33;1"
	Cyan   Style = "36"
)

// Terminal writes the lines of a report. Errors stay in it until Flush returns
// the first. It is used by one goroutine at a time.
type Terminal struct {
	TerminalOptions
	w *bufio.Writer
}

// NewTerminal returns a Terminal to w, the options' width filled in.
func NewTerminal(w io.Writer, o TerminalOptions) *Terminal {
	if o.Width == 0 {
		o.Width = 80
	}
	o.Width = max(o.Width, 40)
	return &Terminal{TerminalOptions: o, w: bufio.NewWriter(w)}
}

// Flush writes what is left, and returns the first error of the writer.
func (t *Terminal) Flush() error { return t.w.Flush() }

// Paint colours text that is visible already.
func (t *Terminal) Paint(s Style, text string) string {
	if !t.Color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Line writes the parts, which are visible already, as one line.
func (t *Terminal) Line(parts ...string) {
	fmt.Fprintln(t.w, strings.TrimRight(strings.Join(parts, ""), " "))
}

// Heading begins a section.
func (t *Terminal) Heading(s Style, title, about string) {
	t.Line()
	if about != "" {
		about = "  " + Fit(about, t.Width-len(title)-2)
	}
	t.Line(t.Paint(s, title), t.Paint(Faint, about))
}

// Cut returns how many of n entries may be shown.
func (t *Terminal) Cut(n, limit int) int {
	if t.Verbose {
		return n
	}
	return min(n, limit)
}

// Left says that n entries were left out.
func (t *Terminal) Left(n int, noun string) {
	if n <= 0 {
		return
	}
	see := ", see --verbose"
	if t.More != "" {
		see = ", see " + t.More
	}
	t.Line(t.Paint(Faint, Fit(fmt.Sprintf("  … %s more%s%s", Grouped(uint64(n)), noun, see), t.Width)))
}

// Grid writes a table.
func (t *Terminal) Grid(g Grid) {
	for _, line := range g.Aligned(t.Width) {
		t.Line(line)
	}
}

// Hanging writes text after first in at most most lines, the further ones
// indented below it.
func (t *Terminal) Hanging(first, text string, most int) {
	indent := Width(first)
	lines := Wrap(text, max(t.Width-indent, MinColumn))
	shown := t.Cut(len(lines), most)
	for i, line := range lines[:shown] {
		if i > 0 {
			first = Pad("", indent)
		}
		if i == shown-1 && shown < len(lines) {
			line = Fit(line+" …", t.Width-indent)
		}
		t.Line(first, line)
	}
}

package contractfile

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	bold   = "\x1b[1m"
	normal = "\x1b[0m"
)

// DriftText writes changes as a diff: what was after a minus, what is after a plus,
// below the operation and the message it is about. The error is the writer's.
func DriftText(w io.Writer, changes []Change, colour bool) error {
	t := text{w: bufio.NewWriter(w), colour: colour}
	operation, status, begun := "", -1, false
	for _, c := range changes {
		if c.Operation != operation || !begun {
			if begun {
				t.line("", "")
			}
			t.line(bold, clean(c.Operation))
			operation, status, begun = c.Operation, -1, true
		}
		if c.Status != status && (c.Status != 0 || c.At != "") {
			t.line("", "  "+message(c))
			status = c.Status
		}
		t.change(c)
	}
	return t.w.Flush()
}

func message(c Change) string {
	if c.Status == 0 {
		return "request"
	}
	return fmt.Sprint(c.Status)
}

type text struct {
	w      *bufio.Writer
	colour bool
}

func (t *text) line(colour, s string) {
	if t.colour && colour != "" && s != "" {
		s = colour + s + normal
	}
	_, _ = t.w.WriteString(s + "\n") // Flush tells
}

func (t *text) change(c Change) {
	what := string(c.At)
	switch {
	case what == "" && c.Status == 0:
		what = "the operation"
	case what == "":
		what = "the response"
	}
	what = clean(what)
	switch {
	case c.Old != "" && c.New != "":
		t.line(red, "-     "+what+": "+clean(c.Old))
		t.line(green, "+     "+what+": "+clean(c.New))
	case c.Old != "":
		t.line(red, "-     "+what+": "+clean(c.Old)+"; "+clean(c.Text))
	default:
		t.line(green, "+     "+what+": "+clean(c.New))
	}
}

// clean keeps names that came over a wire from steering a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}

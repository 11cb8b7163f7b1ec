package cli

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
)

// Message says what an error means to the user and, where there is something
// to do about it, what. It is "" where the command has said it all.
func Message(err error) string {
	var verdict *VerdictError
	switch {
	case err == nil, errors.As(err, &verdict):
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted; what was done before is kept"
	}
	text := visibleLines(err.Error())
	if hint := hint(err); hint != "" {
		text += "\n  " + hint
	}
	return text
}

// visibleLines makes visible what a terminal would obey: errors quote what was
// read.
func visibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

func hint(err error) string {
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: what was written before can still be read; make room and go on"
	case errors.Is(err, fs.ErrExist):
		return "choose another name, or overwrite it with --force"
	case errors.As(err, &op) && op.Op == "listen" && errors.Is(err, syscall.EADDRINUSE):
		return "another program listens there: stop it, or choose another port (port 0 lets the system choose)"
	}
	return ""
}

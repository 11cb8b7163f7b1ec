package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/diff"
)

func TestExitCodeTellsHowACommandEnded(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"no error", nil, 0},
		{"fail", &VerdictError{diff.Fail}, 1},
		{"inconclusive", &VerdictError{diff.Inconclusive}, 3},
		{"interrupted verdict", &VerdictError{diff.Interrupted}, 130},
		{"interrupted", fmt.Errorf("read: %w", context.Canceled), 130},
		{"failure", errors.New("boom"), 2},
		{"time limit", context.DeadlineExceeded, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, ExitCode(tt.err)) })
	}
}

func TestMessageSaysWhatToDo(t *testing.T) {
	busy := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	assert.Contains(t, Message(fmt.Errorf("write x.twin: %w", syscall.ENOSPC)), "make room")
	assert.Contains(t, Message(&fs.PathError{Op: "open", Path: "x.twin", Err: fs.ErrExist}), "--force")
	assert.Contains(t, Message(busy), "another program listens there")
	assert.Equal(t, "boom", Message(errors.New("boom")))
	assert.Equal(t, "a\\x1b[2J\nb", Message(errors.New("a\x1b[2J\nb")), "a terminal obeys nothing that was read")
	assert.Empty(t, Message(&VerdictError{diff.Fail}), "the report has said it")
}

package cli

import (
	"bytes"
	"strings"
	"sync"
)

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// testEnv is a process without a terminal and what it prints.
func testEnv(stdin string) (env Env, stdout, stderr *buffer) {
	stdout, stderr = &buffer{}, &buffer{}
	return Env{
		Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: stderr,
		Getenv: func(string) string { return "" },
	}, stdout, stderr
}

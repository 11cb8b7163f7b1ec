package main

import (
	"os"
	"testing"
)

// TestMain keeps what the command keeps for its user out of the real user's
// folders.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "twinspect-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

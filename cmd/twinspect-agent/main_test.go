package main

import (
	"context"
	"os"
	"testing"

	"twinspect.dev/cmd/internal/cli"
)

// childEnv makes the test binary the agent, so that tests can kill one.
const childEnv = "TWINSPECT_TEST_IS_AGENT"

// atEnd is done when all tests have ended.
var atEnd []func()

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(run(context.Background(), cli.Process("test"), os.Args[1:]))
	}
	code := m.Run()
	for _, f := range atEnd {
		f()
	}
	os.Exit(code)
}

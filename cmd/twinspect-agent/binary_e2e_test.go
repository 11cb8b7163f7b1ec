//go:build e2e

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxBinary is the size that the agent may have: it is pulled to every node.
const maxBinary = 25_000_000

func TestTheBinaryIsStaticAndSmall(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "agent")
			build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", path, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
			out, err := build.CombinedOutput()
			require.NoError(t, err, string(out))
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Less(t, info.Size(), int64(maxBinary))
			binary, err := elf.Open(path)
			require.NoError(t, err)
			defer binary.Close()
			for _, p := range binary.Progs {
				assert.NotEqual(t, elf.PT_INTERP, p.Type, "it asks for a dynamic linker")
			}
		})
	}
}

//go:build e2e

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxBinary is the size that the agent may have: it is pulled to every node.
const maxBinary = 25_000_000

// The size is that of this machine's architecture, as it is released. The other
// is built with the flags of `make cross`, which has compiled it before.
func TestTheBinaryIsStaticAndSmall(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "agent")
			args := []string{"build", "-o", path}
			if arch == runtime.GOARCH {
				args = append(args, "-ldflags=-s -w")
			}
			build := exec.CommandContext(t.Context(), "go", append(args, ".")...)
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
			out, err := build.CombinedOutput()
			require.NoError(t, err, string(out))
			if info, err := os.Stat(path); assert.NoError(t, err) && arch == runtime.GOARCH {
				assert.Less(t, info.Size(), int64(maxBinary))
			}
			binary, err := elf.Open(path)
			require.NoError(t, err)
			defer binary.Close()
			for _, p := range binary.Progs {
				assert.NotEqual(t, elf.PT_INTERP, p.Type, "it asks for a dynamic linker")
			}
		})
	}
}

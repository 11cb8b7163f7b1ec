package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCutArchiveGivesWhatIsWholeAndEndsWithTwo(t *testing.T) {
	whole, err := os.ReadFile(writeRecording(t, many(500)...))
	require.NoError(t, err)
	cut := filepath.Join(t.TempDir(), "cut.twin")
	require.NoError(t, os.WriteFile(cut, whole[:len(whole)*2/3], 0o600))
	r := twinspect(t.Context(), "cat", cut)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "cut.twin: offset ")
	assert.Less(t, strings.Count(r.stdout, "\n"), 500)
}

func TestBadLineOfJSONLinesIsNamedAndTheRestIsRead(t *testing.T) {
	good := exchangesOnly(twinspect(t.Context(), "cat", writeRecording(t, get("/a"), get("/b"))).stdout)
	a, b, _ := strings.Cut(good, "\n")
	file := filepath.Join(t.TempDir(), "bad.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(a+"\n{not json\n"+b), 0o600))
	r := twinspect(t.Context(), "cat", file)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "bad.jsonl: line 2")
	assert.Equal(t, good, exchangesOnly(r.stdout))
}

func TestNotARecordingIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty.pcap": "", "text.pcap": "hello, world, this is no capture", "noise.twin": "\x01\x02\x03\x04 noise",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			r := twinspect(t.Context(), "cat", file)
			assert.Equal(t, 2, r.code)
			assert.Contains(t, r.stderr, name)
		})
	}
}

func TestFullDiskIsToldAndEndsWithTwo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	full := filepath.Join(t.TempDir(), "full.twin")
	require.NoError(t, os.Symlink("/dev/full", full))
	file := writeRecording(t, many(100)...)
	for _, args := range [][]string{
		{"cat", file, "-o", full, "--force"},
		{"diff-run", file, "--base", serve(t, product), "--branch", serve(t, product), "--keep", full, "--force"},
	} {
		r := twinspect(t.Context(), args...)
		assert.Equal(t, 2, r.code, r.stdout+r.stderr)
		assert.Contains(t, r.stderr, "the disk is full")
	}
}

func TestPortInUseSaysWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	out := filepath.Join(t.TempDir(), "x.twin")
	r := twinspect(t.Context(), "capture", "--proxy", fmt.Sprintf("%s=http://127.0.0.1:1", l.Addr()), "-o", out)
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "another program listens there")
}

package recording

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/packet"
	"twinspect.dev/capture/wire"
	"twinspect.dev/cmd/internal/cli"
)

// A pcap without frames in both byte orders, and a pcapng likewise.
const (
	pcapLittle = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"
	pcapBig    = "\xa1\xb2\xc3\xd4\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x01"
	nanoLittle = "\x4d\x3c\xb2\xa1" + "\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"
	nanoBig    = "\xa1\xb2\x3c\x4d" + "\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x01"
	pcapng     = "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00"
)

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func zstandard(t *testing.T, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	defer w.Close()
	return string(w.EncodeAll([]byte(s), nil))
}

func TestRecordingIsReadInWhateverFormatItHas(t *testing.T) {
	want := []string{"/one", "/two"}
	har, twin, lines := written(t, "a.har", want...), written(t, "a.twin", want...), written(t, "a.jsonl", want...)
	tests := []struct {
		name, file, content string
		want                []string
		first               string // stage of the account
	}{
		{"twin by name", "a.twin", twin, want, ""},
		{"twin by content", "a.har.old", twin, want, ""},
		{"JSON lines by name", "a.jsonl", lines, want, ""},
		{"JSON lines by content", "a", lines, want, ""},
		{"JSON lines, gzip", "a.gz", gzipped(t, lines), want, ""},
		{"JSON lines, zstd", "a.jsonl.zst", zstandard(t, lines), want, ""},
		{"HAR by name", "a.HAR", har, want, ""},
		{"HAR by content", "a.json", har, want, ""},
		{"HAR by content behind white space", "a.json", " \n{ " + strings.TrimPrefix(har, "{"), want, ""},
		{"HAR, gzip", "a.har.gz", gzipped(t, har), want, ""},
		{"HAR, gzip by content", "a", gzipped(t, har), want, ""},
		{"HAR, zstd", "a.har.zst", zstandard(t, har), want, ""},
		{"pcap by content, little-endian", "a", pcapLittle, nil, "frames"},
		{"pcap by content, big-endian", "a", pcapBig, nil, "frames"},
		{"pcap of nanoseconds, little-endian", "a", nanoLittle, nil, "frames"},
		{"pcap of nanoseconds, big-endian", "a", nanoBig, nil, "frames"},
		{"pcapng by content", "a", pcapng, nil, "frames"},
		{"pcap by name", "a.pcap", pcapLittle, nil, "frames"},
		{"pcap, gzip", "a.pcap.gz", gzipped(t, pcapLittle), nil, "frames"},
		{"pcap, gzip by content", "a", gzipped(t, pcapLittle), nil, "frames"},
		{"pcap, zstd", "a.pcap.zst", zstandard(t, pcapLittle), nil, "frames"},
		{"pcapng, gzip", "a.pcapng.gz", gzipped(t, pcapng), nil, "frames"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, _, _ := testEnv("")
			in, err := Open(t.Context(), env, save(t, tt.file, tt.content))
			require.NoError(t, err)
			got, damaged, err := targets(t.Context(), in)
			require.NoError(t, err)
			assert.Zero(t, damaged)
			assert.Equal(t, tt.want, got)
			if tt.first != "" {
				assert.Equal(t, tt.first, in.Account()[0].Name)
			}
			read, total := in.Progress()
			assert.EqualValues(t, len(tt.content), total)
			assert.Equal(t, total, read)
			assert.NoError(t, in.Account().Balance())
			assert.NoError(t, in.Close())
		})
	}
}

func TestStandardInputIsReadInWhateverFormatItHas(t *testing.T) {
	for _, name := range []string{"a.twin", "a.jsonl", "a.har"} {
		t.Run(name, func(t *testing.T) {
			env, _, _ := testEnv(written(t, name, "/one"))
			in, err := Open(t.Context(), env, Stdio)
			require.NoError(t, err)
			got, _, err := targets(t.Context(), in)
			require.NoError(t, err)
			assert.Equal(t, []string{"/one"}, got)
			_, total := in.Progress()
			assert.EqualValues(t, -1, total, "how much comes is not known")
			assert.NoError(t, in.Close())
		})
	}
	env, _, _ := testEnv(pcapBig)
	in, err := OpenPackets(t.Context(), env, Stdio, packet.FileConfig{}, wire.Config{Agent: "test"})
	require.NoError(t, err)
	got, _, err := targets(t.Context(), in)
	assert.NoError(t, err)
	assert.Empty(t, got)
	assert.NoError(t, in.Close())
}

func TestInputThatCannotBeReadIsRefusedWithItsReason(t *testing.T) {
	env, _, _ := testEnv("")
	_, err := Open(t.Context(), env, t.TempDir())
	assert.ErrorContains(t, err, "is a folder: want a recording (.twin, .jsonl, .har, .pcap, .pcapng)")

	_, err = Open(t.Context(), env, t.TempDir()+"/absent.twin")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "absent.twin")

	_, err = Open(t.Context(), env, save(t, "a.pcap", "GIF89a, and no packets at all"))
	assert.ErrorContains(t, err, "a.pcap")

	_, err = Open(t.Context(), env, save(t, "a.har.gz", "\x1f\x8b\x00"))
	assert.ErrorContains(t, err, "a.har.gz")

	broken := errors.New("the line is dead")
	env.Stdin = failing{broken}
	_, err = Open(t.Context(), env, Stdio)
	assert.ErrorIs(t, err, broken)
	assert.ErrorContains(t, err, "read standard input")
}

func TestFileOfNoKnownFormatIsRefused(t *testing.T) {
	env, _, _ := testEnv("")
	in, err := Open(t.Context(), env, save(t, "a.bin", "GIF89a"))
	require.NoError(t, err)
	defer in.Close()
	_, _, err = targets(t.Context(), in)
	assert.ErrorContains(t, err, "not a recording")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzFormatIsToldWithoutReadingFurther(f *testing.F) {
	for _, start := range []string{pcapLittle, pcapng, `{"log":{`, "\x1f\x8b\x08\x00\x00", ""} {
		f.Add("a.har.gz", []byte(start))
	}
	f.Fuzz(func(t *testing.T, name string, start []byte) {
		if packets(start) {
			assert.Equal(t, formatPackets, formatOf(name, start))
		}
		formatOf(name, start)
	})
}

func TestWaitingForASilentPipeEndsWithTheContext(t *testing.T) {
	silent, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := Open(ctx, cli.Env{Stdin: silent}, Stdio)
		done <- err
	}()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, writer.Close(), "which ends the opening that was left behind")
}

package packet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
)

func TestEveryFormatGivesTheSameSegments(t *testing.T) {
	frames := someFrames(t, 20)
	want, damage, _ := readAll(t, pcapFile(t, frames))
	require.Empty(t, damage)
	require.Len(t, want, len(frames))
	for i, s := range want {
		assert.Equal(t, frames[i].at, s.Time)
		assert.Equal(t, frames[i].wire-len(frames[i].data), s.Missing)
	}
	le, be := binary.LittleEndian, binary.BigEndian
	for name, file := range map[string][]byte{
		"pcapng":                      ngFile(t, frames),
		"pcap, big-endian":            pcapWith(be, pcapMicroseconds, 4, 1, frames),
		"pcap, nanoseconds":           pcapWith(le, pcapNanoseconds, 4, 1, frames),
		"pcap, big-endian, nano":      pcapWith(be, pcapNanoseconds, 4, 1, frames),
		"pcap with a check sequence":  pcapWith(le, pcapMicroseconds, 4, 0x24000001, frames),
		"pcap 2.2, lengths exchanged": pcapWith(le, pcapMicroseconds, 2, 1, frames),
		"gzip":                        gzipped(t, pcapFile(t, frames)),
		"gzip in two members":         joined(gzipped(t, pcapFile(t, frames[:7])), gzipped(t, pcapFile(t, frames)[len(pcapFile(t, frames[:7])):])),
		"zstd":                        zstded(t, pcapFile(t, frames)),
		"zstd of pcapng":              zstded(t, ngFile(t, frames)),
		"gzip of pcapng":              gzipped(t, ngFile(t, frames)),
	} {
		t.Run(name, func(t *testing.T) {
			got, damage, stats := readAll(t, file)
			assert.Empty(t, damage)
			assert.Equal(t, want, got)
			assert.Equal(t, capture.Stats{Seen: 20, Written: 20}, stats)
		})
	}
}

// pcapEnds returns where each record ends and how many frames came up to there.
func pcapEnds(file []byte) map[int]int {
	ends := map[int]int{pcapHeaderSize: 0}
	for at, n := pcapHeaderSize, 1; at < len(file); n++ {
		at += pcapRecordSize + int(binary.LittleEndian.Uint32(file[at+8:]))
		ends[at] = n
	}
	return ends
}

// ngEnds is the same for the blocks of pcapng.
func ngEnds(file []byte) map[int]int {
	ends := map[int]int{}
	for at, n := 0, 0; at < len(file); {
		if binary.LittleEndian.Uint32(file[at:]) == ngEnhanced {
			n++
		}
		at += int(binary.LittleEndian.Uint32(file[at+4:]))
		ends[at] = n
	}
	return ends
}

func TestFileCutAtEveryByteGivesEveryWholeRecord(t *testing.T) {
	frames := someFrames(t, 6)
	pcap, ng := pcapFile(t, frames), ngFile(t, frames)
	for name, c := range map[string]struct {
		file []byte
		ends map[int]int
		head int
	}{
		"pcap":   {pcap, pcapEnds(pcap), pcapHeaderSize},
		"pcapng": {ng, ngEnds(ng), int(binary.LittleEndian.Uint32(ng[4:]))},
	} {
		t.Run(name, func(t *testing.T) {
			want, _, _ := readAll(t, c.file)
			require.Len(t, want, len(frames))
			whole := 0
			for n := range c.file {
				if n < c.head {
					_, err := NewFile("cut", bytes.NewReader(c.file[:n]))
					require.Error(t, err, "cut at %d", n)
					continue
				}
				count, clean := c.ends[n]
				whole = max(whole, count)
				got, damage, stats := readAll(t, c.file[:n])
				require.Len(t, got, whole, "cut at %d", n)
				for i := range got {
					require.Equal(t, want[i], got[i], "cut at %d", n)
				}
				if clean {
					require.Empty(t, damage, "cut at %d", n)
					continue
				}
				require.Len(t, damage, 1, "cut at %d", n)
				require.Equal(t, uint64(1), stats.Dropped["truncated-file"], "cut at %d", n)
			}
		})
	}
}

func TestCompressedFileCutAtEveryByteNeverEndsInSilence(t *testing.T) {
	frames := someFrames(t, 6)
	for name, file := range map[string][]byte{
		"gzip": gzipped(t, pcapFile(t, frames)), "zstd": zstded(t, pcapFile(t, frames)),
	} {
		t.Run(name, func(t *testing.T) {
			for n := range file {
				if _, err := NewFile("cut", bytes.NewReader(file[:n])); err != nil {
					continue
				}
				got, damage, stats := readAll(t, file[:n])
				require.LessOrEqual(t, len(got), len(frames))
				require.Len(t, damage, 1, "cut at %d", n)
				require.Equal(t, uint64(1), stats.Dropped["damaged-compression"], "cut at %d", n)
			}
		})
	}
}

func TestAbsurdLengthCostsOneRecord(t *testing.T) {
	frames := someFrames(t, 10)
	for name, length := range map[string]uint32{"swallows the rest": 700, "beyond the end": 5000, "4 GiB": 1<<32 - 1, "2 GiB": 1<<31 - 1, "just above": maxFrame + 1} {
		t.Run(name, func(t *testing.T) {
			file := pcapFile(t, frames)
			at := len(pcapFile(t, frames[:4]))
			binary.LittleEndian.PutUint32(file[at+8:], length)
			got, damage, stats := readAll(t, file)
			assert.Len(t, got, 9)
			require.Len(t, damage, 1)
			assert.Equal(t, int64(at), damage[0].Offset)
			assert.ErrorContains(t, damage[0], "went on")
			assert.Equal(t, uint64(1), stats.Dropped["damaged-record"])
		})
	}
}

// A writer that always breaks a rule is read all the same.
func TestUnsoundRecordsThatFollowEachOtherAreBelieved(t *testing.T) {
	frames := someFrames(t, 10)
	for i := range frames {
		frames[i].wire = len(frames[i].data) - 4
	}
	got, damage, _ := readAll(t, pcapWith(binary.LittleEndian, pcapMicroseconds, 4, 1, frames))
	assert.Empty(t, damage)
	assert.Len(t, got, 10)
}

func TestDamageWithoutAnyRecordBehindItEndsTheFile(t *testing.T) {
	file := joined(pcapFile(t, someFrames(t, 2)), bytes.Repeat([]byte{0xff}, resyncLimit+100))
	got, damage, stats := readAll(t, file)
	assert.Len(t, got, 2)
	require.Len(t, damage, 1)
	assert.ErrorContains(t, damage[0], "the rest is lost")
	assert.Equal(t, uint64(1), stats.Dropped["damaged-record"])
}

func TestFrameLongerThanTheReadAhead(t *testing.T) {
	data := append(framed(t, 0x0800, segment4(t, testPayload)), make([]byte, maxFrame)...)[:maxFrame]
	small := someFrames(t, 3)
	frames := []recorded{small[0], {frameTime, data, len(data)}, small[1], {frameTime, data, len(data)}, small[2]}
	for name, file := range map[string][]byte{
		"pcap":   pcapWith(binary.LittleEndian, pcapMicroseconds, 4, 1, frames),
		"pcapng": ngFile(t, frames),
	} {
		t.Run(name, func(t *testing.T) {
			got, damage, _ := readAll(t, file)
			assert.Empty(t, damage)
			require.Len(t, got, 5)
			assert.Equal(t, testPayload, got[1].Payload)
			assert.Equal(t, testPayload, got[3].Payload)
		})
	}
}

func TestCapturedLengthAboveTheWireLengthIsBelieved(t *testing.T) {
	r := someFrames(t, 1)[0]
	r.wire = len(r.data) - 5
	got, damage, _ := readAll(t, pcapWith(binary.LittleEndian, pcapMicroseconds, 4, 1, []recorded{r}))
	assert.Empty(t, damage)
	require.Len(t, got, 1)
	assert.Zero(t, got[0].Missing)
}

func TestWhatIsNoCaptureIsRefusedWithTheReason(t *testing.T) {
	pcap := pcapFile(t, nil)
	version := bytes.Clone(pcap)
	version[4] = 9
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                 {nil, "empty"},
		"text":                  {[]byte("hello world"), "unknown magic number 68656c6c"},
		"snoop":                 {[]byte("snoop\x00\x00\x00"), "editcap"},
		"zip":                   {[]byte("PK\x03\x04...."), "zip"},
		"xz":                    {[]byte("\xfd7zXZ\x00"), "xz"},
		"version":               {version, "version 9.4"},
		"three bytes":           {pcap[:3], "3 of 4 bytes"},
		"cut gzip":              {[]byte{0x1f, 0x8b, 8, 0}, "gzip"},
		"broken zstd":           {joined(zstdMagic, []byte{0xff, 0xff, 0xff}), "unpack"},
		"section without order": {joined([]byte{0x0a, 0x0d, 0x0d, 0x0a}, make([]byte, 30)), "byte order"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewFile("the-name", bytes.NewReader(c.file))
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "the-name")
		})
	}
}

func TestReadErrorOfTheFileEndsTheStream(t *testing.T) {
	broken := errors.New("the disk is gone")
	file := pcapFile(t, someFrames(t, 3))
	f, err := NewFile("bad-disk", io.MultiReader(bytes.NewReader(file[:len(file)-10]), iotest.ErrReader(broken)))
	require.NoError(t, err)
	var s Segment
	require.NoError(t, f.ReadSegment(t.Context(), &s))
	require.NoError(t, f.ReadSegment(t.Context(), &s))
	for range 2 {
		err = f.ReadSegment(t.Context(), &s)
		require.ErrorIs(t, err, broken)
		var record *capture.RecordError
		require.NotErrorAs(t, err, &record)
	}
	require.NoError(t, f.Account().Balance())
}

func TestOpenTellsProgressAndClose(t *testing.T) {
	file := pcapFile(t, someFrames(t, 100))
	path := filepath.Join(t.TempDir(), "named-wrongly.txt")
	require.NoError(t, os.WriteFile(path, gzipped(t, file), 0o600))
	info, err := os.Stat(path)
	require.NoError(t, err)
	f, err := Open(path)
	require.NoError(t, err)
	segments, damage := drain(t, f)
	assert.Equal(t, 100, segments)
	assert.Empty(t, damage)
	read, total := f.Progress()
	assert.Equal(t, info.Size(), read)
	assert.Equal(t, info.Size(), total)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	var s Segment
	assert.ErrorIs(t, f.ReadSegment(t.Context(), &s), os.ErrClosed)

	_, err = Open(path + ".missing")
	assert.ErrorIs(t, err, os.ErrNotExist)
	stream, err := NewFile("pipe", iotest.OneByteReader(bytes.NewReader(file)))
	require.NoError(t, err)
	_, total = stream.Progress()
	assert.Equal(t, int64(-1), total)
}

func TestCanceledContextEndsReading(t *testing.T) {
	f, err := NewFile("x", bytes.NewReader(pcapFile(t, someFrames(t, 3))))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s Segment
	assert.ErrorIs(t, f.ReadSegment(ctx, &s), context.Canceled)
	assert.NoError(t, f.ReadSegment(t.Context(), &s), "nothing is lost by it")
}

func TestReadingDoesNotAllocate(t *testing.T) {
	file := pcapFile(t, someFrames(t, 20000))
	f, err := NewFile("x", bytes.NewReader(file))
	require.NoError(t, err)
	var s Segment
	allocs := testing.AllocsPerRun(15000, func() {
		if err := f.ReadSegment(context.Background(), &s); err != nil {
			t.Fatal(err)
		}
	})
	assert.Zero(t, allocs)
}

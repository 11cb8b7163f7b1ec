package archive_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/capturetest"
)

// numbered returns n exchanges that can be told apart.
func numbered(n int) []*capture.Exchange {
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([]*capture.Exchange, n)
	for i := range list {
		e := capturetest.Samples()[0]
		e.Context.Index = uint64(i)
		body := make([]byte, 1+rng.IntN(200))
		for j := range body {
			body[j] = byte(rng.Uint32())
		}
		e.Response.Body = body
		list[i] = e
	}
	return list
}

// requireFrom checks that got is a subsequence of want.
func requireFrom(t *testing.T, want, got []*capture.Exchange) {
	t.Helper()
	last := -1
	for _, g := range got {
		i := int(g.Context.Index)
		require.Greater(t, i, last, "order")
		require.Less(t, i, len(want))
		if !reflect.DeepEqual(want[i], g) { // many times faster than a Diff
			require.Empty(t, capturetest.Diff(want[i], g))
		}
		last = i
	}
}

func TestAFileCutAnywhereGivesEveryWholeRecordAndTellsTheCut(t *testing.T) {
	want := numbered(6)
	const perFrame = 2
	file := write(t, archive.Twin, archive.WriteOptions{FrameRecords: perFrame}, want...)
	ends := frameEnds(t, file)
	require.Len(t, ends, 6/perFrame+2, "frames, the account and the index")

	for n := range file {
		got, bad := readAll(t, archive.Twin, file[:n])
		whole := 0
		for whole < len(ends) && ends[whole] <= n {
			whole++
		}
		require.GreaterOrEqual(t, len(got), min(whole, len(ends)-2)*perFrame, "cut at %d", n)
		requireFrom(t, want, got)
		require.Len(t, got, countPrefix(got), "cut at %d", n)
		if n >= ends[len(ends)-2]-len("checksum")/2 {
			require.Empty(t, bad, "cut at %d, after the last record", n)
			continue
		}
		require.Len(t, bad, 1, "cut at %d", n)
		require.Equal(t, archive.ReasonCut, bad[0].Reason, "cut at %d", n)
		require.LessOrEqual(t, bad[0].Offset, int64(n))
		if whole > 0 {
			require.GreaterOrEqual(t, bad[0].Offset, int64(ends[whole-1]))
		}
		require.ErrorContains(t, bad[0], fmt.Sprintf("gave %d exchanges", len(got)))
	}
}

// countPrefix returns how many exchanges follow each other from the first on.
func countPrefix(got []*capture.Exchange) int {
	for i, e := range got {
		if e.Context.Index != uint64(i) {
			return i
		}
	}
	return len(got)
}

// A frame of several blocks gives the records of the blocks before the cut.
func TestACutInALargeFrameGivesTheRecordsBeforeIt(t *testing.T) {
	want := numbered(4000)
	file := write(t, archive.Twin, archive.WriteOptions{FrameSize: 4 << 20}, want...)
	got, bad := readAll(t, archive.Twin, file[:len(file)/2])
	require.Len(t, bad, 1)
	require.Greater(t, len(got), 1000)
	require.Equal(t, len(got), countPrefix(got))
	requireFrom(t, want, got)
}

func TestALargeFileCutAtRandomGivesAPrefix(t *testing.T) {
	want := numbered(1500)
	file := write(t, archive.Twin, archive.WriteOptions{FrameSize: 32 << 10}, want...)
	ends := frameEnds(t, file)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		n := rng.IntN(ends[len(ends)-2])
		got, bad := readAll(t, archive.Twin, file[:n])
		require.Len(t, bad, 1, "cut at %d", n)
		require.Equal(t, len(got), countPrefix(got), "cut at %d", n)
	}
}

func TestAFlippedBitCostsItsFrameAndIsCounted(t *testing.T) {
	want := numbered(12)
	const perFrame = 2
	file := write(t, archive.Twin, archive.WriteOptions{FrameRecords: perFrame}, want...)
	ends := frameEnds(t, file)
	content := ends[len(ends)-2]
	for bit := 0; bit < 8*content; bit += 9 { // every byte, each in another bit
		damaged := bytes.Clone(file)
		damaged[bit/8] ^= 1 << (bit % 8)
		got, bad := readAll(t, archive.Twin, damaged)
		requireFrom(t, want, got)
		require.GreaterOrEqual(t, len(got), len(want)-perFrame, "bit %d", bit)
		if len(got) < len(want) {
			require.NotEmpty(t, bad, "bit %d", bit)
			var lost uint64
			for _, b := range bad {
				lost += b.Lost
			}
			require.EqualValues(t, len(want)-len(got), lost, "bit %d: %v", bit, bad)
			require.LessOrEqual(t, bad[0].Offset, int64(bit/8))
			require.GreaterOrEqual(t, bad[0].Offset, int64(bit/8)-200*perFrame*4)
		}
	}
}

func TestOverwrittenBytesCostNoOtherFrame(t *testing.T) {
	want := numbered(400)
	const perFrame = 10
	file := write(t, archive.Twin, archive.WriteOptions{FrameRecords: perFrame}, want...)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		damaged := bytes.Clone(file)
		from := rng.IntN(len(file) / 2)
		for i := range rng.IntN(300) {
			damaged[from+i] = byte(rng.Uint32())
		}
		got, _ := readAll(t, archive.Twin, damaged)
		requireFrom(t, want, got)
		require.GreaterOrEqual(t, len(got), len(want)-3*perFrame)
	}
}

func TestAMissingFrameIsCounted(t *testing.T) {
	file := write(t, archive.Twin, archive.WriteOptions{FrameRecords: 2}, numbered(8)...)
	ends := frameEnds(t, file)
	for name, tt := range map[string]struct {
		file []byte
		lost uint64
	}{
		"first":  {file[ends[0]:], 2},
		"middle": {append(bytes.Clone(file[:ends[0]]), file[ends[2]:]...), 4},
		"last":   {append(bytes.Clone(file[:ends[2]]), file[ends[3]:]...), 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := readAll(t, archive.Twin, tt.file)
			require.Len(t, bad, 1)
			assert.Equal(t, archive.ReasonMissing, bad[0].Reason)
			assert.Equal(t, tt.lost, bad[0].Lost)
			assert.Len(t, got, 8-int(tt.lost))
		})
	}
}

func TestRecordingsJoinedAreReadOneAfterTheOther(t *testing.T) {
	file := write(t, archive.Twin, archive.WriteOptions{}, numbered(3)...)
	got, bad := readAll(t, archive.Twin, append(bytes.Clone(file), file...))
	require.Empty(t, bad)
	require.Len(t, got, 6)

	cut := file[:frameEnds(t, file)[0]]
	got, bad = readAll(t, archive.Twin, append(bytes.Clone(cut), file...))
	require.Len(t, bad, 1)
	require.Equal(t, archive.ReasonCut, bad[0].Reason)
	require.Len(t, got, 6)
}

func TestAnArchiveInABodyIsNotTakenForTheRecordingThatIsCut(t *testing.T) {
	inner := write(t, archive.Twin, archive.WriteOptions{}, numbered(3)...)
	e := capturetest.Samples()[0]
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	e.Response.Body = slices.Concat(inner, noise)
	file := write(t, archive.Twin, archive.WriteOptions{}, e)
	inside := bytes.Index(file, inner)
	require.Positive(t, inside, "the body is stored as it is")
	for n := inside; n < inside+len(inner)+100; n++ {
		if slices.Contains(frameEnds(t, inner), n-inside) {
			continue // cannot be told from a damaged frame before whole ones
		}
		got, bad := readAll(t, archive.Twin, file[:n])
		require.Empty(t, got, "cut at %d", n)
		require.Len(t, bad, 1)
	}
}

// A frame's header may claim any size, a record any length.
func TestAClaimTakesNoMemory(t *testing.T) {
	good := write(t, archive.Twin, archive.WriteOptions{}, numbered(2)...)
	claim := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x10, 0x01, 0x00, 0x00} // 256 MiB in an empty block
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	long := z.EncodeAll([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0x08}, nil) // a record of 4 GiB
	for name, bad := range map[string][]byte{"frame": claim, "record": long} {
		t.Run(name, func(t *testing.T) {
			file := append(bytes.Repeat(bad, 10), good...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, errs := readAll(t, archive.Twin, file)
			runtime.ReadMemStats(&after)
			require.Len(t, got, 2)
			require.Len(t, errs, 1)
			require.Equal(t, archive.ReasonDamaged, errs[0].Reason)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		})
	}
}

func TestLinesThatAreBadAreToldByNumberAndPassedOver(t *testing.T) {
	good := string(write(t, archive.JSONL, archive.WriteOptions{}, capturetest.Samples()[0]))
	for name, tt := range map[string]struct {
		line, says string
	}{
		"no JSON":         {"nonsense", "invalid character"},
		"cut":             {good[:len(good)/2], "ends inside"},
		"two":             {`{} {}`, "one exchange a line"},
		"wrong kind":      {`{"request":{"method":7}}`, "method"},
		"unknown field":   {`{"request":{"metod":"GET"}}`, "metod"},
		"bad id":          {`{"id":"xyz"}`, "exchange id"},
		"bad time":        {`{"request":{"start":"yesterday"}}`, "yesterday"},
		"bad instant":     {`{"request":{"start":"@12.5"}}`, "nine digits"},
		"bad base64":      {`{"request":{"body_base64":"!"}}`, "body_base64"},
		"two bodies":      {`{"response":{"body":"a","body_base64":"YQ=="}}`, "both"},
		"bad text":        {`{"request":{"target":{"base64":"!"}}}`, "base64"},
		"no text":         {`{"request":{"target":{}}}`, "base64"},
		"header of three": {`{"request":{"header":[["a","b","c"]]}}`, "3 parts"},
		"deep":            {strings.Repeat("[", 20000), "depth"},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := readAll(t, archive.JSONL, []byte(good+"\n"+strings.TrimSpace(tt.line)+"\n"+good))
			require.Len(t, got, 2)
			require.Len(t, bad, 1)
			assert.Equal(t, 3, bad[0].Line)
			assert.EqualValues(t, len(good)+1, bad[0].Offset)
			assert.ErrorContains(t, bad[0], "file.jsonl: line 3: ")
			assert.ErrorContains(t, bad[0], tt.says)
		})
	}
}

func TestALineThatIsTooLongIsPassedOver(t *testing.T) {
	good := string(write(t, archive.JSONL, archive.WriteOptions{}, capturetest.Samples()[0]))
	long := `{"request":{"target":"` + strings.Repeat("a", 2<<20) + `"}}` + "\n"
	r, err := archive.NewReader("a.jsonl", strings.NewReader(good+long+good), archive.ReadOptions{MaxRecord: 1 << 10})
	require.NoError(t, err)
	var e capture.Exchange
	require.NoError(t, r.ReadExchange(t.Context(), &e))
	var bad *capture.RecordError
	require.ErrorAs(t, r.ReadExchange(t.Context(), &e), &bad)
	assert.Equal(t, archive.ReasonLineTooLong, bad.Reason)
	assert.Equal(t, 2, bad.Line)
	require.NoError(t, r.ReadExchange(t.Context(), &e))
	require.Empty(t, capturetest.Diff(capturetest.Samples()[0], &e))
}

func TestTheLastLineNeedsNoNewline(t *testing.T) {
	good := write(t, archive.JSONL, archive.WriteOptions{}, capturetest.Samples()[:2]...)
	got, bad := readAll(t, archive.JSONL, bytes.TrimSpace(good))
	require.Empty(t, bad)
	require.Len(t, got, 2)
}

// frameEnds returns where each frame of the file ends; the last is the index.
func frameEnds(t *testing.T, file []byte) []int {
	ends, err := archive.FrameEnds(file)
	require.ErrorIs(t, err, io.EOF)
	return ends
}

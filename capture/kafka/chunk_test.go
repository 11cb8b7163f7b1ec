package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// batchOf is a batch as the library writes it, moved to the offset base, whose
// header claims the offsets up to before next.
func batchOf(t testing.TB, attributes protocol.Attributes, base, next int64, values ...string) []byte {
	t.Helper()
	records := make([]protocol.Record, len(values))
	for i, v := range values {
		records[i].Value = protocol.NewBytes([]byte(v))
	}
	var b bytes.Buffer
	set := protocol.RecordSet{Version: 2, Attributes: attributes, Records: protocol.NewRecordReader(records...)}
	_, err := set.WriteTo(&b)
	require.NoError(t, err)
	batch := b.Bytes()[4:]
	binary.BigEndian.PutUint64(batch, uint64(base))
	binary.BigEndian.PutUint32(batch[atLastDelta:], uint32(next-base-1))
	return seal(batch)
}

func seal(batch []byte) []byte {
	binary.BigEndian.PutUint32(batch[atChecksum:], crc32.Checksum(batch[atAttributes:], castagnoli))
	return batch
}

// of makes the batch one of the producer.
func of(producer int64, batch []byte) []byte {
	binary.BigEndian.PutUint64(batch[atProducer:], uint64(producer))
	return seal(batch)
}

// read lists the items of an answer: "offset=value" or "from-to reason".
func read(t testing.TB, a *fetchAnswer, pos, to int64, limit int) []string {
	t.Helper()
	d, err := newDecompressor(limit)
	require.NoError(t, err)
	defer d.close()
	var list []string
	for _, s := range a.spans(pos, to) {
		c := d.unpackSpan(s)
		for it, more := c.next(); more; it, more = c.next() {
			require.Equal(t, pos, it.offset, "without a hole")
			require.Greater(t, it.next, pos)
			pos = it.next
			if it.reason == "" {
				list = append(list, fmt.Sprintf("%d=%s", it.offset, it.value))
			} else {
				list = append(list, fmt.Sprintf("%d-%d %s", it.offset, it.next, it.reason))
			}
		}
	}
	require.LessOrEqual(t, pos, to)
	return list
}

func TestOffsetsWithoutARecordAreCountedByTheirReason(t *testing.T) {
	const transactional, control = protocol.Transactional, protocol.Control | protocol.Transactional
	damaged := batchOf(t, 0, 0, 2, "a", "b")
	damaged[len(damaged)-1]++
	old := batchOf(t, 0, 0, 1, "a")
	old[atMagic] = 1
	fewer := batchOf(t, 0, 0, 3, "a", "b", "c")
	binary.BigEndian.PutUint32(fewer[atCount:], 2)
	seal(fewer)
	more := batchOf(t, 0, 0, 3, "a", "b", "c")
	binary.BigEndian.PutUint32(more[atCount:], 1<<31-1)
	seal(more)
	negative := batchOf(t, 0, 0, 1, "a")
	binary.BigEndian.PutUint32(negative[atCount:], 1<<32-1)
	seal(negative)
	whole := batchOf(t, 0, 1, 2, "b")
	tests := []struct {
		name    string
		batches [][]byte
		aborted []abortedTransaction
		pos, to int64
		want    []string
	}{
		{"nothing", nil, nil, 0, 9, nil},
		{"a hole before a batch and at its end", [][]byte{batchOf(t, 0, 2, 6, "a", "b")}, nil, 0, 9,
			[]string{"0-2 kafka-compacted", "2=a", "3=b", "4-6 kafka-compacted"}},
		{"a window that ends in a hole", [][]byte{batchOf(t, 0, 0, 1, "a"), batchOf(t, 0, 8, 9, "b")}, nil, 0, 5,
			[]string{"0=a", "1-5 kafka-compacted"}},
		{"a window that ends within a batch", [][]byte{batchOf(t, 0, 0, 3, "a", "b", "c")}, nil, 1, 2, []string{"1=b"}},
		{"a batch that compaction left empty", [][]byte{emptied(batchOf(t, 0, 3, 7, "a"))}, nil, 4, 6,
			[]string{"4-6 kafka-compacted"}},
		{"a window that ends in a marker", [][]byte{batchOf(t, 0, 0, 1, "a"), batchOf(t, control, 1, 2, "x")}, nil, 0, 2,
			[]string{"0=a", "1-2 kafka-control"}},
		{"a transaction aborted beside one committed", [][]byte{
			of(7, batchOf(t, transactional, 0, 2, "a", "b")), of(8, batchOf(t, transactional, 2, 3, "c")),
			batchOf(t, 0, 3, 4, "d"), of(7, batchOf(t, control, 4, 5, "x")), of(7, batchOf(t, transactional, 5, 6, "e")),
		}, []abortedTransaction{{producer: 7, first: 0}}, 0, 6,
			[]string{"0-2 kafka-aborted", "2=c", "3=d", "4-5 kafka-control", "5=e"}},
		{"an aborted transaction that begins later", [][]byte{
			of(7, batchOf(t, transactional, 0, 1, "a")), of(7, batchOf(t, control, 1, 2, "x")),
			of(7, batchOf(t, transactional, 2, 3, "b")),
		}, []abortedTransaction{{producer: 7, first: 2}}, 0, 3, []string{"0=a", "1-2 kafka-control", "2-3 kafka-aborted"}},
		{"a wrong checksum", [][]byte{damaged, batchOf(t, 0, 2, 3, "c")}, nil, 0, 3, []string{"0-2 kafka-corrupt", "2=c"}},
		{"an old format", [][]byte{old, batchOf(t, 0, 1, 2, "b")}, nil, 0, 2, []string{"0-1 kafka-old-format", "1=b"}},
		{"fewer records than there are", [][]byte{fewer}, nil, 0, 3, []string{"0=a", "1=b", "2-3 kafka-corrupt"}},
		{"more records than there are", [][]byte{more}, nil, 0, 9, []string{"0=a", "1=b", "2=c"}},
		{"a negative number of records", [][]byte{negative}, nil, 0, 1, []string{"0-1 kafka-corrupt"}},
		{"an unknown codec", [][]byte{batchOf(t, 7, 0, 2, "a", "b")}, nil, 0, 2, []string{"0-2 kafka-corrupt"}},
		{"one cut short", [][]byte{batchOf(t, 0, 0, 1, "a"), whole[:len(whole)-1]}, nil, 0, 2, []string{"0=a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := &fetchAnswer{lastStable: 9, records: bytes.Join(tt.batches, nil), aborted: tt.aborted}
			assert.Equal(t, tt.want, read(t, a, tt.pos, tt.to, 1<<20))
		})
	}
}

// emptied takes the records out of a batch.
func emptied(batch []byte) []byte {
	batch = batch[:batchHeader]
	binary.BigEndian.PutUint32(batch[atLength:], batchHeader-lengthBase)
	binary.BigEndian.PutUint32(batch[atCount:], 0)
	return seal(batch)
}

func TestEveryCodecIsUnpackedUpToTheLimit(t *testing.T) {
	const limit = 1 << 20
	bomb := string(make([]byte, 32<<20))
	for _, codec := range []protocol.Attributes{0, protocol.Gzip, protocol.Snappy, protocol.Lz4, protocol.Zstd} {
		t.Run(codec.String(), func(t *testing.T) {
			a := &fetchAnswer{lastStable: 9, records: batchOf(t, codec, 0, 2, "a", "b")}
			assert.Equal(t, []string{"0=a", "1=b"}, read(t, a, 0, 2, limit))

			a.records = append(batchOf(t, codec, 0, 2, bomb, "b"), batchOf(t, codec, 2, 3, "c")...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			assert.Equal(t, []string{"0-2 kafka-batch-too-large", "2=c"}, read(t, a, 0, 3, limit))
			runtime.ReadMemStats(&after)
			// Blocks of LZ4 have up to 4 MiB, buffers double as they grow, and under
			// the race detector pools lose some of them.
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(len(bomb)*3/4))

			cut := batchOf(t, codec, 0, 1, "abcdefgh")
			cut = cut[:len(cut)-3]
			binary.BigEndian.PutUint32(cut[atLength:], uint32(len(cut)-lengthBase))
			a.records = seal(cut)
			assert.Equal(t, []string{"0-1 kafka-corrupt"}, read(t, a, 0, 1, limit))
		})
	}
}

func TestASnappyBlockWithoutFrameIsUnpacked(t *testing.T) {
	d, err := newDecompressor(100)
	require.NoError(t, err)
	defer d.close()
	out, err := d.unpack(codecSnappy, []byte{3, 2 << 2, 'a', 'b', 'c'})
	require.NoError(t, err)
	assert.Equal(t, "abc", string(out))
	_, err = d.unpack(codecSnappy, []byte{200, 1, 2 << 2, 'a', 'b', 'c'})
	require.ErrorIs(t, err, errOversized)
	_, err = d.unpack(codecSnappy, append(bytes.Clone(xerial), 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 1))
	require.Error(t, err)
}

func TestAZstdWindowAboveTheLimitTakesNoMemory(t *testing.T) {
	d, err := newDecompressor(1 << 20)
	require.NoError(t, err)
	defer d.close()
	// Magic number, no content size, a window of 512 MiB, one raw block "x".
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 19 << 3, 1 | 1<<3, 0, 0, 'x'}
	_, err = d.unpack(codecZstd, frame)
	require.ErrorIs(t, err, errOversized)
}

// answer is what parseAnswer reads, of version 11.
func answer(code int16, records []byte) []byte {
	b := make([]byte, 4+2+4) // throttle time, error, session
	b = binary.BigEndian.AppendUint32(b, 1)
	b = append(binary.BigEndian.AppendUint16(b, 1), 't')
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(code))
	b = binary.BigEndian.AppendUint64(b, 9) // high watermark
	b = binary.BigEndian.AppendUint64(b, 8)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint64(b, 7)
	b = binary.BigEndian.AppendUint64(b, 3)
	b = binary.BigEndian.AppendUint32(b, 1<<32-1)
	b = binary.BigEndian.AppendUint32(b, uint32(len(records)))
	return append(b, records...)
}

func TestAnAnswerIsReadOrRefused(t *testing.T) {
	whole := answer(0, []byte("abc"))
	a, err := parseAnswer(whole, 11)
	require.NoError(t, err)
	assert.Equal(t, &fetchAnswer{
		lastStable: 8, aborted: []abortedTransaction{{producer: 7, first: 3}}, records: []byte("abc"),
	}, a)
	for n := range whole {
		_, err := parseAnswer(whole[:n], 11)
		require.ErrorIs(t, err, errAnswer, n)
	}
	a, err = parseAnswer(answer(6, nil), 11)
	require.NoError(t, err)
	require.ErrorIs(t, a.err, kafkago.NotLeaderForPartition)
}

func TestAnAnswerThatPromisesTooMuchTakesNoMemory(t *testing.T) {
	for _, head := range []string{"HTTP/1.1 400 Bad Request\r\n", "\x00\x00\x00\x03\x00\x00\x00\x01", "\x0f\xff\xff\xff\x00\x00\x00\x01abc"} {
		_, err := readAnswer(bytes.NewReader([]byte(head)))
		require.Error(t, err)
	}
}

// FuzzAnswer holds that whatever a broker answers is given or counted offset by
// offset, without a hole, in bounded memory.
func FuzzAnswer(f *testing.F) {
	for _, codec := range []protocol.Attributes{0, protocol.Gzip, protocol.Snappy, protocol.Lz4, protocol.Zstd} {
		f.Add(answer(0, append(batchOf(f, codec, 0, 4, "a", "b"), batchOf(f, codec|protocol.Transactional, 5, 6, "c")...)), uint8(11), true)
	}
	f.Add(answer(0, batchOf(f, protocol.Control, 0, 1, "x")), uint8(11), false)
	f.Add(answer(3, nil), uint8(4), false)
	d, err := newDecompressor(1 << 16)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte, version uint8, sealed bool) {
		a, err := parseAnswer(bytes.Clone(b), oldestFetch+int16(version%8))
		if err != nil {
			return
		}
		if sealed {
			sealAll(a.records)
		}
		const end = 1 << 20
		pos := int64(1)
		for _, s := range a.spans(pos, end) {
			c := d.unpackSpan(s)
			require.LessOrEqual(t, len(c.records), max(1<<16, len(b)))
			for it, more := c.next(); more; it, more = c.next() {
				require.Equal(t, pos, it.offset)
				require.Greater(t, it.next, it.offset)
				require.True(t, it.reason == "" || it.value == nil)
				pos = it.next
			}
			require.Equal(t, s.to, pos)
		}
		require.LessOrEqual(t, pos, int64(end))
	})
}

// sealAll makes every checksum right, so that the fuzzer comes past it.
func sealAll(b []byte) {
	for {
		h, rest, ok := nextBatch(b)
		if !ok {
			return
		}
		if len(h.bytes) >= batchHeader {
			seal(h.bytes)
		}
		b = rest
	}
}

package kafka

import (
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A batch of records in the form of message format 2 (Kafka protocol guide,
// "Record Batch") is a header of fixed size, whose fields begin at these bytes,
// and the records behind it, compressed as one.
const (
	atLength     = 8
	atEpoch      = 12
	atMagic      = 16
	atChecksum   = 17
	atAttributes = 21
	atLastDelta  = 23
	atFirstTime  = 27
	atMaxTime    = 35
	atProducer   = 43
	atCount      = 57
	batchHeader  = 61

	magic2 = 2
	// lengthBase is where the bytes begin that the batch's length counts.
	lengthBase = atEpoch

	attributeCodec         = 0x07
	attributeTransactional = 1 << 4
	attributeControl       = 1 << 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batcher makes batches of records. It is safe for concurrent use, and keeps
// memory for as many as are made and sent at the same time.
type batcher struct {
	zstd    *zstd.Encoder
	buffers sync.Pool
}

// batchBuffer is the memory of one batch.
type batchBuffer struct {
	records []byte // before compression
	set     []byte // the batch with its length before it, as a request holds it
	// lent says that a request without an answer may still read the set: a
	// connection goes on with it for a moment after its caller has given up.
	lent bool
}

// newBatcher takes the fastest level: of recorded HTTP it leaves a few percent
// more than level 3, for less than half the time. The batch's own checksum
// covers the compressed bytes, so that zstd's is left out.
func newBatcher() (*batcher, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	return &batcher{zstd: e, buffers: sync.Pool{New: func() any { return new(batchBuffer) }}}, nil
}

// make encodes records, of which there is at least one. The buffer is given back
// with release.
func (m *batcher) make(records []record) *batchBuffer {
	b := m.buffers.Get().(*batchBuffer)
	b.records = appendRecords(b.records[:0], records)
	b.set = append(b.set[:0], make([]byte, 4+batchHeader)...)
	b.set = m.zstd.EncodeAll(b.records, b.set)
	binary.BigEndian.PutUint32(b.set, uint32(len(b.set)-4))
	fillHeader(b.set[4:], records)
	return b
}

func (m *batcher) release(b *batchBuffer) {
	if !b.lent {
		m.buffers.Put(b)
	}
}

// appendRecords appends records without headers, each with its length before it.
func appendRecords(b []byte, records []record) []byte {
	first := records[0].time
	for i := range records {
		r := &records[i]
		sinceFirst := r.time - first
		size := 2 + varintSize(sinceFirst) + varintSize(int64(i)) +
			varintSize(int64(len(r.key))) + len(r.key) + varintSize(int64(len(r.value))) + len(r.value)
		b = binary.AppendVarint(b, int64(size))
		b = append(b, 0) // attributes: none are defined
		b = binary.AppendVarint(b, sinceFirst)
		b = binary.AppendVarint(b, int64(i))
		b = binary.AppendVarint(b, int64(len(r.key)))
		b = append(b, r.key...)
		b = binary.AppendVarint(b, int64(len(r.value)))
		b = append(b, r.value...)
		b = append(b, 0) // headers
	}
	return b
}

// fillHeader writes the header of a batch whose records are in place. The offset
// and the leader's epoch are the broker's to set; without a producer's ID, its
// fields are -1.
func fillHeader(b []byte, records []record) {
	latest := records[0].time
	for i := range records {
		latest = max(latest, records[i].time)
	}
	be := binary.BigEndian
	be.PutUint32(b[atLength:], uint32(len(b)-lengthBase))
	be.PutUint32(b[atEpoch:], 1<<32-1)
	b[atMagic] = magic2
	be.PutUint16(b[atAttributes:], codecZstd)
	be.PutUint32(b[atLastDelta:], uint32(len(records)-1))
	be.PutUint64(b[atFirstTime:], uint64(records[0].time))
	be.PutUint64(b[atMaxTime:], uint64(latest))
	for i := atProducer; i < atCount; i++ {
		b[i] = 0xff
	}
	be.PutUint32(b[atCount:], uint32(len(records)))
	be.PutUint32(b[atChecksum:], crc32.Checksum(b[atAttributes:], castagnoli))
}

// varintSize is the size of x as a zigzag varint.
func varintSize(x int64) int {
	n := 1
	for u := uint64(x)<<1 ^ uint64(x>>63); u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

package correlate

import (
	"hash/maphash"
	"math/bits"
)

// seed keeps whoever writes a recording from making values that collide.
var seed = maphash.MakeSeed()

// mix joins two hashes; the order counts.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return hi ^ lo ^ a
}

func hashOf(b []byte) uint64 { return maphash.Bytes(seed, b) }

func hashText(s string) uint64 { return maphash.String(seed, s) }

// Marks of a JSON path: its root, and any element of an array.
const (
	rootMark  = 0x8BB84B93962EACC9
	arrayMark = 0x2D358DCCAA6C78A5
)

func nameKey(k Kind, name []byte) uint64   { return mix(uint64(k), hashOf(name)) }
func segmentKey(k Kind, number int) uint64 { return mix(uint64(k)<<32, uint64(number)) }

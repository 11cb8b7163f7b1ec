package noise

import (
	"cmp"
	"encoding/binary"
	"strings"

	"twinspect.dev/diff"
)

// Rank orders the exchanges of a run in a way that is the same in every process
// and has to do neither with what the sides answered nor with when they were
// asked. Where only some occurrences can be kept, or one must come before
// another, that of the lowest rank does; so the ledger depends on which outcomes
// there were, and not on their order.
func Rank(exchange string) uint64 {
	h := uint64(len(exchange))
	for ; len(exchange) >= 8; exchange = exchange[8:] {
		h = mix(h ^ binary.LittleEndian.Uint64([]byte(exchange[:8])))
	}
	var tail [8]byte
	copy(tail[:], exchange)
	return mix(h ^ binary.LittleEndian.Uint64(tail[:]))
}

// mix is the step of SplitMix64 (Steele, Lea, Flood, Fast splittable
// pseudorandom number generators, OOPSLA 2014): every bit of x changes about
// half of the result's.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// CompareExamples orders examples by the rank of their exchange, and by what
// they show where that is the same.
func CompareExamples(a, b *diff.Example) int {
	return cmp.Or(cmp.Compare(Rank(a.Exchange), Rank(b.Exchange)), compareTexts(a, b))
}

func compareTexts(a, b *diff.Example) int {
	return cmp.Or(
		strings.Compare(a.Exchange, b.Exchange),
		strings.Compare(a.At, b.At),
		strings.Compare(a.Base, b.Base),
		strings.Compare(a.Branch, b.Branch),
		strings.Compare(a.Control, b.Control),
		strings.Compare(a.Target, b.Target),
		strings.Compare(a.Method, b.Method),
	)
}

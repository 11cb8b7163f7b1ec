package usage

// Hashes are the same in every process, as the samples are chosen by them. They
// protect nothing: who can choose values to collide gains a field that is told as
// used.
const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

// The spaces in which values are compared. A hash is of one of them.
const (
	asText uint64 = iota + 1
	asNumber
	asSpan
	asTree
)

func hashText(space uint64, s string) uint64 {
	h := space*prime64 ^ offset64
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime64
	}
	return mix(h)
}

// mix is the finaliser of MurmurHash3.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func join2(a, b uint64) uint64 { return mix(a*prime64 ^ b) }

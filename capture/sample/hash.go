package sample

// The constants of FNV-1a with 64 bits.
const (
	fnvBasis = 0xcbf29ce484222325
	fnvPrime = 0x100000001b3
)

// hash returns a value for s that is the same on every machine and in every
// release: FNV-1a from a basis, then a finalizer, for FNV alone leaves the high
// bits of short keys that end alike almost unmixed.
func hash[T string | []byte](basis uint64, s T) uint64 {
	h := basis
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return mix(h)
}

// mix is the finalizer of MurmurHash3, a bijection in which each bit of the
// input changes half of the output's.
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// unit is what a share of 1 is as a threshold: 53 bits, as a float64 holds.
const unit = 1 << 53

// below reports whether h falls into the share that the threshold stands for.
// What is below a threshold is below every larger one too.
func below(h, threshold uint64) bool { return h>>11 < threshold }

package redact

import "bytes"

// checks returns how many of n characters are the check sum. Few characters
// leave none to spare: each halves and more what they can tell apart.
func checks(n int) int {
	switch {
	case n >= 12:
		return 4
	case n >= 6:
		return 2
	case n >= 2:
		return 1
	}
	return 0
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// seal makes the last characters of v the check sum over those before them.
func (f form) seal(v []byte) {
	f.checked(v, func(k kind, at []byte, sum uint64) bool {
		k.appendSymbol(at[:0], sum)
		return true
	})
}

// sealed reports whether v ends with its check sum.
func (f form) sealed(v []byte) bool {
	return f.checked(v, func(k kind, at []byte, sum uint64) bool {
		var want [4]byte
		return bytes.Equal(at, k.appendSymbol(want[:0], sum))
	})
}

// checked calls yield for each character of the check sum, until it is refused.
func (f form) checked(v []byte, yield func(k kind, at []byte, sum uint64) bool) bool {
	n := f.count(v)
	before := n - checks(n)
	sum := uint64(fnvOffset)
	for i := 0; i < len(v); {
		k, w := f.next(v, i)
		if k != fixed {
			if before--; before < 0 && !yield(k, v[i:i+w:i+w], sum>>17) {
				return false
			}
		}
		for _, c := range v[i : i+w] {
			sum = (sum ^ uint64(c)) * fnvPrime
		}
		i += w
	}
	return true
}

// marked reports whether v bears the mark of a pseudonym, of whichever key.
func marked(v []byte) bool {
	if bytes.HasSuffix(v, []byte("@"+mailDomain)) || isCardMark(v) || (form{}).sealed(v) {
		return true
	}
	if !isHex(v) {
		return false
	}
	// By chance a pseudonym's letters may all be hexadecimal.
	return form{hex: true}.sealed(v) || isUUID(v) && form{hex: true, uuid: true}.sealed(v)
}

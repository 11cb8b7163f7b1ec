package jsondiff

import (
	"encoding/binary"
	"math/bits"
)

// skim returns the place behind the value that begins at i, 0 where it is broken
// or nested more than depth levels deep. It keeps nothing of it.
func skim(src []byte, i, depth int) (end int) {
	if i == len(src) {
		return 0
	}
	switch c := src[i]; {
	case c == '"':
		return textEnd(src, i)
	case c-'1' <= 8:
		return numberEnd(src, i)
	case c == '{' || c == '[':
		return skimInside(src, i, depth)
	}
	return scalarEnd(src, i)
}

// skimInside is skim for an object or an array.
func skimInside(src []byte, i, depth int) (end int) {
	if depth == 0 {
		return 0
	}
	closing := src[i] + 2
	if i = space(src, i+1); i < len(src) && src[i] == closing {
		return i + 1
	}
	for {
		if closing == '}' {
			if i == len(src) || src[i] != '"' {
				return 0
			}
			if i = textEnd(src, i); i == 0 {
				return 0
			}
			if i = colon(src, i); i == 0 {
				return 0
			}
		}
		// Most values are strings, and are worth a branch of their own.
		if i < len(src) && src[i] == '"' {
			i = textEnd(src, i)
		} else {
			i = skim(src, i, depth-1)
		}
		if i == 0 {
			return 0
		}
		if i = space(src, i); i == len(src) {
			return 0
		}
		if src[i] != ',' {
			break
		}
		i = space(src, i+1)
	}
	if src[i] != closing {
		return 0
	}
	return i + 1
}

// textEnd returns the place behind the string whose quote stands at i, 0 where it
// is broken.
func textEnd(src []byte, i int) (end int) {
	for j := i + 1; j+8 <= len(src); j += 8 {
		if m := special(binary.LittleEndian.Uint64(src[j:])); m != 0 {
			if j += bits.TrailingZeros64(m) / 8; src[j] == '"' {
				return j + 1
			}
			break
		}
	}
	end, _, msg := scanString(src, i)
	if msg != "" {
		return 0
	}
	return end
}

// colon returns where the value begins whose name ends at i, 0 where no colon
// stands between them.
func colon(src []byte, i int) int {
	if i == len(src) || src[i] != ':' {
		if i = space(src, i); i == len(src) || src[i] != ':' {
			return 0
		}
	}
	return space(src, i+1)
}

// follow reads what stands behind a value: a comma, then next is where the next
// element or name is due, or the closing bracket, then next is the place behind
// it. next is 0 where neither does.
func follow(src []byte, i int, closing byte) (next int, more bool) {
	if i = space(src, i); i == len(src) {
		return 0, false
	}
	switch src[i] {
	case ',':
		return space(src, i+1), true
	case closing:
		return i + 1, false
	}
	return 0, false
}

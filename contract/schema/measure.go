package schema

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDigits bounds the digits and the exponent of numbers: comparing them
// exactly needs that many digits of memory, and 1e1000000000 would need a
// gigabyte. The greatest number of IEEE 754 decimal128 has 6145 digits.
const maxDigits = 10_000

// bounded reports whether a number in JSON can be compared exactly with little
// memory.
func bounded(n string) bool {
	if len(n) > maxDigits {
		return false
	}
	i := strings.IndexAny(n, "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(n[i+1:])
	return err == nil && exponent <= maxDigits && exponent >= -maxDigits
}

// measure looks for what cannot be checked in a value: numbers that are out of
// bounds, nesting that is too deep, and what is no JSON. It returns why.
func measure(v any, depth int) (string, bool) {
	if depth > maxDepth {
		return "it is nested more than " + itoa(maxDepth) + " deep", false
	}
	switch v := v.(type) {
	case json.Number:
		if !bounded(string(v)) {
			return "a number has more than " + itoa(maxDigits) + " digits", false
		}
	case map[string]any:
		for _, child := range v {
			if why, ok := measure(child, depth+1); !ok {
				return why, false
			}
		}
	case []any:
		for _, child := range v {
			if why, ok := measure(child, depth+1); !ok {
				return why, false
			}
		}
	}
	return "", true
}

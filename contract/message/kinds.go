package message

import (
	"encoding/json"
	"strconv"
)

// kinds is a set of the types of JSON Schema; integers are numbers.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindBool
	kindNumber
	kindText
	kindList
	kindObject

	scalars  = kindNull | kindBool | kindNumber | kindText
	anything = scalars | kindList | kindObject
)

// classes counts the forms that the kinds have: scalars are one, lists another.
func (k kinds) classes() int {
	n := 0
	for _, class := range []kinds{scalars, kindList, kindObject} {
		if k&class != 0 {
			n++
		}
	}
	return n
}

// kindOf returns the kind of a value, 0 where it is none of a tree.
func kindOf(v any) kinds {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBool
	case json.Number, int, int64, uint64, float64:
		return kindNumber
	case string:
		return kindText
	case []any:
		return kindList
	case map[string]any:
		return kindObject
	}
	return 0
}

// textOf returns a scalar as a text; null is the empty one. It reports false for
// what is no scalar.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return string(v), true
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64: // of a tree that was not read with exact numbers
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}

// alike reports whether two values are the same but for the types of scalars,
// which a text form does not tell.
func alike(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !alike(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if other, ok := b[name]; !ok || !alike(v, other) {
				return false
			}
		}
		return true
	}
	x, ok := textOf(a)
	y, other := textOf(b)
	return ok && other && x == y
}

// isNumber reports whether s is a number of JSON (RFC 8259 section 6).
func isNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	whole := digits(s[i:])
	if whole == 0 || whole > 1 && s[i] == '0' {
		return false
	}
	i += whole
	if i < len(s) && s[i] == '.' {
		fraction := digits(s[i+1:])
		if fraction == 0 {
			return false
		}
		i += 1 + fraction
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exponent := digits(s[i:])
		if exponent == 0 {
			return false
		}
		i += exponent
	}
	return i == len(s)
}

// digits counts the digits at the beginning of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

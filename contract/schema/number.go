package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// numeric is a number that was read once: as an int64 where it is one, which
// needs no memory, and exactly otherwise.
type numeric struct {
	small int64
	exact *big.Rat // nil where small is the number
}

func numberOf(v any) numeric {
	if n, ok := v.(json.Number); ok {
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return numeric{small: i}
		}
	}
	exact, ok := rational(v)
	if !ok {
		exact = new(big.Rat) // it was measured: it can be read
	}
	return numeric{exact: exact}
}

func (n numeric) rat() *big.Rat {
	if n.exact != nil {
		return n.exact
	}
	return new(big.Rat).SetInt64(n.small)
}

func (n numeric) compare(limit *big.Rat) int {
	if n.exact == nil && limit.IsInt() && limit.Num().IsInt64() {
		return compareInts(n.small, limit.Num().Int64())
	}
	return n.rat().Cmp(limit)
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (n numeric) multipleOf(divisor *big.Rat) bool {
	if n.exact == nil && divisor.IsInt() && divisor.Num().IsInt64() {
		return n.small%divisor.Num().Int64() == 0
	}
	return new(big.Rat).Quo(n.rat(), divisor).IsInt()
}

// isInteger reports whether a number has no fraction, as 1.0 has none (core,
// section 6.3).
func isInteger(v any) bool {
	if n, ok := v.(json.Number); ok && !strings.ContainsAny(string(n), ".eE") {
		return n != ""
	}
	r, ok := rational(v)
	return ok && r.IsInt()
}

// equal reports whether two values are the same (core, section 4.2.2).
func equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && a == b
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalObjects(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return equalNumbers(a, b)
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for key := range a {
		other, ok := b[key]
		if !ok || !equal(a[key], other) {
			return false
		}
	}
	return true
}

func equalNumbers(a, b any) bool {
	if n, ok := a.(json.Number); ok && b == any(n) {
		return true
	}
	x, ok := rational(a)
	if !ok {
		return false
	}
	y, ok := rational(b)
	return ok && x.Cmp(y) == 0
}

// rational returns a number exactly.
func rational(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case json.Number:
		if !bounded(string(v)) {
			return nil, false
		}
	case int, int64, uint64, float64:
	default:
		return nil, false
	}
	return new(big.Rat).SetString(fmt.Sprint(v))
}

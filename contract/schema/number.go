package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// numeric is a number that was read once: as small / 10^scale where it is written
// with few digits, which needs no memory, and exactly otherwise.
type numeric struct {
	small int64
	scale int      // 0 where it has no fraction
	exact *big.Rat // nil where small and scale are the number
}

func numberOf(v any) numeric {
	if n, ok := v.(json.Number); ok {
		if small, scale, ok := decimal(string(n)); ok {
			return numeric{small: small, scale: scale}
		}
	}
	exact, ok := rational(v)
	if !ok {
		exact = new(big.Rat) // it was measured: it can be read
	}
	return numeric{exact: exact}
}

// maxShort is how many digits fit an int64 whatever they are.
const maxShort = 18

var powers = func() (p [maxShort + 1]int64) {
	p[0] = 1
	for i := range maxShort {
		p[i+1] = 10 * p[i]
	}
	return p
}()

// decimal reads a number of JSON that is written with few digits and without an
// exponent. A fraction does not end in zeros.
func decimal(n string) (small int64, scale int, ok bool) {
	digits := strings.TrimPrefix(n, "-")
	if len(digits) > maxShort || !isPlain(digits) {
		return 0, 0, false
	}
	for i := range len(digits) {
		if digits[i] == '.' {
			scale = len(digits) - i - 1
			continue
		}
		small = small*10 + int64(digits[i]-'0')
	}
	for ; scale > 0 && small%10 == 0; scale-- {
		small /= 10
	}
	if len(digits) < len(n) {
		small = -small
	}
	return small, scale, true
}

// isPlain reports whether a text is digits, with a point between two of them at
// most.
func isPlain(s string) bool {
	points := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.' && points == 0 && i > 0 && i < len(s)-1:
			points++
		case c < '0' || c > '9':
			return false
		}
	}
	return s != ""
}

func (n numeric) rat() *big.Rat {
	if n.exact != nil {
		return n.exact
	}
	return big.NewRat(n.small, powers[n.scale])
}

func (n numeric) isInteger() bool {
	if n.exact != nil {
		return n.exact.IsInt()
	}
	return n.scale == 0
}

func (n numeric) compare(limit *big.Rat) int {
	if n.exact != nil || !limit.IsInt() || !limit.Num().IsInt64() {
		return n.rat().Cmp(limit)
	}
	whole, rest := n.small/powers[n.scale], n.small%powers[n.scale]
	if rest < 0 {
		whole, rest = whole-1, rest+powers[n.scale]
	}
	if order := compareInts(whole, limit.Num().Int64()); order != 0 {
		return order
	}
	return compareInts(rest, 0)
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
	if n.exact == nil && n.scale == 0 && divisor.IsInt() && divisor.Num().IsInt64() {
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
	if n, ok := v.(json.Number); ok {
		if _, scale, ok := decimal(string(n)); ok {
			return scale == 0
		}
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
	if n, ok := a.(json.Number); ok {
		if m, ok := b.(json.Number); ok {
			x, xScale, short := decimal(string(n))
			y, yScale, also := decimal(string(m))
			if short && also {
				return x == y && xScale == yScale
			}
		}
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

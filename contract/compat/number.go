package compat

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// decimal is a number as its sign, its digits without zeros around them, and the
// power of ten before whose digits the point stands: 0.digits * 10^point.
type decimal struct {
	negative bool
	digits   string
	point    int
}

// parse reads a number of JSON. No power is computed, so that 1e999999999 costs
// nothing.
func parse(n json.Number) decimal {
	s, negative := strings.CutPrefix(string(n), "-")
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	whole, part, _ := strings.Cut(mantissa, ".")
	power, err := strconv.Atoi(exponent)
	const far = 1 << 40 // an exponent beyond all that are written down
	switch {
	case exponent == "":
		power = 0
	case err != nil && strings.HasPrefix(exponent, "-"):
		power = -far
	case err != nil:
		power = far
	}
	point := len(whole) + power
	digits := strings.TrimLeft(whole+part, "0")
	point -= len(whole+part) - len(digits)
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return decimal{}
	}
	return decimal{negative, digits, point}
}

func compareNumbers(a, b json.Number) int { return parse(a).compare(parse(b)) }

func (d decimal) compare(o decimal) int {
	if d.digits == "" || o.digits == "" || d.negative != o.negative {
		return cmp.Compare(d.sign(), o.sign())
	}
	c := cmp.Or(cmp.Compare(d.point, o.point), strings.Compare(d.digits, o.digits))
	if d.negative {
		return -c
	}
	return c
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// multiple reports whether a is a whole multiple of b. Steps of more than so many
// digits are no multiples of each other: no document has them.
func multiple(a, b json.Number) bool {
	const longest = 400
	x, y := parse(a), parse(b)
	for _, d := range []decimal{x, y} {
		if d.digits == "" || len(d.digits) > longest || d.point > longest || d.point < -longest {
			return x == y
		}
	}
	p, ok := new(big.Rat).SetString(string(a))
	q, fine := new(big.Rat).SetString(string(b))
	return ok && fine && p.Quo(p, q).IsInt()
}

// equal reports whether two values of documents are the same value of JSON: 1 is 1.0.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		return ok && compareNumbers(a, n) == 0
	case []any:
		list, ok := b.([]any)
		if !ok || len(list) != len(a) {
			return false
		}
		for i := range a {
			if !equal(a[i], list[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		m, ok := b.(map[string]any)
		if !ok || len(m) != len(a) {
			return false
		}
		for name, v := range a {
			if other, there := m[name]; !there || !equal(v, other) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

func compareText(a, b string) int { return strings.Compare(a, b) }

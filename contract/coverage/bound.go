package coverage

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// numbers adds the bounds of numbers.
func (c *collector) numbers(s *jsonschema.Schema) {
	step := stepOf(s)
	for _, b := range []struct {
		keyword   string
		at        *big.Rat
		exclusive bool
		up        bool
	}{
		{"minimum", s.Minimum, false, true}, {"exclusiveMinimum", s.ExclusiveMinimum, true, true},
		{"maximum", s.Maximum, false, false}, {"exclusiveMaximum", s.ExclusiveMaximum, true, false},
	} {
		if b.at != nil {
			c.add(b.keyword, atBound(edge(b.at, step, b.exclusive, b.up)))
		}
	}
	if s.MultipleOf != nil {
		c.add("multipleOf", isNumber)
	}
}

// stepOf returns what values are multiples of, nil where they may be any number.
func stepOf(s *jsonschema.Schema) *big.Rat {
	if s.MultipleOf != nil && s.MultipleOf.Sign() > 0 {
		return s.MultipleOf
	}
	if s.Types != nil && strings.Join(s.Types.ToStrings(), "") == "integer" {
		return big.NewRat(1, 1)
	}
	return nil
}

// edge returns the first value that a bound allows, nil where there is none, as
// that next to an exclusive bound of any numbers.
func edge(at, step *big.Rat, exclusive, up bool) *big.Rat {
	if step == nil {
		if exclusive {
			return nil
		}
		return at
	}
	q := new(big.Rat).Quo(at, step)
	whole := new(big.Int).Div(q.Num(), q.Denom()) // rounds down
	exact := q.IsInt()
	one := big.NewInt(1)
	switch {
	case up && (!exact || exclusive):
		whole.Add(whole, one)
	case !up && exact && exclusive:
		whole.Sub(whole, one)
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(whole), step)
}

func isNumber(v any) bool { _, ok := v.(json.Number); return ok }

// atBound reports whether a value is the first that a bound allows.
func atBound(edge *big.Rat) func(any) bool {
	if edge == nil {
		return isNumber
	}
	whole, small := edge.Num().Int64(), edge.IsInt() && edge.Num().IsInt64()
	return func(v any) bool {
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return small && i == whole
		}
		return equal(string(n), edge)
	}
}

// A number that is written with more than these is no bound of any document, and
// its value might take the machine's memory.
const (
	maxDigits   = 400
	maxExponent = 400
)

func equal(n string, to *big.Rat) bool {
	if len(n) > maxDigits {
		return false
	}
	if i := strings.IndexAny(n, "eE"); i >= 0 {
		if exponent, err := strconv.Atoi(n[i+1:]); err != nil || exponent > maxExponent || exponent < -maxExponent {
			return false
		}
	}
	r, ok := new(big.Rat).SetString(n)
	return ok && r.Cmp(to) == 0
}

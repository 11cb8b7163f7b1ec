package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
)

// limits are the integers that a format of OpenAPI's registry holds.
type limits struct{ low, high *big.Rat }

var integers = map[string]limits{
	"int8": {ratOf(math.MinInt8), ratOf(math.MaxInt8)}, "uint8": {ratOf(0), ratOf(math.MaxUint8)},
	"int16": {ratOf(math.MinInt16), ratOf(math.MaxInt16)}, "uint16": {ratOf(0), ratOf(math.MaxUint16)},
	"int32": {ratOf(math.MinInt32), ratOf(math.MaxInt32)}, "uint32": {ratOf(0), ratOf(math.MaxUint32)},
	"int64": {ratOf(math.MinInt64), ratOf(math.MaxInt64)}, "uint64": {ratOf(0), ratOf(uint64(math.MaxUint64))},
}

func ratOf[T int | int64 | uint64](n T) *big.Rat {
	r, _ := new(big.Rat).SetString(fmt.Sprint(n))
	return r
}

func (l limits) validate(v any) error {
	if !isNumber(v) {
		return nil
	}
	n := numberOf(v)
	if !n.isInteger() || n.compare(l.low) < 0 || n.compare(l.high) > 0 {
		return notFormat("an integer from " + l.low.RatString() + " to " + l.high.RatString())
	}
	return nil
}

// float is the greatest number that a format holds.
type float float64

var floats = map[string]float{"float": math.MaxFloat32, "double": math.MaxFloat64}

func (f float) validate(v any) error {
	if !isNumber(v) {
		return nil
	}
	if n := numberOf(v); n.exact != nil {
		limit := new(big.Rat).SetFloat64(float64(f))
		if new(big.Rat).Abs(n.exact).Cmp(limit) > 0 {
			return notFormat(fmt.Sprintf("a number to %.5g", float64(f)))
		}
	}
	return nil
}

func isNumber(v any) bool {
	switch v.(type) {
	case json.Number, int, int64, uint64, float64:
		return true
	}
	return false
}

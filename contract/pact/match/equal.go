package match

import (
	"encoding/json"
	"math/big"
	"strings"
)

// equalScalar compares values that are no arrays or objects. Numbers are compared as
// decimals, so that 1.0 is 1, and none loses a digit.
func equalScalar(a, b any) bool {
	x, ok := a.(json.Number)
	y, is := b.(json.Number)
	if ok && is {
		return x == y || sameDecimal(x.String(), y.String())
	}
	if container(a) || container(b) {
		return false
	}
	return a == b
}

// sameDecimal compares two numbers of JSON by their digits and exponents, which may
// be of any size.
func sameDecimal(a, b string) bool {
	x, y := decimalOf(a), decimalOf(b)
	return x.negative == y.negative && x.digits == y.digits && x.exponent.Cmp(y.exponent) == 0
}

// maxExponent is how many digits of an exponent are read, so that comparing takes no
// more than a moment; 10 to such a power is beyond every number that is used.
const maxExponent = 1000

// decimal is digits times ten to the exponent; the digits begin and end with none
// that is 0.
type decimal struct {
	negative bool
	digits   string
	exponent *big.Int
}

func decimalOf(text string) decimal {
	d := decimal{exponent: new(big.Int)}
	text, d.negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	d.digits = strings.TrimRight(digits, "0")
	if d.digits == "" {
		return decimal{exponent: d.exponent}
	}
	if len(exponent) > maxExponent {
		exponent = exponent[:maxExponent]
	}
	if exponent != "" {
		d.exponent.SetString(strings.TrimPrefix(exponent, "+"), 10)
	}
	shift := int64(len(digits)-len(d.digits)) - int64(len(fraction))
	d.exponent.Add(d.exponent, big.NewInt(shift))
	return d
}

package jsondiff

import (
	"bytes"
	"math/big"
	"strconv"
)

// decimal is a number as its literal has it: the significant digits of lit from
// first to last, a point among them perhaps, with the value d.ddd × 10^exp.
type decimal struct {
	neg  bool
	zero bool
	// lit[first:last] begins and ends with a digit that is not 0.
	lit         []byte
	first, last int
	exp         int64
	// written is the literal's exponent where it has more digits than an int64
	// is sure to hold; exp is then what has to be added to it.
	written []byte
}

// maxExponentDigits keeps the sum of a written exponent and a literal's length,
// which is below 2^32, within an int64.
const maxExponentDigits = 18

// parseDecimal reads a valid number.
func parseDecimal(lit []byte) decimal {
	d := decimal{neg: lit[0] == '-'}
	if d.neg {
		lit = lit[1:]
	}
	if e := bytes.IndexAny(lit, "eE"); e >= 0 {
		d.setExponent(lit[e+1:])
		lit = lit[:e]
	}
	d.lit = lit
	d.first = bytes.IndexAny(lit, "123456789")
	if d.first < 0 {
		return decimal{zero: true}
	}
	d.last = bytes.LastIndexAny(lit, "123456789") + 1
	point := bytes.IndexByte(lit, '.')
	switch {
	case point < 0:
		d.exp += int64(len(lit) - 1 - d.first)
	case point > d.first:
		d.exp += int64(point - 1 - d.first)
	default:
		d.exp += int64(point - d.first)
	}
	return d
}

func (d *decimal) setExponent(text []byte) {
	sign := text[0]
	digits := bytes.TrimLeft(bytes.TrimLeft(text, "+-"), "0")
	switch {
	case len(digits) == 0:
	case len(digits) > maxExponentDigits:
		d.written = text
	default:
		d.exp, _ = strconv.ParseInt(string(digits), 10, 64)
		if sign == '-' {
			d.exp = -d.exp
		}
	}
}

// equalNumbers reports whether two valid numbers are the same decimal.
func equalNumbers(x, y []byte) bool {
	if bytes.Equal(x, y) {
		return true
	}
	a, b := parseDecimal(x), parseDecimal(y)
	if a.zero || b.zero {
		return a.zero == b.zero
	}
	return a.neg == b.neg && equalDigits(a.lit[a.first:a.last], b.lit[b.first:b.last]) && equalExponents(&a, &b)
}

// equalDigits compares two runs of digits without regard to a point in them.
func equalDigits(x, y []byte) bool {
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		switch {
		case x[i] == '.':
			i++
		case y[j] == '.':
			j++
		case x[i] != y[j]:
			return false
		default:
			i++
			j++
		}
	}
	return i == len(x) && j == len(y)
}

func equalExponents(a, b *decimal) bool {
	if a.written == nil && b.written == nil {
		return a.exp == b.exp
	}
	return a.bigExponent().Cmp(b.bigExponent()) == 0
}

func (d *decimal) bigExponent() *big.Int {
	e := big.NewInt(d.exp)
	if d.written == nil {
		return e
	}
	w, _ := new(big.Int).SetString(string(d.written), 10)
	return e.Add(e, w)
}

// hugeExponent is above what exp holds for any exponent that is told apart by
// hashing, and below every exponent with more digits than maxExponentDigits.
const hugeExponent = 1e17

// appendDecimal appends a form of a valid number that is the same for equal
// numbers. Numbers with a huge exponent may share it.
func appendDecimal(b, lit []byte) []byte {
	d := parseDecimal(lit)
	if d.zero {
		return append(b, '0')
	}
	if d.neg {
		b = append(b, '-')
	}
	for _, c := range d.lit[d.first:d.last] {
		if c != '.' {
			b = append(b, c)
		}
	}
	if d.written != nil || d.exp >= hugeExponent || d.exp <= -hugeExponent {
		return append(b, 'E')
	}
	return strconv.AppendInt(append(b, 'e'), d.exp, 10)
}

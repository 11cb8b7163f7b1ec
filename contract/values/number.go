package values

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
)

var errNumber = errors.New("no number lies within the bounds")

// maxDigits bounds the digits of a number that is made. 1e308 is the greatest
// that common programs hold.
const maxDigits = 400

// decimal writes a number without an exponent; false where it has no end.
func decimal(r *big.Rat) (json.Number, bool) {
	if r.IsInt() {
		return json.Number(r.Num().String()), r.Num().BitLen() < 4*maxDigits
	}
	digits, exact := r.FloatPrec()
	if !exact || digits > maxDigits {
		return "0", false
	}
	return json.Number(r.FloatString(digits)), true
}

// numeral writes a number so that equal ones are alike.
func numeral(n json.Number) string {
	if len(n) < maxDigits && !strings.ContainsAny(string(n), ".eE") && n != "-0" {
		return string(n)
	}
	if len(n) > maxDigits || strings.ContainsAny(string(n), "eE") {
		if f, err := n.Float64(); err != nil || math.Abs(f) > 1e300 || f != 0 && math.Abs(f) < 1e-300 {
			return string(n)
		}
	}
	if r, ok := rational(n); ok {
		if d, ok := decimal(r); ok {
			return string(d)
		}
	}
	return string(n)
}

// unit is the least step between two numbers that are told apart: that of
// multipleOf, 1, or, between narrow bounds, a power of ten.
func (sh *shape) unit() *big.Rat {
	if sh.step != nil {
		return sh.step
	}
	unit, ten := big.NewRat(1, 1), big.NewRat(10, 1)
	if sh.low.at == nil || sh.high.at == nil {
		return unit
	}
	width := new(big.Rat).Sub(sh.high.at, sh.low.at)
	for i := 0; i < 40 && width.Sign() > 0 && new(big.Rat).Mul(unit, big.NewRat(4, 1)).Cmp(width) > 0; i++ {
		unit = new(big.Rat).Quo(unit, ten)
	}
	return unit
}

// snap returns the nearest multiple of the step that is not below r, or, with
// up false, not above.
func snap(r, step *big.Rat, up bool) *big.Rat {
	if step == nil {
		return r
	}
	q := new(big.Rat).Quo(r, step)
	n := new(big.Int).Div(q.Num(), q.Denom()) // rounds down: the denominator is positive
	if up && !q.IsInt() {
		n.Add(n, big.NewInt(1))
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(n), step)
}

// first returns the least number that is allowed, nil where there is no bound.
func (sh *shape) first() *big.Rat { return sh.edge(sh.low, true) }

// last returns the greatest number that is allowed, nil where there is no bound.
func (sh *shape) last() *big.Rat { return sh.edge(sh.high, false) }

func (sh *shape) edge(l limit, up bool) *big.Rat {
	if l.at == nil {
		return nil
	}
	r := snap(l.at, sh.step, up)
	if l.exclusive && r.Cmp(l.at) == 0 {
		r = add(r, sh.unit(), up)
	}
	return r
}

func add(r, step *big.Rat, up bool) *big.Rat {
	if up {
		return new(big.Rat).Add(r, step)
	}
	return new(big.Rat).Sub(r, step)
}

// allows reports whether a number lies within the bounds and is a multiple.
func (sh *shape) allows(r *big.Rat) bool {
	if sh.low.at != nil {
		if c := r.Cmp(sh.low.at); c < 0 || c == 0 && sh.low.exclusive {
			return false
		}
	}
	if sh.high.at != nil {
		if c := r.Cmp(sh.high.at); c > 0 || c == 0 && sh.high.exclusive {
			return false
		}
	}
	return sh.step == nil || new(big.Rat).Quo(r, sh.step).IsInt()
}

// isEven reports whether programs that divide floating-point numbers find r to be
// a multiple of the step too.
func (sh *shape) isEven(r *big.Rat) bool {
	if sh.step == nil || sh.step.IsInt() {
		return true
	}
	x, _ := r.Float64()
	y, _ := sh.step.Float64()
	q := x / y
	return q == math.Trunc(q)
}

// someNumber makes an ordinary number.
func (sh *shape) someNumber(rng *rand.Rand, k kinds, h how) (json.Number, error) {
	first, last := sh.first(), sh.last()
	if first != nil && last != nil && first.Cmp(last) > 0 {
		return "", errNumber
	}
	step := sh.step
	if step == nil {
		step = big.NewRat(1, 1)
		if k == isFraction {
			step = big.NewRat(1, 100)
		}
	}
	if h.mode == minimal && first != nil && h.salt == 0 {
		return number(first)
	}
	start := snap(middle(first, last, rng), sh.step, true)
	for i := range 64 {
		r := new(big.Rat).Add(start, new(big.Rat).Mul(step, big.NewRat(int64(h.salt+i), 1)))
		if sh.allows(r) && sh.isEven(r) {
			return number(r)
		}
	}
	return sh.between(first, last, h.salt)
}

// between takes the salt-th number from an end.
func (sh *shape) between(first, last *big.Rat, salt int) (json.Number, error) {
	steps := new(big.Rat).Mul(sh.unit(), big.NewRat(int64(salt), 1))
	if first != nil {
		if r := new(big.Rat).Add(first, steps); sh.allows(r) {
			return number(r)
		}
		if sh.allows(first) {
			return number(first)
		}
	}
	if last != nil && sh.allows(last) {
		return number(last)
	}
	return "", errNumber
}

// middle returns a small number between two bounds where there is one, as people
// write, else one near the lower bound.
func middle(first, last *big.Rat, rng *rand.Rand) *big.Rat {
	r := big.NewRat(int64(2+rng.IntN(40)), 1)
	switch {
	case first == nil && last == nil, first == nil && r.Cmp(last) < 0, first != nil && last == nil && r.Cmp(first) > 0,
		first != nil && last != nil && r.Cmp(first) > 0 && r.Cmp(last) < 0:
		return r
	case first == nil:
		return new(big.Rat).Sub(last, r)
	case last == nil:
		return new(big.Rat).Add(first, r)
	}
	half := new(big.Rat).Add(first, last)
	half.Quo(half, big.NewRat(2, 1))
	if half.Num().BitLen() > 16 && !half.IsInt() {
		return snap(half, big.NewRat(1, 1), false)
	}
	return half
}

func number(r *big.Rat) (json.Number, error) {
	n, ok := decimal(r)
	if !ok {
		return "", errors.New("the number has too many digits")
	}
	return n, nil
}

// beyond returns the nearest number outside of a bound that keeps to everything
// else. It can be told from the bound as a floating-point number too, as many
// programs hold no others.
func (sh *shape) beyond(l limit, up bool) *big.Rat {
	r := snap(l.at, sh.step, !up)
	if l.exclusive && r.Cmp(l.at) == 0 {
		return r
	}
	if c := r.Cmp(l.at); c == 0 || !l.exclusive && c > 0 != up {
		r = add(r, sh.unit(), up)
	}
	edge, _ := l.at.Float64()
	if f, _ := r.Float64(); f != edge || math.IsInf(edge, 0) {
		return r
	}
	sign := 1
	if !up {
		sign = -1
	}
	next := new(big.Rat).SetFloat64(math.Nextafter(edge, math.Inf(sign)))
	if next == nil {
		return r
	}
	return snap(next, sh.step, up)
}

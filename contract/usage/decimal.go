package usage

import (
	"math"
	"math/bits"
)

// decimal is c·10^e, exactly, without trailing zeros in c.
type decimal struct {
	c int64
	e int16
}

// maxExponent keeps numbers to those of this world.
const maxExponent = 40

// parseDecimal reads a number as JSON writes it; false where it is none, or has
// more digits than are computed with.
func parseDecimal(s string) (decimal, bool) {
	if s == "" || len(s) > 40 {
		return decimal{}, false
	}
	i, negative := 0, s[0] == '-'
	if negative {
		i++
	}
	var c int64
	var e, digits int
	point := false
	for ; i < len(s); i++ {
		switch b := s[i]; {
		case b >= '0' && b <= '9':
			if c > (math.MaxInt64-9)/10 {
				return decimal{}, false
			}
			c = c*10 + int64(b-'0')
			digits++
			if point {
				e--
			}
		case b == '.' && !point && digits > 0:
			point = true
		case (b == 'e' || b == 'E') && digits > 0:
			x, ok := exponent(s[i+1:])
			return normal(c, e+x, negative), ok
		default:
			return decimal{}, false
		}
	}
	return normal(c, e, negative), digits > 0 && s[len(s)-1] != '.'
}

func exponent(s string) (int, bool) {
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if s == "" || len(s) > 2 {
		return 0, false
	}
	x := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		x = x*10 + int(s[i]-'0')
	}
	return sign * x, x <= maxExponent
}

func normal(c int64, e int, negative bool) decimal {
	if c == 0 {
		return decimal{}
	}
	for c%10 == 0 {
		c /= 10
		e++
	}
	if negative {
		c = -c
	}
	return decimal{c: c, e: int16(e)}
}

func (d decimal) hash() uint64 {
	return mix(join2(uint64(d.c), uint64(uint16(d.e))) ^ asNumber)
}

// shift is d·10^n.
func (d decimal) shift(n int) decimal {
	if d.c != 0 {
		d.e += int16(n)
	}
	return d
}

func (d decimal) times(o decimal) (decimal, bool) {
	if d.c == math.MinInt64 || o.c == math.MinInt64 {
		return decimal{}, false
	}
	hi, lo := bits.Mul64(magnitude(d.c), magnitude(o.c))
	if hi != 0 || lo > math.MaxInt64 {
		return decimal{}, false
	}
	return normal(int64(lo), int(d.e)+int(o.e), (d.c < 0) != (o.c < 0)), true
}

func (d decimal) plus(o decimal) (decimal, bool) {
	if d.c == 0 || o.c == 0 {
		return decimal{d.c + o.c, d.e + o.e}, true
	}
	if d.e < o.e {
		d, o = o, d
	}
	for ; d.e > o.e; d.e-- {
		if magnitude(d.c) > math.MaxInt64/10 {
			return decimal{}, false
		}
		d.c *= 10
	}
	sum := d.c + o.c
	if (sum > d.c) != (o.c > 0) || sum == math.MinInt64 {
		return decimal{}, false
	}
	return normal(int64(magnitude(sum)), int(d.e), sum < 0), true
}

func (d decimal) negated() decimal { return decimal{c: -d.c, e: d.e} }

// cents is d rounded to two digits after the point, halves away from zero; false
// where it has no more.
func (d decimal) cents() (decimal, bool) {
	if d.e >= -2 {
		return d, false
	}
	c := magnitude(d.c)
	for e := d.e; e < -2; e++ {
		last := e == -3
		if last {
			c += 5
		}
		c /= 10
	}
	return normal(int64(c), -2, d.c < 0), true
}

func magnitude(c int64) uint64 {
	if c < 0 {
		return uint64(-c)
	}
	return uint64(c)
}

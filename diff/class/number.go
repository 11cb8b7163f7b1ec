package class

// number is a JSON number (RFC 8259 section 6), taken apart.
type number struct {
	negative bool
	whole    []byte // digits before the point
	fraction []byte // digits after it
	exponent int    // clipped to ±maxExponent
	exp      bool   // an exponent is written
}

// maxExponent clips exponents, so that no sum of one and a length overflows.
const maxExponent = 1 << 30

func parseNumber(s []byte) (number, bool) {
	var n number
	if len(s) > 0 && s[0] == '-' {
		n.negative, s = true, s[1:]
	}
	n.whole, s = cutDigits(s)
	if len(n.whole) == 0 || len(n.whole) > 1 && n.whole[0] == '0' {
		return n, false
	}
	if len(s) > 0 && s[0] == '.' {
		n.fraction, s = cutDigits(s[1:])
		if len(n.fraction) == 0 {
			return n, false
		}
	}
	if len(s) > 0 && s[0]|0x20 == 'e' {
		return n, n.parseExponent(s[1:])
	}
	return n, len(s) == 0
}

func (n *number) parseExponent(s []byte) bool {
	n.exp = true
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	digits, rest := cutDigits(s)
	if len(digits) == 0 || len(rest) > 0 {
		return false
	}
	for _, c := range digits {
		n.exponent = min(n.exponent*10+int(c-'0'), maxExponent)
	}
	if negative {
		n.exponent = -n.exponent
	}
	return true
}

func cutDigits(s []byte) (digits, rest []byte) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func (n number) classes() Set {
	var set Set
	if n.isInteger() {
		set |= SetOf(Integer)
	}
	if n.negative || n.exp {
		return set
	}
	switch {
	case len(n.whole) == 10:
		set |= SetOf(EpochSeconds)
	case len(n.whole) == 13 && set.Has(Integer):
		set |= SetOf(EpochMillis)
	}
	return set
}

// isInteger reports whether the value is whole: no digit other than 0 is left
// behind the point once the exponent has moved it.
func (n number) isInteger() bool {
	digits := len(n.whole) + len(n.fraction)
	zeros := trailingZeros(n.fraction)
	if zeros == len(n.fraction) {
		zeros += trailingZeros(n.whole)
	}
	return zeros == digits || n.exponent-len(n.fraction)+zeros >= 0
}

func trailingZeros(s []byte) int {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '0' {
		n++
	}
	return n
}

package shape

import (
	"cmp"
	"strconv"
	"strings"
)

// maxNumber is the longest number in bytes that is a bound. Numbers of services
// have below 40 digits.
const maxNumber = 64

// decimal is a number of JSON that was read once: its digits, of which the first
// is not zero, stand in whole and then in part, and its value is
// 0.digits · 10^exp. Zero has no digits.
type decimal struct {
	text        string // as it stood in the message
	negative    bool
	integer     string
	part        string
	exp         int
	significant int // digits up to the last that is not zero
}

// parseDecimal reads a number; false says that it is none, or too long.
func parseDecimal(text string) (decimal, bool) {
	d := decimal{text: text}
	if len(text) > maxNumber {
		return d, false
	}
	rest, exponent, hasExponent := strings.Cut(text, "e")
	if !hasExponent {
		rest, exponent, hasExponent = strings.Cut(text, "E")
	}
	if hasExponent {
		e, err := strconv.Atoi(exponent)
		if err != nil || e > maxExponent || e < -maxExponent {
			return d, false
		}
		d.exp = e
	}
	rest, d.negative = strings.CutPrefix(rest, "-")
	d.integer, d.part, _ = strings.Cut(rest, ".")
	if !allDigits(d.integer) || d.part != "" && !allDigits(d.part) {
		return d, false
	}
	d.normalise()
	return d, true
}

// maxExponent keeps sums of exponents and lengths within an int of 32 bits.
const maxExponent = 1 << 30

func (d *decimal) normalise() {
	d.integer = strings.TrimLeft(d.integer, "0")
	d.exp += len(d.integer)
	if d.integer == "" {
		trimmed := strings.TrimLeft(d.part, "0")
		d.exp -= len(d.part) - len(trimmed)
		d.part = trimmed
	}
	if d.part = strings.TrimRight(d.part, "0"); d.part == "" {
		d.integer = strings.TrimRight(d.integer, "0")
	}
	if d.significant = len(d.integer) + len(d.part); d.significant == 0 {
		d.exp, d.negative = 0, false
	}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// whole reports whether the number has no fraction.
func (d *decimal) whole() bool { return d.exp >= d.significant }

func (d *decimal) digit(i int) byte {
	switch {
	case i < len(d.integer):
		return d.integer[i]
	case i < d.significant:
		return d.part[i-len(d.integer)]
	}
	return '0'
}

// compare orders numbers by their values.
func (d *decimal) compare(e *decimal) int {
	if d.negative != e.negative || d.significant == 0 || e.significant == 0 {
		return cmp.Compare(d.sign(), e.sign())
	}
	c := cmp.Compare(d.exp, e.exp)
	for i := 0; c == 0 && i < max(d.significant, e.significant); i++ {
		c = cmp.Compare(d.digit(i), e.digit(i))
	}
	return c * d.sign()
}

func (d *decimal) sign() int {
	switch {
	case d.significant == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// before and after order numbers that are equal by their text, so that it does not
// matter which came first: the shorter one stays.
func (d *decimal) before(e *decimal) bool {
	c := d.compare(e)
	return c < 0 || c == 0 && d.plainer(e)
}

func (d *decimal) after(e *decimal) bool {
	c := d.compare(e)
	return c > 0 || c == 0 && d.plainer(e)
}

func (d *decimal) plainer(e *decimal) bool {
	return cmp.Or(cmp.Compare(len(d.text), len(e.text)), cmp.Compare(d.text, e.text)) < 0
}

// clone keeps the number without the message that it stood in.
func (d *decimal) clone() decimal {
	c, _ := parseDecimal(strings.Clone(d.text))
	return c
}

// isWhole reports whether a number that is too long to be a bound is surely without
// a fraction: it has neither point nor exponent.
func isWhole(text string) bool { return !strings.ContainsAny(text, ".eE") }

package check

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// kind tells the types of JSON apart.
func kind(v any) byte {
	switch v.(type) {
	case bool:
		return 'b'
	case string:
		return 's'
	case json.Number:
		return 'n'
	case []any:
		return 'a'
	case map[string]any:
		return 'o'
	}
	return 0
}

// equal compares two values that are neither arrays nor objects: numbers as
// decimals, texts that are times as instants (RFC 3339), everything else exactly.
func equal(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case string:
		y, ok := b.(string)
		return ok && (x == y || sameInstant(x, y))
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(string(x), string(y))
	}
	return false
}

func sameInstant(a, b string) bool {
	x, ok := instant(a)
	if !ok {
		return false
	}
	y, ok := instant(b)
	return ok && x.Equal(y)
}

// instant reads a time as RFC 3339 writes it. The shortest is
// 2006-01-02T15:04:05Z.
func instant(s string) (time.Time, bool) {
	if len(s) < 20 || len(s) > 64 || s[4] != '-' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	return t, err == nil
}

// sameNumber compares decimals. A number of more digits than a float64 keeps (17)
// is also the one that a float64 makes of it, as RFC 8259 section 6 lets expect no
// more.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, y := decimalOf(a), decimalOf(b)
	if x == y {
		return true
	}
	if max(len(x.digits), len(y.digits)) <= 17 {
		return false
	}
	f, err1 := strconv.ParseFloat(a, 64)
	g, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && f == g
}

// decimal is a number in its one form: digits without zeros at either end, times
// ten to the exponent.
type decimal struct {
	negative bool
	digits   string
	exponent string // of the last digit; in decimal, as it may be of any size
}

func decimalOf(s string) decimal {
	rest, negative := strings.CutPrefix(s, "-")
	mantissa, exp := rest, "0"
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exp = rest[:i], strings.TrimPrefix(rest[i+1:], "+")
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	trimmed := strings.TrimRight(digits, "0")
	shift := len(digits) - len(trimmed) - len(fraction)
	trimmed = strings.TrimLeft(trimmed, "0")
	if trimmed == "" {
		return decimal{}
	}
	return decimal{negative: negative, digits: trimmed, exponent: add(exp, shift)}
}

// add adds to an exponent, which may have any number of digits: one that is too
// long to be read at once is read as what it is.
func add(exponent string, n int) string {
	if e, err := strconv.Atoi(exponent); err == nil && e < 1<<40 && e > -1<<40 {
		return strconv.Itoa(e + n)
	}
	if len(exponent) > 1000 { // beyond any number that is counted with
		return exponent
	}
	e, ok := new(big.Int).SetString(exponent, 10)
	if !ok {
		return exponent
	}
	return e.Add(e, big.NewInt(int64(n))).String()
}

// volatile reports whether two values that differ are of a class whose values
// differ between two reads: times, UUIDs, long random texts.
func volatile(a, b any) bool {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		if !ok {
			return false
		}
		c := class(x)
		return c != 0 && c == class(y)
	case json.Number:
		y, ok := b.(json.Number)
		return ok && epoch(string(x)) != 0 && epoch(string(x)) == epoch(string(y))
	}
	return false
}

func class(s string) byte {
	if _, ok := instant(s); ok {
		return 't'
	}
	if _, err := time.Parse(time.RFC1123, s); err == nil {
		return 'h'
	}
	switch {
	case isUUID(s):
		return 'u'
	case len(s) >= 16 && hexes(s) == len(s):
		return 'x'
	}
	return 0
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && hexes(s) == 32
}

func hexes(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' {
			n++
		}
	}
	return n
}

// epoch returns the unit of a number that is a time since 1970 between 2001 and
// 2286: seconds or milliseconds, 0 for none.
func epoch(s string) byte {
	whole, _, _ := strings.Cut(s, ".")
	switch {
	case strings.ContainsAny(s, "eE-"), whole == "", whole[0] == '0':
		return 0
	case len(whole) == 10:
		return 's'
	case len(whole) == 13:
		return 'm'
	}
	return 0
}

func itoa(i int) string { return strconv.Itoa(i) }

// maxMismatches is how many differences of one answer are told: more than anybody
// reads.
const maxMismatches = 32

// appendOnce adds a mismatch, unless its cause is told or there are enough.
func appendOnce(list []mismatch, m mismatch) []mismatch {
	if len(list) >= maxMismatches {
		return list
	}
	for i := range list {
		if list[i].cause == m.cause {
			return list
		}
	}
	return append(list, m)
}

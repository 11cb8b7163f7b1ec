package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// maxDigits bounds the digits and the exponent of numbers: comparing them
// exactly needs that many digits of memory, and 1e1000000000 would need a
// gigabyte. A double has no more than 767 digits (IEEE 754 binary64), and
// exponents to 324.
const maxDigits = 2000

// bounded reports whether a text is a number that can be compared exactly with
// little memory.
func bounded(n string) bool {
	if n == "" || len(n) > maxDigits || n[0] == '+' || strings.ContainsAny(n, "xXoObBpP_/") {
		return false // big.Rat reads more than JSON has
	}
	i := strings.IndexAny(n, "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(n[i+1:])
	return err == nil && exponent <= maxDigits && exponent >= -maxDigits
}

// measure counts the parts of a value. Where the value cannot be checked, it says
// why: a number is out of bounds, the nesting is too deep, or it is no JSON.
func measure(v any) (parts int, why string) {
	why = measureInto(v, 0, &parts)
	return parts, why
}

func measureInto(v any, depth int, parts *int) string {
	if depth > maxDepth {
		return "it is nested more than " + itoa(maxDepth) + " deep"
	}
	*parts++
	switch v := v.(type) {
	case nil, bool, string, int, int64, uint64:
		return ""
	case json.Number:
		return measureNumber(string(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "it has a number that JSON has not"
		}
		return ""
	case map[string]any:
		for _, child := range v {
			if why := measureInto(child, depth+1, parts); why != "" {
				return why
			}
		}
		return ""
	case []any:
		for _, child := range v {
			if why := measureInto(child, depth+1, parts); why != "" {
				return why
			}
		}
		return ""
	}
	return fmt.Sprintf("it has a %T, which is no JSON", v)
}

func measureNumber(n string) string {
	if isPlain(strings.TrimPrefix(n, "-")) && len(n) <= maxDigits {
		return ""
	}
	if !bounded(n) {
		return "it has a number of more than " + itoa(maxDigits) + " digits, or that is none"
	}
	if _, ok := new(big.Rat).SetString(n); !ok {
		return "it has a number that is none"
	}
	return ""
}

// canonical appends a text that is the same for equal values alone.
func canonical(to []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, 'n')
	case bool:
		return strconv.AppendBool(to, v)
	case string:
		return strconv.AppendQuote(to, v)
	case []any:
		to = append(to, '[')
		for _, item := range v {
			to = append(canonical(to, item), ',')
		}
		return append(to, ']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		to = append(to, '{')
		for _, key := range keys {
			to = strconv.AppendQuote(to, key)
			to = append(canonical(append(to, ':'), v[key]), ',')
		}
		return append(to, '}')
	}
	n := numberOf(v)
	if n.exact == nil && n.scale == 0 {
		return strconv.AppendInt(to, n.small, 10)
	}
	return append(to, n.rat().RatString()...)
}

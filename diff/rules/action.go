package rules

import (
	"bytes"
	"math/big"
	"regexp"
	"time"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/jsondiff"
)

// action is what a rule does with a difference at its place. Exactly one field
// is set.
type action struct {
	ignore      bool
	nullMissing bool
	class       *class.Class
	regexp      *regexp.Regexp
	absolute    *big.Rat
	relative    *big.Rat // a share of base
	time        *time.Duration
	array       *jsondiff.ArrayRule
	rename      string // what branch calls the member
}

// aligns reports whether the action says how the documents are matched, before
// there are differences to decide on.
func (a *action) aligns() bool { return a.array != nil || a.rename != "" }

// decide returns what the action says of a difference at its place.
func (a *action) decide(it *Item) Decision {
	switch {
	case a.ignore:
		return Hide
	case a.nullMissing:
		return hideIf(it.Kind == diff.Removed && isNull(it.Base) || it.Kind == diff.Added && isNull(it.Other))
	case it.Kind != diff.Changed:
		return Keep
	case a.class != nil || a.regexp != nil:
		if a.inClass(it.Other) {
			return Hide
		}
		return Broken
	}
	return hideIf(a.tolerates(it.Base, it.Other))
}

func hideIf(hide bool) Decision {
	if hide {
		return Hide
	}
	return Keep
}

func isNull(text []byte) bool { return string(bytes.TrimSpace(text)) == "null" }

func (a *action) inClass(value []byte) bool {
	if a.class != nil {
		return class.Of(value).Has(*a.class)
	}
	if content, ok := class.Unquote(value); ok {
		value = content
	}
	return a.regexp.Match(value)
}

// tolerates reports whether the two values are as near as the action allows.
// Values that are not numbers or times are never near.
func (a *action) tolerates(base, other []byte) bool {
	if a.time != nil {
		b, okB := class.AsTime(base)
		o, okO := class.AsTime(other)
		return okB && okO && b.Sub(o).Abs() <= *a.time
	}
	b, okB := decimal(base)
	o, okO := decimal(other)
	if !okB || !okO {
		return false
	}
	limit := a.absolute
	if limit == nil {
		limit = new(big.Rat).Mul(a.relative, new(big.Rat).Abs(b))
	}
	return new(big.Rat).Abs(o.Sub(o, b)).Cmp(limit) <= 0
}

// maxDecimal bounds the length and the exponent of the numbers that are
// compared exactly, so that 1e999999999 costs nothing. It is beyond float64,
// which ends at 1e308.
const maxDecimal = 400

// decimal reads a JSON number, or a header's text of that form, exactly.
func decimal(text []byte) (*big.Rat, bool) {
	text = bytes.TrimSpace(text)
	if len(text) > maxDecimal || !class.Of(text).Has(class.Number) {
		return nil, false
	}
	if i := bytes.IndexAny(text, "eE"); i >= 0 && !smallExponent(text[i+1:]) {
		return nil, false
	}
	return new(big.Rat).SetString(string(text))
}

func smallExponent(digits []byte) bool {
	n := 0
	for _, c := range digits {
		if c != '+' && c != '-' {
			n = n*10 + int(c-'0')
		}
		if n > maxDecimal {
			return false
		}
	}
	return true
}

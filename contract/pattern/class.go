package pattern

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"unicode"
)

// span is the characters from lo to hi, both included.
type span struct{ lo, hi rune }

// class is a set of characters: spans in order that do not touch.
type class []span

var (
	digits = class{{'0', '9'}}
	words  = class{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	// blanks are WhiteSpace and LineTerminator (ECMA-262 sections 12.2 and 12.3).
	blanks = class{{'\t', '\r'}, {' ', ' '}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a},
		{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}}
	lines = class{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}
	// all leaves the surrogates out: no text in UTF-8 has them.
	all = class{{0, 0xd7ff}, {0xe000, unicode.MaxRune}}
)

// newClass puts spans in order and together.
func newClass(spans []span) class {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	var c class
	for _, s := range spans {
		if n := len(c); n > 0 && s.lo <= c[n-1].hi+1 {
			c[n-1].hi = max(c[n-1].hi, s.hi)
			continue
		}
		c = append(c, s)
	}
	return c
}

func (c class) negated() class {
	var out class
	next := rune(0)
	for _, s := range c {
		if s.lo > next {
			out = append(out, span{next, s.lo - 1})
		}
		next = s.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, span{next, unicode.MaxRune})
	}
	return out.and(all)
}

func (c class) and(d class) class {
	var out class
	for i, j := 0, 0; i < len(c) && j < len(d); {
		lo, hi := max(c[i].lo, d[j].lo), min(c[i].hi, d[j].hi)
		if lo <= hi {
			out = append(out, span{lo, hi})
		}
		if c[i].hi < d[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

func (c class) size() int {
	n := 0
	for _, s := range c {
		n += int(s.hi-s.lo) + 1
	}
	return n
}

// at returns the i-th character.
func (c class) at(i int) rune {
	for _, s := range c {
		w := int(s.hi-s.lo) + 1
		if i < w {
			return s.lo + rune(i)
		}
		i -= w
	}
	return 0
}

// kinds are what a character is drawn from, best first: what every program takes
// in the same way comes before what some read in another way.
var kinds = []class{
	{{'a', 'z'}}, {{'0', '9'}}, {{'A', 'Z'}},
	{{' ', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}},
}

// pick draws a character. Kinds have the same chance however many characters
// they have, so that a digit comes as often as a letter; punctuation comes where
// nothing else is in the class, or now and then.
func (c class) pick(rng *rand.Rand) (rune, bool) {
	if len(c) == 0 {
		return 0, false
	}
	var fit []class
	for i, k := range kinds {
		both := c.and(k)
		if len(both) > 0 && (i < 3 || len(fit) == 0 || rng.IntN(8) == 0) {
			fit = append(fit, both)
		}
	}
	if len(fit) == 0 {
		fit = append(fit, c)
	}
	from := fit[rng.IntN(len(fit))]
	return from.at(rng.IntN(from.size())), true
}

// property returns the characters of a Unicode property: a general category, a
// script, or one of the binary properties (ECMA-262 table 69).
func property(name, value string) (class, bool) {
	if value != "" {
		switch name {
		case "gc", "General_Category":
			return table(unicode.Categories[short(value)])
		case "sc", "Script", "scx", "Script_Extensions":
			return table(unicode.Scripts[value])
		}
		return nil, false
	}
	switch name {
	case "Any":
		return all, true
	case "ASCII":
		return class{{0, 0x7f}}, true
	case "Alphabetic", "Alpha":
		return merge(unicode.Categories["L"], unicode.Categories["Nl"], unicode.Properties["Other_Alphabetic"]), true
	case "Uppercase", "Upper":
		return merge(unicode.Categories["Lu"], unicode.Properties["Other_Uppercase"]), true
	case "Lowercase", "Lower":
		return merge(unicode.Categories["Ll"], unicode.Properties["Other_Lowercase"]), true
	}
	if t, ok := unicode.Categories[short(name)]; ok {
		return table(t)
	}
	if t, ok := unicode.Properties[name]; ok {
		return table(t)
	}
	return table(unicode.Scripts[name])
}

// short returns the short name of a general category.
func short(name string) string {
	if s, ok := unicode.CategoryAliases[name]; ok {
		return s
	}
	return name
}

func table(t *unicode.RangeTable) (class, bool) {
	if t == nil {
		return nil, false
	}
	return merge(t), true
}

func merge(tables ...*unicode.RangeTable) class {
	var spans []span
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			spans = append(spans, span{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			spans = append(spans, span{r, r})
		}
	}
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return newClass(spans).and(all)
}

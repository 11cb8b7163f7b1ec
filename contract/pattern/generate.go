package pattern

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

const (
	// tries bounds the strings that are built for one that the expression takes. A
	// password of eight with three lookaheads comes within ten.
	tries = 400
	// slowTries bounds how many matches may be given up: each has cost 50 ms.
	slowTries = 4
	// reach is how much more than the least length is looked at: every length up to
	// there is told apart.
	reach = 256
	// measured is the greatest length that is built along the structure, whose cost
	// grows with its square; a longer one is a shorter one with a part repeated.
	measured = 1024
	// longest is the greatest length that is made at all, in code points.
	longest = 1 << 20
)

// lead and tail are the text around the match of an expression that is not
// anchored.
var (
	filler = &chars{class{{' ', ' '}, {'a', 'z'}}}
	lead   = &repeat{of: filler, max: -1}
	tail   = &repeat{of: filler, max: -1}
)

// Generate makes a string of minLen to maxLen code points that the expression
// matches. A maxLen below 0 is none. The same state of rng gives the same string.
// The error says why there is none, or that none was found in a bounded search.
func (p *Pattern) Generate(rng *rand.Rand, minLen, maxLen int) (string, error) {
	minLen, maxLen, err := bounds(minLen, maxLen)
	if err != nil {
		return "", err
	}
	if minLen > measured {
		return p.long(rng, minLen, maxLen)
	}
	limit := min(maxLen, max(minLen+reach, reach))
	root := around(p.root)
	m := newMeasure(root, limit)
	fit := m.fitting(root, minLen, limit)
	if len(fit) == 0 {
		return "", fmt.Errorf("%s has no match %s", p.quoted(), between(minLen, maxLen))
	}
	return p.search(rng, m, root, fit)
}

// bounds checks a range of lengths, and cuts it.
func bounds(minLen, maxLen int) (int, int, error) {
	minLen = max(minLen, 0)
	if maxLen < 0 {
		maxLen = max(longest, minLen)
	}
	if minLen > maxLen {
		return 0, 0, fmt.Errorf("no string has at least %d characters and at most %d", minLen, maxLen)
	}
	if minLen > longest {
		return 0, 0, fmt.Errorf("a string of %d characters is longer than the %d that are made", minLen, longest)
	}
	return minLen, min(maxLen, longest), nil
}

func between(minLen, maxLen int) string {
	return fmt.Sprintf("of %d to %d characters", minLen, maxLen)
}

// quoted returns the expression for a message, cut.
func (p *Pattern) quoted() string {
	if len(p.expr) > 200 {
		return strings.ToValidUTF8(p.expr[:200], "") + "…"
	}
	return p.expr
}

// around allows text before and after each alternative that is not anchored
// there.
func around(root node) node {
	alternatives := []node{root}
	if c, ok := root.(*choice); ok {
		alternatives = c.of
	}
	out := make([]node, len(alternatives))
	for i, a := range alternatives {
		parts := []node{a}
		if s, ok := a.(*sequence); ok && len(s.parts) > 0 {
			parts = s.parts
		}
		var full []node
		if !isEdge(parts[0], '^') {
			full = append(full, lead)
		}
		full = append(full, a)
		if !isEdge(parts[len(parts)-1], '$') {
			full = append(full, tail)
		}
		out[i] = &sequence{full}
	}
	return &choice{out}
}

func isEdge(n node, kind byte) bool {
	e, ok := n.(*edge)
	return ok && e.kind == kind
}

// fitting returns the lengths from low to high that n can have.
func (m *measure) fitting(n node, low, high int) []int {
	var fit []int
	m.of(n).each(func(l int) bool {
		if l >= low && l <= high {
			fit = append(fit, l)
		}
		return l < high
	})
	return fit
}

// search builds strings until one matches. It begins with lengths near the least
// one, as a person would write.
func (p *Pattern) search(rng *rand.Rand, m *measure, root node, fit []int) (string, error) {
	slow := 0
	for i := range tries {
		near := min(len(fit), 8+i)
		b := &builder{measure: m, rng: rng, hints: p.hints, captured: map[int][]rune{}, left: 64*measured + 64*len(fit)}
		if !b.build(root, fit[rng.IntN(near)]) {
			continue
		}
		s := string(b.out)
		ok, err := p.match(s)
		if err != nil {
			if slow++; slow >= slowTries {
				return "", fmt.Errorf("%s: %w", p.quoted(), err)
			}
			continue
		}
		if n := len(b.out); ok && n >= fit[0] && n <= fit[len(fit)-1] {
			return s, nil
		}
	}
	return "", fmt.Errorf("%s matched none of %d strings of %d to %d characters that were built by it: its assertions may contradict each other",
		p.quoted(), tries, fit[0], fit[len(fit)-1])
}

// long makes a string by repeating a part of a shorter one.
func (p *Pattern) long(rng *rand.Rand, minLen, maxLen int) (string, error) {
	for range 8 {
		short, err := p.Generate(rng, 0, measured)
		if err != nil {
			return "", err
		}
		if s, ok := p.pump([]rune(short), minLen, maxLen); ok {
			return s, nil
		}
	}
	return "", fmt.Errorf("no match of %s %s was found", p.quoted(), between(minLen, maxLen))
}

// pump repeats a part of s, of up to eight characters, until it is long enough.
func (p *Pattern) pump(s []rune, minLen, maxLen int) (string, bool) {
	for at := range min(len(s), reach) {
		for period := 1; period <= min(8, len(s)-at); period++ {
			if !p.Match(pumped(s, at, period, 3)) {
				continue
			}
			times := (minLen - len(s) + period - 1) / period
			if len(s)+times*period > maxLen {
				continue
			}
			if long := pumped(s, at, period, times); p.Match(long) {
				return long, true
			}
		}
	}
	return "", false
}

func pumped(s []rune, at, period, times int) string {
	part := string(s[at : at+period])
	return string(s[:at]) + strings.Repeat(part, times) + string(s[at:])
}

// Mismatch makes a string of minLen to maxLen code points that the expression
// does not match, as near to a match as it finds one. The error says that none
// was found, as for an expression that matches everything.
func (p *Pattern) Mismatch(rng *rand.Rand, minLen, maxLen int) (string, error) {
	minLen, maxLen, err := bounds(minLen, maxLen)
	if err != nil {
		return "", err
	}
	fitting, err := p.Generate(rng, minLen, maxLen)
	if err != nil {
		fitting = plain(rng, minLen, min(maxLen, minLen+8))
	}
	slow := 0
	for i := range tries / 4 {
		var s string
		switch i {
		case tries/4 - 1: // the ends of what is allowed
			s = plain(rng, minLen, minLen)
		case tries/4 - 2:
			s = plain(rng, min(maxLen, minLen+measured), min(maxLen, minLen+measured))
		default:
			s = damaged(rng, []rune(fitting), i)
		}
		if n := utf8.RuneCountInString(s); n < minLen || n > maxLen {
			s = plain(rng, minLen, min(maxLen, minLen+8))
		}
		ok, err := p.match(s)
		if err == nil && !ok {
			return s, nil
		}
		if err != nil {
			if slow++; slow >= slowTries {
				return "", fmt.Errorf("%s: %w", p.quoted(), err)
			}
		}
	}
	return "", fmt.Errorf("%s matched each of %d strings %s that were tried", p.quoted(), tries/4, between(minLen, maxLen))
}

// odd are the characters that expressions least often take.
var odd = []rune("!#~ A0a\u00e9\u4e2d\n")

// damaged changes one character of s, adds one, takes one away, or replaces all.
func damaged(rng *rand.Rand, s []rune, i int) string {
	out := append([]rune(nil), s...)
	r := odd[i/4%len(odd)]
	at := 0
	if len(out) > 0 {
		at = rng.IntN(len(out))
	}
	switch {
	case i%4 == 0 && len(out) > 0:
		out[at] = r
	case i%4 == 1 && len(out) > 0:
		out = append(out[:at], out[at+1:]...)
	case i%4 == 2:
		out = append(out[:at], append([]rune{r}, out[at:]...)...)
	default:
		for i := range out {
			out[i] = r
		}
	}
	return string(out)
}

// plain makes text that has no meaning.
func plain(rng *rand.Rand, minLen, maxLen int) string {
	n := minLen
	if maxLen > minLen {
		n += rng.IntN(maxLen - minLen + 1)
	}
	out := make([]rune, n)
	for i := range out {
		out[i], _ = all.pick(rng)
	}
	return string(out)
}

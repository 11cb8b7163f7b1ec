package values

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how long a text is made, in code points: of four bytes each, it
// would still fit a value.
const maxText = maxSize / 4

// someText makes a text of low to high code points (high < 0 is none) that keeps
// to the patterns and formats.
func (m *maker) someText(n *node, sh *shape, low, high int, h how) (string, error) {
	if high >= 0 && low > high {
		return "", fmt.Errorf("no text has at least %d characters and at most %d", low, high)
	}
	if low > maxText {
		return "", fmt.Errorf("a text of %d characters is longer than the %d that are made", low, maxText)
	}
	rng := m.source(n, h)
	if s, ok := m.formatted(sh, low, high, h.salt); ok {
		return s, nil
	}
	if len(sh.patterns) > 0 {
		return m.patterned(rng, sh, low, high)
	}
	if sh.content {
		return content(low, high, sh.formats)
	}
	s := fitted(phrase(h, rng), low, high)
	if utf8.RuneCountInString(s) == 0 && high != 0 {
		s = fitted("a", max(low, 1), high)
	}
	return s, nil
}

// formatted takes a text of the formats that keeps to everything else.
func (m *maker) formatted(sh *shape, low, high, salt int) (string, bool) {
	for _, f := range sh.formats {
		for i := range 12 {
			s, known := formatExample(f, salt+i)
			if !known {
				break
			}
			if m.matches(sh, s, low, high) && isFormat(sh, s) {
				return s, true
			}
		}
		for _, odd := range oddFormats[f] {
			if m.matches(sh, odd.text, low, high) && isFormat(sh, odd.text) {
				return odd.text, true
			}
		}
		if s, ok := stretched(f, low, high); ok && m.matches(sh, s, low, high) {
			return s, true
		}
	}
	return "", false
}

// isFormat reports whether a text is of all the formats of a shape.
func isFormat(sh *shape, s string) bool {
	for _, part := range sh.schemas {
		if part.Format != nil && part.Format.Validate != nil && part.Format.Validate(s) != nil {
			return false
		}
		if part.ContentEncoding != nil {
			if _, err := part.ContentEncoding.Decode(s); err != nil {
				return false
			}
		}
	}
	return true
}

// matches reports whether a text has a length and fits the patterns.
func (m *maker) matches(sh *shape, s string, low, high int) bool {
	if n := utf8.RuneCountInString(s); n < low || high >= 0 && n > high {
		return false
	}
	for _, expr := range sh.patterns {
		if p, err := m.pattern(expr); err != nil || !p.Match(s) {
			return false
		}
	}
	return true
}

// patterned generates by each pattern until all of them take it.
func (m *maker) patterned(rng *rand.Rand, sh *shape, low, high int) (string, error) {
	err := errors.New("no text fits all the patterns, formats and lengths together")
	for _, expr := range sh.patterns {
		p, failed := m.pattern(expr)
		if failed != nil {
			return "", failed
		}
		for range 24 {
			s, failed := p.Generate(rng, low, high)
			if failed != nil {
				return "", failed
			}
			if m.matches(sh, s, low, high) && isFormat(sh, s) {
				return s, nil
			}
		}
	}
	return "", err
}

func content(low, high int, formats []string) (string, error) {
	for _, s := range []string{`{}`, `"text"`, `eyJhIjoxfQ==`, `e30=`, `[]`} {
		if encoded := strings.HasSuffix(s, "="); encoded != (len(formats) > 0) {
			continue
		}
		if n := len(s); n >= low && (high < 0 || n <= high) {
			return s, nil
		}
	}
	return "", errors.New("no content of that length was made")
}

// phrase makes a text as a person would enter it for a property, such as "Name
// 17".
func phrase(h how, rng *rand.Rand) string {
	n := 2 + rng.IntN(90) + h.salt
	name := strings.ToLower(h.hint)
	switch {
	case h.mode == minimal && h.salt == 0:
		return ""
	case strings.Contains(name, "email"):
		return fmt.Sprintf("ada.%d@example.com", n)
	case strings.HasSuffix(name, "url"), strings.HasSuffix(name, "uri"):
		return fmt.Sprintf("https://example.com/%d", n)
	case strings.Contains(name, "phone"):
		return fmt.Sprintf("+49301234%03d", n)
	case name == "currency" && h.salt == 0:
		return "EUR"
	case (name == "country" || name == "language" || name == "locale") && h.salt == 0:
		return map[string]string{"country": "DE", "language": "en", "locale": "en-GB"}[name]
	case strings.Contains(name, "path"):
		return fmt.Sprintf("path-%d", n)
	}
	return fmt.Sprintf("%s %d", titled(h.hint), n)
}

// titled makes words of a name: "firstName" and "first_name" are "First name".
func titled(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case b.Len() == 0 && unicode.IsLetter(r):
			b.WriteRune(unicode.ToUpper(r))
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
		case unicode.IsUpper(r) && i > 0:
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	words := strings.Join(strings.Fields(b.String()), " ")
	if words == "" || len(words) > 60 {
		return "Text"
	}
	return words
}

// fitted cuts a text, or continues it, to a length.
func fitted(s string, low, high int) string {
	runes := []rune(s)
	if high >= 0 && len(runes) > high {
		runes = runes[:high]
	}
	for i := 0; len(runes) < low; i++ {
		runes = append(runes, 'a'+rune(i%26))
	}
	return string(runes)
}

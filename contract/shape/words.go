package shape

import (
	"maps"
	"strings"

	"twinspect.dev/contract"
)

const (
	// MaxValues is how many values an enumeration has at most.
	MaxValues = 16
	// MaxValue is the longest value of one, in bytes.
	MaxValue = 64
)

// words is what was learned of the texts of a place.
type words struct {
	// forms are those that all texts have, all where there is none.
	forms  formSet
	values map[string]uint64
	// many says that values are no longer kept.
	many bool
}

func (w *words) add(s string, private bool) {
	f, known := none, false
	if w.forms != 0 {
		f, known = formOf(s), true
		w.forms &= holds[f]
	}
	switch {
	case w.many:
		return
	case private:
		w.drop()
		return
	}
	if _, ok := w.values[s]; ok {
		w.values[s]++
		return
	}
	if !known {
		f = formOf(s)
	}
	if len(w.values) >= MaxValues || !isWord(s, f) {
		w.drop()
		return
	}
	if w.values == nil {
		w.values = make(map[string]uint64, 1)
	}
	w.values[strings.Clone(s)] = 1
}

func (w *words) drop() { w.many, w.values = true, nil }

func (w *words) merge(src *words) {
	w.forms &= src.forms
	if w.many || src.many {
		w.drop()
		return
	}
	for s, count := range src.values {
		if w.values == nil {
			w.values = make(map[string]uint64, len(src.values))
		}
		w.values[s] += count
	}
	if len(w.values) > MaxValues {
		w.drop()
	}
}

func (w *words) copy() words {
	c := *w
	c.values = maps.Clone(w.values)
	return c
}

// isWord reports whether a text may be shown: it is like the words of an
// enumeration, and like nothing that belongs to one person or is a secret.
func isWord(s string, f form) bool {
	if len(s) > MaxValue {
		return false
	}
	switch f {
	case none, code, locale:
	case integer: // up to the numbers of years
		return len(s) <= 4
	default:
		return false
	}
	figures := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c):
			figures++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case strings.IndexByte("_-.:/+*;=,", c) < 0:
			return false
		}
	}
	// Versions, sizes and names of series have few digits; numbers of phones and
	// of cards, and keys, have many.
	return figures <= 4 && (figures == 0 || len(s) <= 24)
}

// privateNames are parts of names below which no text is shown, written as
// [isPrivate] compares them: without capitals and punctuation.
var privateNames = []string{
	"name", "mail", "phone", "mobile", "street", "address", "city", "postal", "postcode", "zipcode", "birth", "gender", "passport",
	"password", "passwd", "secret", "token", "credential", "apikey", "session", "cookie", "signature", "iban", "account", "card", "cvv",
	"comment", "note", "message", "description", "subject", "login", "nick", "person", "customer", "patient", "salary", "auth", "nonce", "otp", "pin",
}

// isPrivate reports whether a name tells of a person, of free text, or of a secret.
func isPrivate(name string) bool {
	if name == "" {
		return false
	}
	if len(name) > MaxKey {
		return true
	}
	plain := plainName(name)
	for _, word := range privateNames {
		if len(word) <= 3 {
			if plain == word {
				return true
			}
		} else if strings.Contains(plain, word) {
			return true
		}
	}
	return false
}

// plainName returns a name in small letters, without punctuation.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r | 0x20
		case r == '_', r == '-', r == '.', r == ' ':
			return -1
		}
		return r
	}, name)
}

// Enumeration reports whether the values of a field are all that there are, as far
// as the samples can tell: each was there five times on average, and some came
// again. What a few samples show is no enumeration yet.
func Enumeration(f *contract.Field) bool {
	var count uint64
	for _, c := range f.Values {
		count += c
	}
	return !f.Many && len(f.Values) > 0 && count >= 5*uint64(len(f.Values)) && count >= minSupport
}

// minSupport is how many samples a statement on all values needs: one that is as
// frequent as each of four others is then missed by less than one in a hundred.
const minSupport = 20

package sequence

import (
	"slices"
	"strings"
	"unicode"
)

// words splits a name into its words in lower case: "orderId", "order_id" and
// "Order-ID" are all order, id.
func words(name string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		// A word begins at a capital after a small letter, and at the last capital
		// of several before a small one: "HTTPKey".
		if i > 0 && unicode.IsUpper(r) {
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !pluralCapital(runes, i+1)
			if !unicode.IsUpper(runes[i-1]) || next {
				end()
			}
		}
		word = append(word, r)
	}
	end()
	return out
}

// pluralCapital reports whether the small letter at i is the plural of capitals,
// as in "orderIDs".
func pluralCapital(runes []rune, i int) bool {
	return runes[i] == 's' && (i+1 == len(runes) || !unicode.IsLower(runes[i+1]))
}

// forms returns a word and what it may be the plural of, all of them: "houses" is
// of house, "statuses" of status, and two words are the same noun where they
// share a form.
func forms(word string) []string {
	out := []string{word}
	if len(word) < 3 || strings.HasSuffix(word, "ss") || !strings.HasSuffix(word, "s") {
		return out
	}
	out = append(out, word[:len(word)-1])
	if stem, ok := strings.CutSuffix(word, "ies"); ok && len(stem) > 1 {
		return append(out, stem+"y")
	}
	if stem, ok := strings.CutSuffix(word, "es"); ok && len(stem) > 1 {
		out = append(out, stem)
	}
	return out
}

// phrases joins words to the keys of a noun, one for each form of its last word.
func phrases(ws []string) []string {
	if len(ws) == 0 {
		return nil
	}
	before := strings.Join(ws[:len(ws)-1], " ")
	var out []string
	for _, f := range forms(ws[len(ws)-1]) {
		out = append(out, strings.TrimSpace(before+" "+f))
	}
	return out
}

// suffixes are the last words of names that name a thing by its identity.
var suffixes = []string{"id", "ids", "uuid", "uuids", "guid", "guids", "key", "slug", "name", "number", "no", "code", "ref", "login"}

// references are those of the suffixes that say so by themselves, outside of
// paths: a "customerName" in a body is rarely the name of a customer that exists.
var references = []string{"id", "ids", "uuid", "uuids", "guid", "guids"}

// splitSuffix parts the words of a name into the noun and what names its
// identity: order, id.
func splitSuffix(ws []string) (noun []string, suffix string) {
	if len(ws) == 0 {
		return nil, ""
	}
	last := ws[len(ws)-1]
	if last == "username" {
		return append(slices.Clone(ws[:len(ws)-1]), "user"), last
	}
	if slices.Contains(suffixes, last) {
		return ws[:len(ws)-1], singularSuffix(last)
	}
	return ws, ""
}

func singularSuffix(s string) string {
	if s == "ids" || s == "uuids" || s == "guids" {
		return s[:len(s)-1]
	}
	return s
}

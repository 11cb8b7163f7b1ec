package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxShown is how many characters of the document are shown in a message, and how
// many values of an enum. A line on a screen has about 100.
const (
	maxShown       = 80
	maxShownValues = 10
)

// describe tells a value by its type and size. Values may be secrets.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "text of " + plural(utf8.RuneCountInString(v), "character")
	case []any:
		return "a list of " + plural(len(v), "item")
	case map[string]any:
		return "an object of " + plural(len(v), "property")
	case json.Number:
		if !isInteger(v) {
			return "a number with a fraction"
		}
		return "a number"
	case int, int64, uint64, float64:
		return "a number"
	}
	return fmt.Sprintf("a %T", v)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if base, ok := strings.CutSuffix(what, "y"); ok {
		what = base + "ie"
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// show writes a value of the document, such as a constant.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case nil, bool, json.Number, int, int64, uint64, float64:
		if v == nil {
			return "null"
		}
		return cut(fmt.Sprint(v))
	}
	return describe(v) + " that the document gives"
}

func showAll(values []any) string {
	shown := make([]string, 0, maxShownValues)
	for _, v := range values[:min(len(values), maxShownValues)] {
		shown = append(shown, show(v))
	}
	text := strings.Join(shown, ", ")
	if more := len(values) - maxShownValues; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// formatWords says what a format is, never by the errors of others: they may hold
// the value.
func formatWords(name string, err error) string {
	var what notFormat
	if errors.As(err, &what) {
		return string(what) + " (format " + name + ")"
	}
	return "of the format " + name
}

func quote(s string) string { return strconv.Quote(cut(s)) }

func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

func showRat(r *big.Rat) string {
	if r.IsInt() {
		return cut(r.Num().String())
	}
	return strings.TrimRight(cut(r.FloatString(20)), "0")
}

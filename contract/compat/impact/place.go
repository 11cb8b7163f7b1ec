package impact

import (
	"slices"
	"strconv"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// touches reports whether a change at one place concerns a field at another: they
// are the same, or one holds the other. A "*" stands for any name.
func touches(change, field contract.Place) bool {
	if change == "" {
		return true
	}
	part, name := change.Split()
	fieldPart, fieldName := field.Split()
	if part != fieldPart {
		return false
	}
	if part != "body" {
		return strings.EqualFold(name, fieldName) && (part == "header" || name == fieldName)
	}
	a, b := pointer.Split(name), pointer.Split(fieldName)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && a[i] != "*" && b[i] != "*" {
			return false
		}
	}
	return true
}

// holds reports whether a place is the field's own or one that holds it.
func holds(place, field contract.Place) bool {
	_, name := place.Split()
	_, fieldName := field.Split()
	return touches(place, field) && len(pointer.Split(name)) <= len(pointer.Split(fieldName))
}

// statusFits reports whether a declared status, "" for any, is that of a response.
func statusFits(declared string, status int) bool {
	return declared == "" || contract.StatusFits(declared, status)
}

// unit is what a consumer's counts are of: recorded calls, or interactions of a
// Pact file.
type unit string

func (u unit) share(calls, of uint64) string {
	percent := "100"
	if calls != of {
		percent = strings.TrimSuffix(strconv.FormatFloat(float64(calls)*100/float64(of), 'f', 1, 64), ".0")
	}
	return "in " + percent + " % of " + u.count(of)
}

func (u unit) count(n uint64) string { return counted(int(n), string(u)) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(uint64(n)) + " " + what + "s"
}

// number writes thousands apart, as a person reads them.
func number(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// list joins names as a sentence does.
func list(names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	switch n := len(names); n {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

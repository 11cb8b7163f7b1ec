package noise

import (
	"strings"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

// MaxPath is how long the path of a cell may be, in bytes.
const MaxPath = maxShown

// ClipPath returns a path as the ledger names a cell by it: cut to [MaxPath].
func ClipPath(path string) string { return shorten(path) }

// ClassesOf returns the classes of branch's value as the ledger holds them
// against what it learned: [class.All] where the values of the cell have none.
func ClassesOf(ch *diff.Change) class.Set {
	if !narrows(ch.Place, ch.Kind) {
		return class.All
	}
	return classOf(ch.Other)
}

// narrows reports whether the values of a cell have classes: single values do,
// excerpts of a text do not.
func narrows(at diff.Place, kind diff.Kind) bool {
	if kind != diff.Changed {
		return false
	}
	switch at.Part {
	case diff.Header, diff.Trailer:
		return true
	case diff.Body:
		return strings.HasPrefix(at.Path, "$")
	}
	return false
}

// classOf returns the classes of a value, and all of them for one that was cut:
// it says nothing.
func classOf(text string) class.Set {
	if strings.HasSuffix(text, " bytes)") && strings.Contains(text, "… (") {
		return class.All
	}
	return class.Of([]byte(text))
}

package message

import (
	"slices"
	"strings"
)

// member is a property of an object that is being written.
type member struct {
	name  string
	value any
}

// each calls f for the members in the order of their names.
func (w *writer) each(members map[string]any, f func(name string, v any) error) error {
	start := w.sorted(members)
	defer func() { w.members = w.members[:start] }()
	for i := start; i < start+len(members); i++ {
		m := w.members[i] // f may move them
		if err := f(m.name, m.value); err != nil {
			return err
		}
	}
	return nil
}

// sorted appends the members in the order of their names to those of the objects
// around, and returns where they begin. Whoever calls it takes them away again.
func (w *writer) sorted(members map[string]any) int {
	start := len(w.members)
	for name, v := range members {
		w.members = append(w.members, member{name, v})
	}
	sortMembers(w.members[start:])
	return start
}

// fewMembers is up to where sorting by insertion was measured to be faster.
const fewMembers = 20

func sortMembers(all []member) {
	if len(all) > fewMembers {
		slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
		return
	}
	for i := 1; i < len(all); i++ {
		m, j := all[i], i
		for ; j > 0 && less(m.name, all[j-1].name); j-- {
			all[j] = all[j-1]
		}
		all[j] = m
	}
}

// less orders by bytes. Most names differ in the first one.
func less(a, b string) bool {
	if a != "" && b != "" && a[0] != b[0] {
		return a[0] < b[0]
	}
	return a < b
}

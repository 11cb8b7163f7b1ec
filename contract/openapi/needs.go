package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// needs finds out which units need what, and which cannot be had: references that
// lead nowhere, to themselves, or to a unit that has a fault.
type needs struct {
	files *files
	// own are the units of the document, all those and the places that references
	// lead to.
	own map[*unit]bool
	all []*unit
	at  map[Place]*unit
}

func newNeeds(f *files, units []*unit) *needs {
	n := &needs{files: f, own: make(map[*unit]bool), all: slices.Clone(units), at: make(map[Place]*unit)}
	for _, u := range units {
		n.own[u] = true
		n.at[u.place] = u
	}
	for i := 0; i < len(n.all); i++ { // scanning finds more
		n.scan(n.all[i])
	}
	return n
}

func (n *needs) scan(u *unit) {
	for _, part := range u.parts {
		scan(part.value, func(m map[string]any, way []string) {
			if ref, ok := reference(m); ok {
				n.reference(u, m, part.place.Join(way...), ref)
			}
		})
	}
	slices.SortFunc(u.faults, func(a, b fault) int { return cmp.Compare(a.place, b.place) })
	slices.Sort(u.needs)
}

func (n *needs) reference(u *unit, m map[string]any, place Place, ref string) {
	if _, _, err := n.files.follow(place); err != nil {
		u.fail(place, err)
		return
	}
	uri, _ := place.Split()
	target, err := n.files.target(uri, ref)
	if err != nil {
		u.fail(place, err)
		return
	}
	if i := strings.IndexByte(ref, '#'); i >= 0 && i+1 < len(ref) && ref[i+1] != '/' {
		// The library knows no anchors.
		m["$ref"] = target.reference()
	}
	hops := 0
	v, at, err := n.files.look(place, target, &hops)
	if err != nil {
		u.fail(place, err)
		return
	}
	u.needs = append(u.needs, at)
	if n.at[at] == nil {
		t := &unit{place: at, parts: []node{{n.files, v, at}}}
		if owner := n.owner(at); owner != nil {
			t.needs = append(t.needs, owner.place)
		}
		n.at[at] = t
		n.all = append(n.all, t)
	}
}

// owner returns the unit that a place is in.
func (n *needs) owner(p Place) *unit {
	for s := string(p); ; {
		if u := n.at[Place(s)]; n.own[u] {
			return u
		}
		i := strings.LastIndexByte(s, '/')
		if i < strings.IndexByte(s, '#') {
			return nil
		}
		s = s[:i]
	}
}

// spread gives each unit that needs one with a fault a fault of its own.
func (n *needs) spread() {
	users := make(map[Place][]*unit)
	var broken []*unit
	slices.SortFunc(n.all, func(a, b *unit) int { return cmp.Compare(a.place, b.place) })
	for _, u := range n.all {
		for _, need := range u.needs {
			users[need] = append(users[need], u)
		}
		if len(u.faults) > 0 {
			broken = append(broken, u)
		}
	}
	for len(broken) > 0 {
		u := broken[0]
		broken = broken[1:]
		for _, user := range users[u.place] {
			if len(user.faults) == 0 {
				user.fail(user.place, u.cause())
				broken = append(broken, user)
			}
		}
	}
}

// cause says of a unit with faults why what needs it cannot be used.
func (u *unit) cause() error {
	first := u.faults[0]
	var indirect *neededError
	if errors.As(first.err, &indirect) {
		return indirect
	}
	return &neededError{u.place, first.err}
}

// neededError says that a unit cannot be used as it needs something that cannot.
type neededError struct {
	place Place
	err   error
}

func (e *neededError) Error() string {
	_, pointer := e.place.Split()
	return fmt.Sprintf("it needs #%s, which cannot be used: %v", pointer, e.err)
}

// closure returns the units with all that they need.
func (n *needs) closure(units []*unit) []*unit {
	var all, stack []*unit
	seen := make(map[*unit]bool)
	stack = append(stack, units...)
	for len(stack) > 0 {
		u := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[u] {
			continue
		}
		seen[u] = true
		if n.own[u] {
			all = append(all, u)
		}
		for _, need := range u.needs {
			stack = append(stack, n.at[need])
		}
	}
	return all
}

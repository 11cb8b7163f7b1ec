package usage

import (
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// book holds the places of the messages of one operation, requests or responses,
// as a tree by their names.
type book struct {
	// into is what evidence calls the message: "answer GET /cart".
	into  string
	root  spot
	spots []*spot
}

// spot is one place.
type spot struct {
	id   uint16
	up   *spot
	name string
	kids map[string]*spot
	// branch says that it held an object or an array; only that has things below.
	branch bool
}

func newBook(into string) *book { return &book{into: into} }

// below returns the place of that name under s, nil where there are too many.
func (b *book) below(s *spot, name string) *spot {
	if kid := s.kids[name]; kid != nil {
		return kid
	}
	if len(b.spots) >= maxPlaces {
		return nil
	}
	if s.kids == nil {
		s.kids = make(map[string]*spot)
	}
	kid := &spot{id: uint16(len(b.spots)), up: s, name: strings.Clone(name)}
	s.kids[kid.name] = kid
	b.spots = append(b.spots, kid)
	return kid
}

// part returns the place of a part of the message: "body", or "header" with a name.
func (b *book) part(part, name string) *spot {
	if name == "" {
		return b.below(&b.root, part)
	}
	return b.below(&b.root, part+" "+name)
}

// place writes where s is.
func (s *spot) place() contract.Place {
	if s.up.up == nil {
		return contract.Place(s.name)
	}
	p := ""
	for ; s.up.up != nil; s = s.up {
		p = pointer.Join("", s.name) + p
	}
	return contract.At(s.name, p)
}

// listed reports whether there may be many values at s.
func (s *spot) listed() bool {
	for ; s.up != nil; s = s.up {
		if s.name == "*" {
			return true
		}
	}
	return false
}

// under reports whether s is beneath top.
func (s *spot) under(top *spot) bool {
	for s = s.up; s != nil; s = s.up {
		if s == top {
			return true
		}
	}
	return false
}

// isKey reports whether the name of a member names a thing, not a field, so that
// the object is a map: digits, a UUID, a text of sixteen hexadecimal digits.
func isKey(name string) bool {
	digits, hex := 0, 0
	for i := range len(name) {
		switch c := name[i]; {
		case c >= '0' && c <= '9':
			digits++
			hex++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == '-':
			hex++
		}
	}
	return name != "" && (digits == len(name) || len(name) >= 16 && hex == len(name) && digits > 0)
}

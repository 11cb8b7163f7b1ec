package correlate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// Kind is the part of a message in which a [Place] lies.
type Kind uint8

// The kinds. The text of each is its key in a rule file.
const (
	// Body is a string or a number in a JSON body, by its path; "$" is also a
	// text/plain body of one word.
	Body Kind = iota + 1
	// Header is a field. Of an Authorization it is what follows the scheme, of an
	// ETag and the fields that repeat it what stands between the quotes.
	Header
	// Cookie is a cookie, of Set-Cookie or Cookie.
	Cookie
	// Location is a path segment of the Location or Content-Location field.
	Location
	// LocationQuery is a parameter of the same.
	LocationQuery
	// HTML is a hidden input or a meta element of an HTML body, by its name.
	HTML
	// Path is a path segment of the request.
	Path
	// Query is a parameter of the request.
	Query
	// Form is a field of an application/x-www-form-urlencoded body.
	Form
)

var kindNames = [...]string{
	Body: "body", Header: "header", Cookie: "cookie", Location: "location", LocationQuery: "location-query",
	HTML: "html", Path: "path", Query: "query", Form: "form",
}

// String returns the key of the kind in a rule file.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return "?"
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Place is where a value stands in a request or in an answer. Places are
// comparable.
type Place struct {
	Kind Kind `json:"kind"`
	// Name is the name of a field, cookie or parameter, or the JSONPath of a
	// body's value. A header's name is in lower case.
	Name string `json:"name,omitempty"`
	// Segment is the number of a path segment, from 1.
	Segment int `json:"segment,omitempty"`
}

// String returns "body $.id" or "path 2".
func (p Place) String() string { return p.Kind.String() + " " + p.value() }

func (p Place) value() string {
	if p.Kind == Path || p.Kind == Location {
		return strconv.Itoa(p.Segment)
	}
	return p.Name
}

// End is one end of a link.
type End struct {
	// Operation is a name; in written rules * stands for any text.
	Operation string `json:"operation"`
	Place     Place  `json:"place"`
}

// String returns "POST /orders body $.id".
func (e End) String() string { return e.Operation + " " + e.Place.String() }

// compiled is a place as the walker's leaves are compared with it.
type compiled struct {
	key uint64
	// above holds the keys of what a body's value is inside of.
	above []uint64
	// names has a bit for the length of each name on its path.
	names uint64
	// at holds the number that each array on the path is entered at, -1 for any.
	// It is nil where all are any.
	at []int
}

func (c *compiled) covers(l *leaf) bool {
	if c.at == nil {
		return true
	}
	i := 0
	for _, s := range l.steps {
		if s.index < 0 {
			continue
		}
		if i < len(c.at) && c.at[i] >= 0 && c.at[i] != s.index {
			return false
		}
		i++
	}
	return true
}

// many reports whether there may be several values at the place.
func (p Place) many() bool { return p.Kind == Body && strings.Contains(p.Name, "[*]") }

func (p Place) compile() (compiled, error) {
	switch p.Kind {
	case Path, Location:
		return compiled{key: segmentKey(p.Kind, p.Segment)}, nil
	case Body:
		return compilePath(p.Name)
	case Header:
		return compiled{key: nameKey(Header, appendLower(nil, p.Name))}, nil
	}
	return compiled{key: nameKey(p.Kind, []byte(p.Name))}, nil
}

// compilePath reads a JSONPath of names, positions and [*] (RFC 9535): what says
// of one leaf alone whether it is meant.
func compilePath(text string) (compiled, error) {
	path, err := jsonpath.Parse(text)
	if err != nil {
		return compiled{}, fmt.Errorf("not a JSONPath query (RFC 9535): %s", strings.TrimPrefix(err.Error(), "jsonpath: "))
	}
	c := compiled{key: mix(uint64(Body), rootMark)}
	fixed := false
	for _, segment := range path.Query().Segments() {
		selectors := segment.Selectors()
		if segment.IsDescendant() || len(selectors) != 1 {
			return compiled{}, errPath
		}
		c.above = append(c.above, c.key)
		switch s := selectors[0].(type) {
		case spec.Name:
			c.key = mix(c.key, hashText(string(s)))
			c.names |= lengthBit(len(s))
		case spec.WildcardSelector:
			c.key = mix(c.key, arrayMark)
			c.at = append(c.at, -1)
		case spec.Index:
			if s < 0 {
				return compiled{}, errPath
			}
			c.key = mix(c.key, arrayMark)
			c.at, fixed = append(c.at, int(s)), true
		default:
			return compiled{}, errPath
		}
	}
	if !fixed {
		c.at = nil
	}
	return c, nil
}

var errPath = fmt.Errorf("the path of a value has names, positions and [*] for each element of an array, such as $.items[*].id")

package capture

import "strings"

// Field is one header field line, its name in the case of the wire.
type Field struct {
	Name, Value string
}

// Header is a list of header fields in the order of the wire. Names are
// compared without regard to case (RFC 9110 section 5.1).
type Header []Field

// Get returns the value of the first field called name, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field called name.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Values returns the values of every field called name, in their order.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Without returns the fields that are called none of names, in their order.
// h is not changed.
func (h Header) Without(names ...string) Header {
	kept := make(Header, 0, len(h))
	for _, f := range h {
		if !containsFold(names, f.Name) {
			kept = append(kept, f)
		}
	}
	return kept
}

func containsFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

package message

import (
	"twinspect.dev/contract/openapi"
)

// layout is how a style writes values (RFC 6570 section 3.2.1, OpenAPI 3.1
// section 4.8.12.4).
type layout struct {
	// before stands before the value, between between parts that are exploded, and
	// inner between those that are not.
	before, between, inner string
	// named says that the name stands before a value, bare that no "=" follows it
	// where the value is empty.
	named, bare bool
	// keep is what is not percent-encoded; item the same in lists and objects.
	keep, item *set
	coded      coded
	// apart says that what is exploded are pairs of the place, beside those of other
	// parameters.
	apart bool
}

func newLayout(p *openapi.Parameter) layout {
	l := layout{between: ",", inner: ",", keep: unreserved, item: unreserved, coded: percent}
	switch p.In {
	case "header":
		l.keep, l.item, l.coded = nil, nil, plain
	case "cookie":
		l.between, l.named, l.apart = "; ", true, true
	case "query":
		l.between, l.named, l.apart, l.coded = "&", true, true, form
		if p.AllowReserved {
			l.keep, l.item = reserved, reservedItem
		}
	}
	switch p.Style {
	case "cookie": // of OpenAPI 3.2: nothing is encoded
		l.keep, l.item, l.coded = nil, nil, plain
	case "label":
		l.before = "."
		if p.Explode {
			l.between, l.item = ".", dotless
		}
	case "matrix":
		l.before, l.between, l.named, l.bare = ";", ";", true, true
	case "spaceDelimited":
		l.inner = "%20"
	case "pipeDelimited":
		l.inner = "%7C"
	}
	return l
}

// separator is the character that inner stands for.
func (l *layout) separator() string {
	switch l.inner {
	case "%20":
		return " "
	case "%7C":
		return "|"
	}
	return ","
}

package httpwire

import "strings"

// disguise is what field lines hold that some recipients read as a framing field
// and others do not.
type disguise struct {
	// folded: a framing field is folded, or a folded line looks like one. A server
	// may reject it or replace the fold, a user agent must replace it (RFC 9112
	// section 5.2).
	folded bool
	// returned: what follows a bare CR looks like a framing field. Recipients read
	// the CR as a space, or as the end of a line (RFC 9112 section 2.2).
	returned bool
}

// unmask looks for framing fields in disguise. Nearly all heads have neither a
// fold nor a bare CR, and need not be looked at.
func unmask(text string) (d disguise) {
	after, framing := byte(0), false
	for len(text) > 0 {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			break // a head ends with a line end
		}
		name, _, _ := strings.Cut(text[:i], ":")
		looks := framingName(strings.Trim(name, " \t"))
		fold := after == '\n' && isBlank(text[0])
		switch {
		case after == '\r':
			d.returned = d.returned || looks
		case fold:
			d.folded = d.folded || looks || framing
		default:
			framing = looks
		}
		after, text = text[i], text[i+1:]
	}
	return d
}

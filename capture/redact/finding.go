package redact

import "unicode/utf8"

// Finding is something that looks like a secret.
type Finding struct {
	// Where it is: "request.header[Authorization]", "response.body
	// $.user.email".
	Where string
	// Kind says why: "card", "email", "jwt", "key", "field-name",
	// "unreadable".
	Kind string
	// Sample shows its shape: X, x and 9 stand for letters and digits.
	Sample string
}

// maxSample is a line's worth.
const maxSample = 40

func mask(v []byte) string {
	out := make([]byte, 0, maxSample)
	for i := 0; i < len(v); {
		if len(out) >= maxSample {
			return string(out) + "..."
		}
		c := v[i]
		switch {
		case isDigit(c):
			out = append(out, '9')
		case 'A' <= c && c <= 'Z':
			out = append(out, 'X')
		case isAlnum(c) || c >= utf8.RuneSelf:
			out = append(out, 'x')
		case c < ' ' || c == 0x7F:
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
		_, n := utf8.DecodeRune(v[i:])
		i += n
	}
	return string(out)
}

// at names the place of the walk.
func (p *pass) at() string {
	where := p.where
	if p.name != "" {
		where += "[" + p.name + "]"
	}
	if p.depth > 0 {
		for i := range p.depth {
			where += " " + p.scanners[i].location()
		}
	}
	return where
}

package redact

import "bytes"

// maxName bounds the name of a parameter; longer ones are no names.
const maxName = 128

// detectParameter looks for a parameter with a secret name, inside of a URL or
// of what is written like one.
func (p *pass) detectParameter(ed *editor, i int) int {
	v, from := ed.src, i+1
	if bytes.HasPrefix(v[i:], []byte("&amp;")) {
		from = i + len("&amp;")
	}
	eq := from
	for eq < len(v) && eq-from < maxName && isNameByte(v[eq]) {
		eq++
	}
	if eq == from || eq == len(v) || v[eq] != '=' || p.verdict(inQuery, v[from:eq]) != redacted {
		return i + 1
	}
	to := eq + 1
	for to < len(v) && !endsValue(v[to]) && (v[i] != ';' || v[to] != ';' && v[to] != '?' && v[to] != '/') {
		to++
	}
	if to == eq+1 || eq+1 < ed.done {
		return i + 1
	}
	ed.replace(eq+1, to, p.encoded(v[eq+1:to], true, p.named))
	return to
}

func isNameByte(c byte) bool {
	return isTokenByte(c) || c == '.' || c == '[' || c == ']' || c == '%' || c == '~'
}

func endsValue(c byte) bool {
	return c <= ' ' || c == '&' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' || c == 0x7F
}

// detectUserinfo looks for a password before the host of a URL (RFC 3986 section
// 3.2.1).
func (p *pass) detectUserinfo(ed *editor, i int) int {
	v := ed.src
	if p.r.detectors&detectKey == 0 || !bytes.HasPrefix(v[i:], []byte("://")) {
		return i + 1
	}
	from, at := i+3, -1
	for j := from; j < len(v) && !endsValue(v[j]) && v[j] != '/' && v[j] != '?'; j++ {
		if v[j] == '@' {
			at = j
		}
	}
	if at < 0 {
		return from
	}
	colon := bytes.IndexByte(v[from:at], ':')
	if colon < 0 {
		return from
	}
	for _, span := range [][2]int{{from, from + colon}, {from + colon + 1, at}} {
		if span[1] > span[0] {
			ed.replace(span[0], span[1], p.encoded(v[span[0]:span[1]], false, p.key))
		}
	}
	return at + 1
}

// key replaces what a detector of keys found.
func (p *pass) key(v []byte) []byte { return p.secret(v, kindOf[detectKey]) }

// encoded applies f to v without its percent-encoding (RFC 3986 section 2.1),
// with plus a "+" is a space, and encodes the result as v was.
func (p *pass) encoded(v []byte, plus bool, f func([]byte) []byte) []byte {
	plus = plus && bytes.IndexByte(v, '+') >= 0
	if !plus && bytes.IndexByte(v, '%') < 0 {
		return f(v)
	}
	out := f(percentDecode(v, plus))
	if out == nil {
		return nil
	}
	return percentEncode(out, v, plus)
}

func percentDecode(v []byte, plus bool) []byte {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '+' && plus:
			out = append(out, ' ')
		case v[i] == '%' && i+2 < len(v) && unhex(v[i+1]) >= 0 && unhex(v[i+2]) >= 0:
			out = append(out, byte(unhex(v[i+1])<<4|unhex(v[i+2])))
			i += 2
		default:
			out = append(out, v[i])
		}
	}
	return out
}

// percentEncode encodes all but unreserved characters and those that like has as
// they are.
func percentEncode(v, like []byte, plus bool) []byte {
	const digits = "0123456789ABCDEF"
	var raw [256]bool
	for _, c := range like {
		raw[c] = c != '%' && c != '+'
	}
	out := make([]byte, 0, len(v)+len(v)/2)
	for _, c := range v {
		switch {
		case c == ' ' && plus:
			out = append(out, '+')
		case isTokenByte(c) || c == '.' || c == '~' || raw[c]:
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

// tail replaces the last word of a text that was cut: a secret that lost its end
// is not found by its form. Card numbers may have been cut inside of a group.
func (p *pass) tail(ed *editor) {
	v := ed.src
	from, digits := len(v), true
	for from > 0 && len(v)-from < maxTail && (isLocalByte(v[from-1]) || v[from-1] == '@') {
		from--
		digits = digits && isDigit(v[from])
	}
	for digits && from > 1 && len(v)-from < 2*maxCard && (isDigit(v[from-1]) || (v[from-1] == ' ' || v[from-1] == '-') && isDigit(v[from-2])) {
		from--
	}
	if from = max(from, ed.done); from < len(v) {
		ed.replace(from, len(v), p.secret(v[from:], "cut"))
	}
}

// maxTail is more than any key or address; of a longer word only the end goes.
const maxTail = 1 << 20

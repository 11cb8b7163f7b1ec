package redact

import "bytes"

// requestTarget replaces the secrets of a target: parameters by name, and
// what the detectors find in the path (RFC 3986 section 3).
func (p *pass) requestTarget(v []byte) []byte {
	ed := editor{src: v}
	query := bytes.IndexByte(v, '?')
	if query < 0 {
		p.path(&ed, len(v))
		return ed.result()
	}
	p.path(&ed, query)
	ed.replace(query+1, len(v), p.pairs(v[query+1:], inQuery))
	return ed.result()
}

// path replaces what the detectors find before end. Segments that have
// percent-encoding are decoded one by one, so that an encoded slash stays one.
func (p *pass) path(ed *editor, end int) {
	v := ed.src[:end]
	if bytes.IndexByte(v, '%') < 0 {
		ed.replace(0, end, p.text(v))
		return
	}
	for from := 0; from < end; {
		to := end
		if i := bytes.IndexByte(v[from:], '/'); i >= 0 {
			to = from + i
		}
		if to > from {
			ed.replace(from, to, p.encoded(v[from:to], false, p.text))
		}
		from = to + 1
	}
}

// pairs replaces the secrets of name=value pairs, as queries and forms have them
// (application/x-www-form-urlencoded, WHATWG URL section 5).
func (p *pass) pairs(v []byte, at place) []byte {
	ed := editor{src: v}
	cut := p.cut
	for from := 0; from < len(v); {
		to := len(v)
		if i := bytes.IndexByte(v[from:], '&'); i >= 0 {
			to = from + i
		}
		p.cut = cut && to == len(v)
		p.pair(&ed, from, to, at)
		from = to + 1
	}
	p.cut = cut
	return ed.result()
}

func (p *pass) pair(ed *editor, from, to int, at place) {
	v := ed.src[from:to]
	name, value, ok := bytes.Cut(v, []byte("="))
	if !ok {
		ed.replace(from, to, p.encoded(v, true, p.value))
		return
	}
	if bytes.IndexByte(name, '%') >= 0 || bytes.IndexByte(name, '+') >= 0 {
		name = percentDecode(name, true)
	}
	if out := p.text(name); out != nil { // an address as a name
		ed.replace(from, to-len(value)-1, percentEncode(out, v, true))
	}
	if len(value) == 0 {
		return
	}
	f := p.value
	switch p.verdict(at, name) {
	case kept:
		return
	case redacted:
		f = p.named
	}
	ed.replace(to-len(value), to, p.encoded(value, true, f))
}

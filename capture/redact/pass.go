package redact

import (
	"bytes"
	"strings"
	"unsafe"

	"twinspect.dev/capture"
)

// pass is one walk over one exchange. It changes secrets or, with check, tells
// of them.
type pass struct {
	r        *Redactor
	draw     *drawer
	view     *view
	cache    *verdicts // of the view
	caches   map[*view]*verdicts
	scanners [maxNested]scanner
	markers  [maxNested]marker
	buf      []byte

	check    bool
	findings []Finding
	where    string // what is walked, such as "request.header"
	name     string // the field in it
	depth    int    // how many JSON texts are inside of each other
	marked   int    // how many XML texts are
	cut      bool   // the text at hand lost its end
	changed  int
	session  string
	target   string // of the request, for the message type of gRPC
}

func newPass(r *Redactor) *pass {
	return &pass{r: r, draw: newDrawer(r.key), caches: make(map[*view]*verdicts)}
}

// clear forgets the exchange, and keeps what serves the next.
func (p *pass) clear() {
	p.view, p.cache = nil, nil
	p.check, p.findings, p.where, p.name = false, nil, "", ""
	p.depth, p.marked, p.cut, p.changed = 0, 0, false, 0
	p.session, p.target = "", ""
	for i := range p.scanners {
		clear(p.scanners[i].stack) // the keys are of the exchange
	}
	for i := range p.markers {
		m := &p.markers[i]
		clear(m.stack)
		m.tag, m.ed, m.lexer = nil, editor{}, markupLexer{}
	}
}

// maxCaches bounds the views of which a pass remembers verdicts.
const maxCaches = 16

// look has the rules looked at that hold for e.
func (p *pass) look(e *capture.Exchange) {
	p.view, p.buf = p.r.views.of(e, p.buf)
	if p.cache = p.caches[p.view]; p.cache != nil {
		return
	}
	if len(p.caches) >= maxCaches {
		clear(p.caches)
	}
	p.cache = newVerdicts()
	p.caches[p.view] = p.cache
}

// secret returns the pseudonym of v, and nil for nothing. With check it tells of
// v unless that is a pseudonym.
func (p *pass) secret(v []byte, kind string) []byte {
	if len(bytes.TrimSpace(v)) == 0 {
		return nil
	}
	if p.check {
		if !marked(v) {
			p.findings = append(p.findings, Finding{Where: p.at(), Kind: kind, Sample: mask(v)})
		}
		return nil
	}
	out := p.draw.pseudonym(v, 0)
	p.changed++
	p.follow(v, out)
	return out
}

// fieldName is the kind of what is secret by its name.
const fieldName = "field-name"

// named replaces what is secret by its name. Where that is a JSON text, its
// values are, so that it stays one.
func (p *pass) named(v []byte) []byte { return p.secret(v, fieldName) }

// value replaces the secrets inside of a value whose name says nothing.
func (p *pass) value(v []byte) []byte { return p.tracedValue(v, tracesOf(v)) }

func (p *pass) tracedValue(v []byte, t traces) []byte {
	switch first(v) {
	case '{', '[':
		if p.depth < maxNested {
			return p.json(v)
		}
	case '<':
		if p.marked < maxNested && looksXML(v) {
			return p.markup(v, false)
		}
	}
	return p.traced(v, t)
}

// minFollowed keeps short values, such as a PIN, from being taken for a part of
// the session's key.
const minFollowed = 6

// follow replaces the value in the session's key, where it stands between
// punctuation: a session may be named by its cookie.
func (p *pass) follow(old, pseudonym []byte) {
	if len(old) < minFollowed || len(old) > len(p.session) {
		return
	}
	for from := 0; ; {
		i := strings.Index(p.session[from:], string(old))
		if i < 0 {
			return
		}
		i += from
		end := i + len(old)
		if i > 0 && isAlnum(p.session[i-1]) || end < len(p.session) && isAlnum(p.session[end]) {
			from = i + 1
			continue
		}
		p.session = p.session[:i] + string(pseudonym) + p.session[end:]
		from = i + len(pseudonym)
	}
}

// or returns what was replaced, else s.
func or(out []byte, s string) string {
	if out == nil {
		return s
	}
	return string(out)
}

// bytesOf returns the bytes of s, which are only read: copying every header
// value would cost more than looking at it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

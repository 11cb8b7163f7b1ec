package redact

import (
	"strconv"

	"twinspect.dev/capture/jsonquery"
)

// maxDepth bounds the levels that are told apart. Parsers refuse more; what lies
// deeper is taken for secret.
const maxDepth = 512

// level is an open object or array.
type level struct {
	array    bool
	index    int
	key      []byte // raw, of the member that is due
	inherits verdict
}

// scanner walks a JSON text in one pass and edits it in place, so that all else
// keeps its bytes. The text need not be valid, nor whole.
type scanner struct {
	stack  []level
	states []uint64 // of each path, for each level
	due    []uint64 // for the value that is due
	over   int      // levels beyond maxDepth
	buf    []byte
}

// json replaces the secrets of a JSON text.
func (p *pass) json(v []byte) []byte {
	s := &p.scanners[p.depth]
	p.depth++
	cut := p.cut
	p.cut = false
	defer func() { p.depth, p.cut = p.depth-1, cut }()

	s.stack, s.states, s.over = s.stack[:0], s.states[:0], 0
	ed := editor{src: v}
	var l lexer
	for t := l.next(v); t.kind != lexEnd; t = l.next(v) {
		switch t.kind {
		case lexOpen:
			s.push(p, t.array)
		case lexClose:
			s.pop()
		case lexComma:
			s.comma()
		case lexKey:
			s.setKey(v[t.from:t.to], t.escaped)
		default:
			ed.replace(t.from, t.to, s.scalar(p, v[t.from:t.to], t, cut && t.cut))
		}
	}
	return ed.result()
}

func (s *scanner) push(p *pass, array bool) {
	if len(s.stack) >= maxDepth {
		s.over++
		return
	}
	inherits := s.judge(p)
	s.stack = append(s.stack, level{array: array, inherits: inherits})
	s.states = append(s.states, s.due...)
}

func (s *scanner) pop() {
	switch n := len(s.stack); {
	case s.over > 0:
		s.over--
	case n > 0:
		s.states = s.states[:len(s.states)-len(s.states)/n]
		s.stack = s.stack[:n-1]
	}
}

func (s *scanner) comma() {
	if n := len(s.stack); n > 0 && s.over == 0 {
		s.stack[n-1].index++
		s.stack[n-1].key = nil
	}
}

func (s *scanner) setKey(key []byte, escaped bool) {
	if n := len(s.stack); n > 0 && s.over == 0 {
		if escaped {
			key = unescape(nil, key)
		}
		s.stack[n-1].key = key
	}
}

// judge returns what names and paths say of the value that is due, and leaves
// the states of the paths in s.due.
func (s *scanner) judge(p *pass) verdict {
	n := len(p.view.paths)
	s.due = s.due[:0]
	if len(s.stack) == 0 {
		for range n {
			s.due = append(s.due, jsonquery.Start)
		}
		return s.byPath(p, open)
	}
	top := &s.stack[len(s.stack)-1]
	states := s.states[len(s.states)-n:]
	at := top.step()
	for i, query := range p.view.paths {
		s.due = append(s.due, at.Advance(query, states[i]))
	}
	v := top.inherits
	if !top.array && v == open && top.key != nil {
		v = p.verdict(inJSON, top.key)
	}
	return s.byPath(p, v)
}

// byPath lets the paths overrule v; those that keep win.
func (s *scanner) byPath(p *pass, v verdict) verdict {
	for i, query := range p.view.paths {
		if v == kept {
			break
		}
		if s.due[i]&query.End() != 0 {
			if v = redacted; i >= p.view.secret {
				v = kept
			}
		}
	}
	return v
}

// scalar returns what stands for a string, a number or a run of other text.
func (s *scanner) scalar(p *pass, raw []byte, t lexeme, cut bool) []byte {
	if len(raw) == 0 || t.kind == lexOther && isLiteral(raw) {
		return nil
	}
	v := redacted
	if s.over == 0 {
		v = s.judge(p)
	}
	switch {
	case v == kept:
		return nil
	case t.kind == lexString:
		return s.text(p, raw, t, v, cut)
	case t.kind == lexNumber && (v == redacted || cut):
		n := mantissa(raw)
		if out := p.named(raw[:n]); out != nil {
			return append(out, raw[n:]...)
		}
		return nil
	case v == redacted:
		return p.named(raw)
	case t.kind == lexNumber && len(raw) < minCard:
		return nil
	}
	p.cut = cut
	out := p.text(raw)
	p.cut = false
	return out
}

func (s *scanner) text(p *pass, raw []byte, t lexeme, v verdict, cut bool) []byte {
	if t.escaped {
		s.buf = unescape(s.buf[:0], raw)
		raw, t.traces = s.buf, tracesOf(s.buf)
	}
	var out []byte
	switch {
	case cut && v != redacted:
		out = p.secret(raw, "cut")
	case v == redacted:
		out = p.named(raw)
	default:
		out = p.tracedValue(raw, t.traces)
	}
	if out == nil {
		return nil
	}
	return escape(out)
}

// location returns the normalized path of the value that is due (RFC 9535
// section 2.7), with shorthand names.
func (s *scanner) location() string {
	where := "$"
	for _, l := range s.stack {
		switch {
		case l.array:
			where += "[" + strconv.Itoa(l.index) + "]"
		case isPlain(l.key):
			where += "." + string(l.key)
		default:
			where += "[" + strconv.Quote(string(l.key)) + "]"
		}
	}
	return where
}

func isPlain(key []byte) bool {
	for _, c := range key {
		if !isAlnum(c) && c != '_' {
			return false
		}
	}
	return len(key) > 0 && !isDigit(key[0])
}

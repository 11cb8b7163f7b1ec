package redact

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/capture"
)

// scope is where a rule holds; the zero value is everywhere.
type scope struct {
	services, operations []template
}

func newScope(r Rule) (scope, error) {
	var s scope
	if len(r.Service) == 0 && len(r.Operation) == 0 {
		return s, errors.New("a rule has a service or an operation; one for all stands outside of rules")
	}
	for _, text := range r.Service {
		t, err := newTemplate(text)
		if err != nil {
			return s, fmt.Errorf("service: %w", err)
		}
		s.services = append(s.services, t)
	}
	for _, text := range r.Operation {
		t, err := newOperation(text)
		if err != nil {
			return s, fmt.Errorf("operation: %w", err)
		}
		s.operations = append(s.operations, t)
	}
	return s, nil
}

// newOperation refuses what no request can have, since a rule that never holds
// hides nothing.
func newOperation(text string) (template, error) {
	if !strings.ContainsAny(text, " *") {
		return nil, fmt.Errorf("%q is not a method and a path, such as GET /users/{id}", text)
	}
	return newTemplate(text)
}

func (s *scope) holds(service string, operation []byte) bool {
	return holds(s.services, bytesOf(service)) && holds(s.operations, operation)
}

func holds(templates []template, v []byte) bool {
	return len(templates) == 0 || slices.ContainsFunc(templates, func(t template) bool { return t.match(v) })
}

// template is a text in which * stands for anything, and a name in braces for
// anything but a slash; {...}, as package operation ends the longest paths, is
// anything.
type template []symbol

// symbol is one byte that must stand there, or a class of which any do.
type symbol struct {
	class symbolClass
	c     byte
}

type symbolClass uint8

const (
	exactly   symbolClass = iota
	one                   // anything but a slash
	many                  // any number of them
	something             // any number of anything
)

// maxTemplate bounds the time of a match, which is the product of both lengths;
// operations are shorter.
const maxTemplate = 1024

func newTemplate(text string) (template, error) {
	if len(text) == 0 || len(text) > maxTemplate {
		return nil, fmt.Errorf("%q has not 1 to %d bytes", text[:min(len(text), maxSample)], maxTemplate)
	}
	var t template
	for i := 0; i < len(text); i++ {
		end := strings.IndexByte(text[i:], '}')
		switch {
		case text[i] == '*':
			t = append(t, symbol{class: something})
		case text[i] == '{' && end > 0:
			if text[i+1:i+end] == "..." {
				t = append(t, symbol{class: something})
			} else {
				t = append(t, symbol{class: one}, symbol{class: many})
			}
			i += end
		default:
			t = append(t, symbol{c: text[i]})
		}
	}
	return t, nil
}

// match runs the template as a nondeterministic automaton: at[i] says that the
// first i symbols may have matched what was read.
func (t template) match(v []byte) bool {
	for len(t) > 0 && t[0].class == exactly { // most differ here
		if len(v) == 0 || v[0] != t[0].c {
			return false
		}
		t, v = t[1:], v[1:]
	}
	at := make([]bool, len(t)+1)
	at[0] = true
	t.skip(at)
	for _, c := range v {
		for i := len(t); i > 0; i-- {
			at[i] = at[i-1] && t[i-1].takes(c) || i < len(t) && at[i] && t[i].repeats(c)
		}
		at[0] = at[0] && len(t) > 0 && t[0].repeats(c)
		t.skip(at)
	}
	return at[len(t)]
}

// skip passes over the symbols that may stand for nothing.
func (t template) skip(at []bool) {
	for i, s := range t {
		if s.class == many || s.class == something {
			at[i+1] = at[i+1] || at[i]
		}
	}
}

// takes reports whether the automaton goes on behind s with c.
func (s symbol) takes(c byte) bool {
	return s.class == exactly && s.c == c || s.class == one && c != '/'
}

// repeats reports whether it stays at s.
func (s symbol) repeats(c byte) bool {
	return s.class == something || s.class == many && c != '/'
}

// appendOperation appends the method and the path as package operation spells
// them, but for the variables: without empty segments, path parameters and
// needless percent-encoding (RFC 3986 section 6.2.2).
func appendOperation(dst []byte, method, target string) []byte {
	dst = append(append(dst, method...), ' ')
	if method == "CONNECT" || target == "*" {
		return append(dst, target...)
	}
	root := len(dst)
	for segment := range strings.SplitSeq(capture.PathOf(target), "/") {
		if segment == "" {
			continue
		}
		if i := strings.IndexByte(segment, ';'); i > 0 {
			segment = segment[:i]
		}
		dst = appendSegment(append(dst, '/'), segment)
	}
	if len(dst) == root {
		dst = append(dst, '/')
	}
	return dst
}

func appendSegment(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c, encoded := s[i], false
		if c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			c, encoded = byte(unhex(s[i+1])<<4|unhex(s[i+2])), true
			i += 2
		}
		if isTokenByte(c) || c == '.' || c == '~' || !encoded && strings.IndexByte("!$&'()*+,;=:@", c) >= 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

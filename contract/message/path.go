package message

import (
	"fmt"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

// segment is what stands between two slashes of a path's template: literals with
// a parameter between each two of them.
type segment struct {
	literals []string // decoded
	params   []*param
}

// segments reads a template such as "/products/{id}.json". A brace that does not
// close is a literal.
func segments(path string, params map[string]*param) []segment {
	var all []segment
	for _, text := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		var s segment
		for {
			before, rest, ok := strings.Cut(text, "{")
			name, after, closed := strings.Cut(rest, "}")
			if !ok || !closed {
				s.literals = append(s.literals, decoded(text))
				break
			}
			p := params[name]
			if p == nil {
				p = undeclared("path", name)
			}
			s.literals, s.params = append(s.literals, decoded(before)), append(s.params, p)
			text = after
		}
		all = append(all, s)
	}
	return all
}

// decoded undoes the percent-encoding of a document's own texts.
func decoded(s string) string {
	if d, err := percent.unescape(s); err == nil {
		return d
	}
	return s
}

// path writes the path with its parameters, the first base path before it.
func (w *writer) path(p *plan, values map[string]any) error {
	w.buf = append(w.buf, p.base...)
	for i := range p.path {
		w.buf = append(w.buf, '/')
		if err := w.segment(&p.path[i], values); err != nil {
			return err
		}
	}
	for name := range values {
		if !p.inPath(name) {
			return Problem{contract.At("path", name), fmt.Errorf("%w: the path has no such parameter", ErrUndeclared)}
		}
	}
	return nil
}

func (p *plan) inPath(name string) bool {
	for i := range p.path {
		for _, param := range p.path[i].params {
			if param.Name == name {
				return true
			}
		}
	}
	return false
}

func (w *writer) segment(s *segment, values map[string]any) error {
	start := len(w.buf)
	w.buf = appendEscaped(w.buf, s.literals[0], literal)
	var written []string
	for i, p := range s.params {
		from := len(w.buf)
		if err := w.pathValue(p, values); err != nil {
			return Problem{contract.At("path", p.Name), err}
		}
		if len(s.params) > 1 {
			written = append(written, string(w.buf[from:]))
		}
		w.buf = appendEscaped(w.buf, s.literals[i+1], literal)
	}
	if len(s.params) == 0 {
		return nil
	}
	w.undot(start)
	return w.told(s, start, written)
}

func (w *writer) pathValue(p *param, values map[string]any) error {
	v, ok := values[p.Name]
	if !ok {
		return fmt.Errorf("%w: the path cannot be without its parameter", ErrNoForm)
	}
	from := len(w.buf)
	if err := w.checked(p, v); err != nil {
		return err
	}
	if len(w.buf) == from {
		return noForm("an empty segment would be another path")
	}
	return nil
}

// undot encodes a segment of dots, which would be taken out of the path as
// relative (RFC 3986 section 5.2.4).
func (w *writer) undot(start int) {
	switch string(w.buf[start:]) {
	case ".":
		w.buf = append(w.buf[:start], "%2E"...)
	case "..":
		w.buf = append(w.buf[:start], "%2E%2E"...)
	}
}

// told reports that the parameters of one segment would be read with other
// borders than they were written with.
func (w *writer) told(s *segment, start int, written []string) error {
	if len(s.params) < 2 {
		return nil
	}
	raw, ok := s.split(string(w.buf[start:]))
	for i, p := range s.params {
		if !ok || raw[i] != written[i] {
			return Problem{contract.At("path", p.Name), noForm("it cannot be told from what stands beside it in the segment")}
		}
	}
	return nil
}

// split takes the undecoded values of the parameters out of a segment, each at
// least one character long, the first ones as short as they can be.
func (s *segment) split(text string) ([]string, bool) {
	last := len(s.literals) - 1
	if last == 0 {
		return nil, decoded(text) == s.literals[0]
	}
	text, ok := cutPrefix(text, s.literals[0])
	if !ok {
		return nil, false
	}
	values := make([]string, 0, last)
	for _, l := range s.literals[1:last] {
		if text == "" {
			return nil, false
		}
		i, size := find(text[1:], l)
		if i < 0 {
			return nil, false
		}
		values = append(values, text[:1+i])
		text = text[1+i+size:]
	}
	text, ok = cutSuffix(text, s.literals[last])
	return append(values, text), ok && text != ""
}

// forms are the two ways in which a literal may stand on the wire.
func forms(l string) [2]string { return [2]string{string(appendEscaped(nil, l, literal)), l} }

func cutPrefix(text, l string) (string, bool) {
	for _, f := range forms(l) {
		if rest, ok := strings.CutPrefix(text, f); ok {
			return rest, true
		}
	}
	return text, false
}

func cutSuffix(text, l string) (string, bool) {
	for _, f := range forms(l) {
		if rest, ok := strings.CutSuffix(text, f); ok {
			return rest, true
		}
	}
	return text, false
}

func find(text, l string) (at, size int) {
	for _, f := range forms(l) {
		if i := strings.Index(text, f); i >= 0 {
			return i, len(f)
		}
	}
	return -1, 0
}

// match takes the undecoded values of the parameters out of the path of a
// target, in the order in which they stand there. A base path may stand before.
func (p *plan) match(target string) ([]string, bool) {
	path := capture.PathOf(target)
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	parts := strings.Split(path[1:], "/")
	for _, base := range p.bases {
		if len(parts) > len(base) && fits(parts, base) {
			if values, ok := p.values(parts[len(base):]); ok {
				return values, true
			}
		}
	}
	if values, ok := p.values(parts); ok {
		return values, true
	}
	for _, base := range p.bases { // its variables may have other values than their defaults
		if len(parts) > len(base) {
			if values, ok := p.values(parts[len(base):]); ok {
				return values, true
			}
		}
	}
	return nil, false
}

// fits reports whether a path begins with a base path.
func fits(parts, base []string) bool {
	for i, b := range base {
		if decoded(parts[i]) != decoded(b) {
			return false
		}
	}
	return true
}

// values reads the segments; a slash at the end does not matter.
func (p *plan) values(parts []string) ([]string, bool) {
	n := len(p.path)
	switch {
	case len(parts) == n+1 && parts[n] == "":
	case len(parts) == n-1 && p.path[n-1].empty():
		n--
	case len(parts) != n:
		return nil, false
	}
	var values []string
	for i := range n {
		found, ok := p.path[i].split(parts[i])
		if !ok {
			return nil, false
		}
		values = append(values, found...)
	}
	return values, true
}

func (s *segment) empty() bool { return len(s.params) == 0 && s.literals[0] == "" }

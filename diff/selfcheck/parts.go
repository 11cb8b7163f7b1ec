package selfcheck

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"

	"twinspect.dev/diff/compare"
)

// parts changes the parts of a multipart body (RFC 2046 section 5.1), and the
// JSON or the text in them; it is false where it has none.
func (m *maker) parts(boundary string) bool {
	if boundary == "" {
		return false
	}
	c, x := newCursor(m.rng, m.folds), m.pieces()
	list := m.delimited("--" + boundary)
	for _, s := range list {
		head, _, found := bytes.Cut(m.body[s.start:s.end], []byte("\r\n\r\n"))
		if !found {
			continue
		}
		path := "$" + m.folds.name(partName(head), false) + anyStep
		x.offer(path, piece{whole: s, repeats: true})
		path += ".body"
		switch at := m.trimmed(span{s.start + len(head) + len("\r\n\r\n"), s.end}); {
		case at.start < at.end && (m.body[at.start] == '{' || m.body[at.start] == '[') && m.isJSON(at):
			c.text(m.body, at, path)
		case at.start < at.end && compare.IsText(m.body[at.start:at.end]):
			x.offer(path, piece{value: at})
		}
	}
	m.values(c)
	x.mutate()
	return len(list) > 0
}

// delimited returns the parts, each with the delimiter before it.
func (m *maker) delimited(delimiter string) (list []span) {
	for at := bytes.Index(m.body, []byte(delimiter)); at >= 0 && len(list) < maxSpans; {
		n := bytes.Index(m.body[at+len(delimiter):], []byte("\r\n"+delimiter))
		if n < 0 {
			break // the last one ends them all
		}
		next := at + len(delimiter) + n + len("\r\n")
		list = append(list, span{at, next})
		at = next
	}
	return list
}

// partName returns the name in the Content-Disposition of a part (RFC 7578).
func partName(head []byte) string {
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if textproto.CanonicalMIMEHeaderKey(name) != "Content-Disposition" {
			continue
		}
		if _, parameters, err := mime.ParseMediaType(strings.TrimSpace(value)); err == nil && parameters["name"] != "" {
			return parameters["name"]
		}
	}
	return "#parts"
}

package selfcheck

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"twinspect.dev/diff"
)

// isText reports whether a body is text by its bytes.
func isText(body []byte) bool {
	for _, b := range body {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			return false
		}
	}
	return utf8.Valid(body)
}

var asText = diff.Place{Part: diff.Body, Path: "text"}

// text changes a body of lines, or of markup: one character, and the lines.
func (m *maker) text(mediaType string) {
	m.oneOf(asText, contentOf(mediaType, m.body))
	lines := linesIn(m.body)
	if len(lines) < 2 {
		return
	}
	i := m.rng.IntN(len(lines) - 1)
	m.add(asText, Drop, edit{lines[i].start, lines[i].end, nil})
	m.add(asText, Repeat, edit{lines[i].start, lines[i].start, m.body[lines[i].start:lines[i].end]})
	x, y := m.body[lines[i].start:lines[i].end], m.body[lines[i+1].start:lines[i+1].end]
	if !bytes.Equal(x, y) && bytes.HasSuffix(y, []byte{'\n'}) {
		m.add(asText, Swap, edit{lines[i].start, lines[i].end, y}, edit{lines[i+1].start, lines[i+1].end, x})
	}
}

// bytes changes a character in a run of text, where a message such as one of
// protobuf has some, or any byte.
func (m *maker) bytes() {
	p := diff.Place{Part: diff.Body, Path: "bytes"}
	if m.oneOf(p, runs(m.body)) {
		return
	}
	at := m.rng.IntN(len(m.body))
	m.add(p, Character, edit{at, at + 1, []byte{m.body[at] ^ 1}})
}

// span is a part of a body.
type span struct{ start, end int }

// oneOf changes a character of one of the spans; it is false where none has a
// letter or a digit.
func (m *maker) oneOf(p diff.Place, spans []span) bool {
	if len(spans) == 0 {
		return false
	}
	first := m.rng.IntN(len(spans))
	for k := range spans {
		s := spans[(first+k)%len(spans)]
		if changed := m.character(m.body[s.start:s.end], nil); changed != nil {
			m.add(p, Character, edit{s.start, s.end, changed})
			return true
		}
	}
	return false
}

// maxSpans bounds the spans that are told apart.
const maxSpans = 1 << 14

func linesIn(body []byte) (list []span) {
	for at := 0; at < len(body) && len(list) < maxSpans; {
		n := bytes.IndexByte(body[at:], '\n') + 1
		if n == 0 {
			n = len(body) - at
		}
		list = append(list, span{at, at + n})
		at += n
	}
	return list
}

// contentOf returns what stands between the tags of markup, and the lines of any
// other text.
func contentOf(mediaType string, body []byte) (list []span) {
	mediaType = strings.ToLower(mediaType)
	if !strings.Contains(mediaType, "xml") && !strings.Contains(mediaType, "html") {
		return linesIn(body)
	}
	for at := 0; at < len(body) && len(list) < maxSpans; {
		open := bytes.IndexByte(body[at:], '<')
		if open < 0 {
			return append(list, span{at, len(body)})
		}
		if len(bytes.TrimSpace(body[at:at+open])) > 0 {
			list = append(list, span{at, at + open})
		}
		end := bytes.IndexByte(body[at+open:], '>')
		if end < 0 {
			return list
		}
		at += open + end + 1
	}
	return list
}

// minRun is how long a run of characters must be to look like text, as of
// strings(1).
const minRun = 4

func runs(body []byte) (list []span) {
	for at := 0; at < len(body) && len(list) < maxSpans; at++ {
		start := at
		for at < len(body) && body[at] >= ' ' && body[at] < 0x7f {
			at++
		}
		if at-start >= minRun {
			list = append(list, span{start, at})
		}
	}
	return list
}

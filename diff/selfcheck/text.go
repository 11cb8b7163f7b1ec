package selfcheck

import (
	"bytes"

	"twinspect.dev/diff"
)

var asText = diff.Place{Part: diff.Body, Path: "text"}

// text changes a body of lines: one character, and the lines.
func (m *maker) text() {
	lines := linesIn(m.body)
	m.oneOf(asText, lines)
	m.rows(asText, lines)
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

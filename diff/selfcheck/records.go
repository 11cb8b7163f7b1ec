package selfcheck

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/url"

	"twinspect.dev/diff"
)

var asRows = diff.Place{Part: diff.Body, Path: "$[*]"}

// lines changes JSON texts on a line each; it is false where there is another.
func (m *maker) lines() bool { return m.records(linesIn(m.body), byteOrderMark) }

const recordSeparator = 0x1e

// sequence changes JSON texts with a separator before each (RFC 7464).
func (m *maker) sequence() bool {
	var list []span
	for at := bytes.IndexByte(m.body, recordSeparator); at >= 0 && len(list) < maxSpans; {
		n := bytes.IndexByte(m.body[at+1:], recordSeparator)
		if n < 0 {
			list = append(list, span{at, len(m.body)})
			break
		}
		list = append(list, span{at, at + 1 + n})
		at += 1 + n
	}
	return m.records(list, []byte{recordSeparator})
}

// records changes the JSON texts in the spans, before which a prefix may stand.
func (m *maker) records(list []span, prefix []byte) bool {
	c := newCursor(m.rng, m.folds)
	var whole []span
	for _, s := range list {
		at := m.trimmed(span{s.end - len(bytes.TrimPrefix(m.body[s.start:s.end], prefix)), s.end})
		if at.start == at.end {
			continue
		}
		if !m.isJSON(at) {
			return false
		}
		c.text(m.body, at, asRows.Path)
		whole = append(whole, s)
	}
	if len(whole) == 0 {
		return false
	}
	m.rows(asRows, whole)
	m.values(c)
	return true
}

// trimmed returns a span without white space around.
func (m *maker) trimmed(s span) span {
	const space = " \t\r\n"
	s.start = s.end - len(bytes.TrimLeft(m.body[s.start:s.end], space))
	s.end = s.start + len(bytes.TrimRight(m.body[s.start:s.end], space))
	return s
}

// events changes server-sent events (WHATWG HTML, section 9.2): their fields, and
// the JSON in their data.
func (m *maker) events() bool {
	c, x := newCursor(m.rng, m.folds), m.pieces()
	var whole []span
	from, fields := 0, 0
	for _, line := range linesIn(m.body) {
		if at := m.trimmed(line); at.start < at.end {
			fields += m.event(c, x, line)
			continue
		}
		if fields > 0 {
			whole = append(whole, span{from, line.end})
		}
		from, fields = line.end, 0
	}
	m.rows(asRows, whole)
	m.values(c)
	x.mutate()
	return true
}

// event changes one field of an event; it returns 1 where it is one.
func (m *maker) event(c *cursor, x *pieces, line span) int {
	text := bytes.TrimRight(m.body[line.start:line.end], "\r\n")
	name, value, _ := bytes.Cut(text, []byte{':'})
	value = bytes.TrimPrefix(value, []byte{' '})
	end := line.start + len(text)
	at, path := span{end - len(value), end}, asRows.Path+"."+string(name)
	switch string(name) {
	case "data":
		if len(value) > 0 && (value[0] == '{' || value[0] == '[') && m.isJSON(at) {
			c.text(m.body, at, path)
			return 1
		}
	case "event", "id", "retry":
	default:
		return 0
	}
	x.offer(path, piece{value: at, whole: line})
	return 1
}

// form changes the fields of a form (WHATWG URL, section 5.1).
func (m *maker) form() bool {
	x, at := m.pieces(), 0
	pairs := bytes.SplitN(m.body, []byte{'&'}, maxSpans+1)
	pairs = pairs[:min(len(pairs), maxSpans)]
	names, distinct := make([]string, len(pairs)), make(map[string]bool)
	for i, pair := range pairs {
		names[i] = formName(pair)
		distinct[names[i]] = true
	}
	for i, pair := range pairs {
		_, value, _ := bytes.Cut(pair, []byte{'='})
		end := at + len(pair)
		whole := span{at, min(end+1, len(m.body))}
		if names[i] != "" {
			path := "$" + m.folds.name(names[i], len(distinct) > maxMembers) + anyStep
			x.offer(path, piece{value: span{end - len(value), end}, write: url.QueryEscape, whole: whole, repeats: end < len(m.body)})
		}
		at = end + 1
	}
	x.mutate()
	return true
}

func formName(pair []byte) string {
	name, _, _ := bytes.Cut(pair, []byte{'='})
	if plain, err := url.QueryUnescape(string(name)); err == nil {
		return plain
	}
	return string(name)
}

// table changes the cells of a table (RFC 4180), and its rows; it is false where
// the grammar is broken.
func (m *maker) table(header bool) bool {
	start := len(m.body) - len(bytes.TrimPrefix(m.body, byteOrderMark))
	r := csv.NewReader(bytes.NewReader(m.body[start:]))
	x, starts := m.pieces(), linesIn(m.body[start:])
	var steps []string
	var rows []span
	for len(rows) < maxSpans {
		from := start + int(r.InputOffset())
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false
		}
		if steps == nil {
			if steps = m.columns(record, header); header {
				continue
			}
		}
		rows = append(rows, span{from, start + int(r.InputOffset())})
		for i := range record {
			if line, column := r.FieldPos(i); line <= len(starts) {
				x.offer(asRows.Path+steps[i], piece{value: m.cell(start + starts[line-1].start + column - 1)})
			}
		}
	}
	m.rows(asRows, rows)
	x.mutate()
	return len(rows) > 0
}

// columns returns the steps of a table's columns.
func (m *maker) columns(names []string, header bool) []string {
	steps := make([]string, len(names))
	for i, name := range names {
		if steps[i] = anyStep; header {
			steps[i] = m.folds.name(name, len(names) > maxMembers)
		}
	}
	return steps
}

// cell returns the value of the cell that begins at a place, without its quotes.
func (m *maker) cell(at int) span {
	if at < len(m.body) && m.body[at] == '"' {
		for end := at + 1; end < len(m.body); end++ {
			switch {
			case m.body[end] != '"':
			case end+1 < len(m.body) && m.body[end+1] == '"':
				end++
			default:
				return span{at + 1, end}
			}
		}
	}
	n := bytes.IndexAny(m.body[at:], ",\r\n")
	if n < 0 {
		n = len(m.body) - at
	}
	return span{at, at + n}
}

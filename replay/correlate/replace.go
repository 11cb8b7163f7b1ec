package correlate

import (
	"net/url"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/replay"
)

// desk is what one goroutine needs to work on an exchange. It is used again.
type desk struct {
	side        *side
	uses, gives walker
	links       *links
	copied      uint64
	request     *capture.Request
	edits       []edit
	given       []gave
	pairs       []twins
}

func newDesk(s *side) *desk {
	d := &desk{side: s}
	d.uses.visit, d.gives.visit = d.use, d.give
	return d
}

// part says what an edit is of.
type part uint8

const (
	targetPart part = iota
	fieldPart
	bodyPart
)

// edit replaces what stands from start to end in a part of the request.
type edit struct {
	part              part
	field, start, end int
	text              string
}

// replace gives the request the side's values. The bytes around them stay as they
// are.
func (d *desk) replace(ask *replay.Ask, l *links) {
	d.links, d.copied, d.request, d.edits = l, ask.Copy, &ask.Request, d.edits[:0]
	d.uses.body, d.uses.sieve = nil, &l.op.used
	d.uses.request(&ask.Request, l.op.vars)
	if len(d.edits) > 0 && !apply(&ask.Request, d.edits, d.uses.body) {
		d.side.lost.Add(1)
	}
	d.links, d.request = nil, nil
}

func (d *desk) use(l *leaf) {
	if l.kind == Cookie && d.side.Correlator.jars {
		return // with the jar's
	}
	u := d.links.find(l.key, hashOf(l.text))
	if u == nil {
		return
	}
	text, t, ok := d.side.resolve(u, d.copied, l.text)
	if !ok || text == string(l.text) {
		return
	}
	raw, ok := encode(l, d.request.Header, text)
	if !ok { // it cannot stand there
		t.bound.Add(^uint64(0))
		t.differing.Add(^uint64(0))
		t.unbound.Add(1)
		return
	}
	d.edits = append(d.edits, edit{partOf(l.kind), l.field, l.start, l.end, raw})
}

func partOf(k Kind) part {
	switch k {
	case Path, Query:
		return targetPart
	case Header, Cookie:
		return fieldPart
	}
	return bodyPart
}

// encode writes text as the leaf is written, and reports whether it can stand
// there.
func encode(l *leaf, h capture.Header, text string) (string, bool) {
	switch l.kind {
	case Path:
		return url.PathEscape(text), true
	case Query, Form:
		return url.QueryEscape(text), true
	case Header:
		quoted := l.start > 0 && h[l.field].Value[l.start-1] == '"'
		return text, fieldText(text) && !(quoted && strings.Contains(text, `"`))
	case Cookie:
		return text, fieldText(text) && !strings.ContainsAny(text, "; ")
	}
	if !l.quoted && isNumber(text) {
		return text, true
	}
	return string(appendQuoted(nil, text)), true
}

// fieldText reports whether s may stand in a field (RFC 9110 section 5.5): an
// answer's body must not be able to end the field.
func fieldText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return strings.TrimSpace(s) == s && s != ""
}

// apply makes the edits, which are in the order of their places, in memory of
// its own. body is the request's, decoded; an encoded one is encoded again in the
// same way. It reports whether that worked.
func apply(r *capture.Request, edits []edit, body []byte) bool {
	whole := true
	for len(edits) > 0 {
		first := edits[0]
		n := slices.IndexFunc(edits, func(e edit) bool { return e.part != first.part || e.field != first.field && e.part == fieldPart })
		if n < 0 {
			n = len(edits)
		}
		switch first.part {
		case targetPart:
			r.Target = string(edited(nil, []byte(r.Target), edits[:n]))
		case fieldPart:
			setField(r, first.field, string(edited(nil, []byte(r.Header[first.field].Value), edits[:n])))
		case bodyPart:
			out := edited(make([]byte, 0, len(body)+64), body, edits[:n])
			encoded, err := coding.Encode(coding.Of(r.Header), out)
			if whole = err == nil; whole {
				r.Body, r.BodySize = encoded, int64(len(encoded))
			}
		}
		edits = edits[n:]
	}
	return whole
}

func edited(dst, src []byte, edits []edit) []byte {
	at := 0
	for _, e := range edits {
		dst = append(append(dst, src[at:e.start]...), e.text...)
		at = e.end
	}
	return append(dst, src[at:]...)
}

// setField sets a field's value in a header of the request's own.
func setField(r *capture.Request, i int, value string) {
	r.Header = slices.Clone(r.Header)
	r.Header[i].Value = value
}

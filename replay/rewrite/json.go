package rewrite

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"twinspect.dev/capture"
	"twinspect.dev/capture/jsonquery"
)

const (
	// maxDepth bounds the levels that a rule looks into; parsers of requests
	// refuse more.
	maxDepth = 512
	// maxLocated bounds the bodies that are decoded for a filter: decoded they
	// take ten times as much, for each request in flight.
	maxLocated = 4 << 20
)

// TooDeep: the body is nested deeper than 512 levels where a rule looks.
// TooLarge: a rule with a filter is for bodies of at most 4 MiB.
const (
	TooDeep  capture.Reason = "too-deep"
	TooLarge capture.Reason = "too-large"
)

// step leads from a value to one that it holds. It is decoded where a query
// needs the document.
type step = jsonquery.Step[[]byte]

// jsonEdit is one rule at work on one body.
type jsonEdit struct {
	query *jsonquery.Query
	alter *alter
	left  capture.Reason // why nothing was changed so far; "" where it was
	met   bool           // a value was selected
}

// settle takes what became of one more value that the rule selected.
func (e *jsonEdit) settle(left capture.Reason) {
	if !e.met || left == "" {
		e.left = left
	}
	e.met = true
}

var errTooDeep = errors.New("too deep")

// jsonWalker reads a JSON text once and notes what the edits make of it.
type jsonWalker struct {
	src     []byte
	dec     *jsontext.Decoder
	edits   []jsonEdit
	states  []uint64 // of each edit, for each level
	depth   int
	root    any // decoded where an edit needs it
	splices []splice
}

var decoders = sync.Pool{New: func() any {
	return jsontext.NewDecoder(bytes.NewBuffer(nil), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}}

// withDecoder calls f with a decoder of src that allows what servers do: repeated
// names, and text that is not UTF-8. It reports whether src is one JSON text.
func withDecoder(src []byte, f func(*jsontext.Decoder) error) error {
	dec := decoders.Get().(*jsontext.Decoder)
	dec.Reset(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	err := f(dec)
	if err == nil {
		if _, end := dec.ReadToken(); !errors.Is(end, io.EOF) {
			err = errors.New("text after the value")
		}
	}
	dec.Reset(bytes.NewBuffer(nil)) // lets go of src
	decoders.Put(dec)
	return err
}

// editJSON applies the edits to src in one pass and returns the new text, nil
// where nothing was changed. All else keeps its bytes: white space, the order of
// members, the digits of numbers. What became of each edit is in its left.
//
// The edits select on src as it is; those of the same value are applied in their
// order, and what lies in a value that is set or removed is covered by that.
func editJSON(src []byte, edits []jsonEdit) []byte {
	w := jsonWalker{src: src, edits: edits, states: make([]uint64, len(edits), 8*len(edits))}
	if reason := w.locate(); reason != "" {
		settleAll(edits, reason)
		return nil
	}
	for i := range edits {
		edits[i].left = Absent
		w.states[i] = 1
	}
	err := withDecoder(src, func(dec *jsontext.Decoder) error {
		w.dec = dec
		_, err := w.value(w.root)
		return err
	})
	switch {
	case errors.Is(err, errTooDeep):
		settleAll(edits, TooDeep)
		return nil
	case err != nil:
		settleAll(edits, NotJSON)
		return nil
	case len(w.splices) == 0:
		return nil
	}
	return apply(src, w.splices)
}

func settleAll(edits []jsonEdit, reason capture.Reason) {
	for i := range edits {
		edits[i].left = reason
	}
}

// locate decodes the document where an edit cannot do without.
func (w *jsonWalker) locate() capture.Reason {
	for i := range w.edits {
		if w.edits[i].query.Located() == nil {
			continue
		}
		if len(w.src) > maxLocated {
			return TooLarge
		}
		dec := json.NewDecoder(bytes.NewReader(w.src))
		dec.UseNumber()
		if dec.Decode(&w.root) != nil {
			return NotJSON
		}
		return ""
	}
	return ""
}

// here returns where the next token begins.
func (w *jsonWalker) here() int {
	i := int(w.dec.InputOffset())
	for i < len(w.src) && isPunct[w.src[i]] {
		i++
	}
	return i
}

var isPunct = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true}

// value reads the value whose states are on top, and reports whether a rule
// removes it.
func (w *jsonWalker) value(node any) (removed bool, err error) {
	states := w.top()
	waiting, selected := false, false
	for i, s := range states {
		end := w.edits[i].query.End()
		selected = selected || s&end != 0
		waiting = waiting || s&(end-1) != 0
	}
	if selected {
		done, removed, err := w.edit(waiting)
		if done || err != nil {
			return removed, err
		}
	}
	if !waiting {
		return false, w.dec.SkipValue()
	}
	if w.depth >= maxDepth {
		return false, errTooDeep
	}
	switch w.dec.PeekKind() {
	case '{':
		return false, w.object(node)
	case '[':
		return false, w.array(node)
	}
	return false, w.dec.SkipValue()
}

func (w *jsonWalker) top() []uint64 { return w.states[w.depth*len(w.edits):] }

// edit applies the edits that select the value. It is not done with the value
// where none of them could change it and others look inside.
func (w *jsonWalker) edit(waiting bool) (done, removed bool, err error) {
	if kind := w.dec.PeekKind(); waiting && (kind == '{' || kind == '[') && !w.replaces() {
		for i, s := range w.top() {
			if e := &w.edits[i]; s&e.query.End() != 0 {
				e.settle(NotText)
			}
		}
		return false, false, nil
	}
	from := w.here()
	raw, err := w.dec.ReadValue()
	if err != nil {
		return true, false, err
	}
	out, removed := w.rewrite(raw)
	if !removed && !bytes.Equal(out, raw) {
		w.splices = append(w.splices, splice{from, from + len(raw), out})
	}
	return true, removed, nil
}

// replaces reports whether an edit of the value sets or removes it.
func (w *jsonWalker) replaces() bool {
	for i, s := range w.top() {
		e := &w.edits[i]
		if s&e.query.End() != 0 && e.alter.match == nil {
			return true
		}
	}
	return false
}

func (w *jsonWalker) rewrite(raw []byte) (out []byte, removed bool) {
	out = raw
	for i, s := range w.top() {
		e := &w.edits[i]
		var left capture.Reason
		switch {
		case s&e.query.End() == 0:
			if holds := raw[0] == '{' || raw[0] == '['; holds && s != 0 && !e.met {
				e.left = Covered
			}
			continue
		case removed:
			left = Covered
		case e.alter.remove:
			removed = true
		default:
			out, left = e.alter.json(out)
		}
		e.settle(left)
	}
	return out, removed
}

// enter pushes the states of the value that the step leads to.
func (w *jsonWalker) enter(at *step) {
	n := len(w.edits)
	for i := range n {
		w.states = append(w.states, at.Advance(w.edits[i].query, w.states[w.depth*n+i]))
	}
	w.depth++
}

func (w *jsonWalker) leave() {
	w.states = w.states[:w.depth*len(w.edits)]
	w.depth--
}

func (w *jsonWalker) object(node any) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	m := members{w: w, pending: -1}
	for w.dec.PeekKind() != '}' {
		m.begin(w.here())
		raw, err := w.dec.ReadValue()
		if err != nil {
			return err
		}
		at := step{Name: unquote(raw), Index: jsonquery.Member, Parent: node, Root: w.root}
		if err := m.take(&at); err != nil {
			return err
		}
	}
	m.finish()
	_, err := w.dec.ReadToken()
	return err
}

func (w *jsonWalker) array(node any) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	m := members{w: w, pending: -1}
	for i := 0; w.dec.PeekKind() != ']'; i++ {
		if w.dec.PeekKind() == 0 {
			_, err := w.dec.ReadToken()
			return err
		}
		m.begin(w.here())
		at := step{Index: i, Parent: node, Root: w.root}
		if err := m.take(&at); err != nil {
			return err
		}
	}
	m.finish()
	_, err := w.dec.ReadToken()
	return err
}

// members walks the members of one object or array and cuts out those that are
// removed, each with one of the commas beside it.
type members struct {
	w       *jsonWalker
	from    int // where the member begins
	end     int // where the last one ended
	kept    bool
	pending int // where removed ones begin that have none kept before them, or -1
}

func (m *members) begin(from int) {
	m.from = from
	m.flush(from)
}

func (m *members) flush(to int) {
	if m.pending >= 0 {
		m.w.splices = append(m.w.splices, splice{from: m.pending, to: to})
		m.pending = -1
	}
}

func (m *members) take(at *step) error {
	w := m.w
	at.Node, _ = jsonquery.Child(at.Parent, at.Name, at.Index)
	w.enter(at)
	removed, err := w.value(at.Node)
	w.leave()
	if err != nil {
		return err
	}
	to := int(w.dec.InputOffset())
	switch {
	case !removed:
		m.kept = true
	case m.kept:
		w.splices = append(w.splices, splice{from: m.end, to: to})
	default:
		m.pending = m.from
	}
	m.end = to
	return nil
}

func (m *members) finish() { m.flush(m.end) }

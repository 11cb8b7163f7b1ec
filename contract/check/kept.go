package check

import (
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/pointer"
)

// kept: the fields that earlier steps sent, and that this answer has, have the
// values that were sent last. What the document says to be readOnly or writeOnly is
// left out. A value that is of another type in the answer is the schema's matter:
// a reference may be answered as what it refers to. Values are not normalised:
// other letters, or white space that is gone, are another value.
func (j *judge) kept(names string, o *contract.Observation) ([]mismatch, bool) {
	if !success(status(o)) {
		return nil, false
	}
	var from *contract.Observation
	var sent map[string]any
	var mediaType string
	for name := range strings.FieldsSeq(names) {
		if from = j.earlier(name); from == nil {
			return nil, false
		}
		more, of, ok := fields(from)
		if !ok {
			return nil, false
		}
		sent, mediaType = merged(sent, more), of
	}
	if from == nil {
		return nil, false
	}
	op := j.operation(o)
	value, ok := j.conformer.Value(op, &o.Exchange.Response)
	if !ok {
		return nil, false
	}
	w := keeping{name: strings.ReplaceAll(names, " ", ", ")}
	w.step(sent, value, "", "",
		j.conformer.RequestBody(j.operation(from), mediaType), j.conformer.ResponseBody(op, &o.Exchange.Response))
	return w.found, w.compared
}

// merged returns the members of both, of a member of both that of more; objects are
// merged as RFC 7396 says, but that null stays, as it was sent.
func merged(sent, more map[string]any) map[string]any {
	if sent == nil {
		return more
	}
	out := maps.Clone(sent)
	for name, v := range more {
		before, ok := out[name].(map[string]any)
		if after, both := v.(map[string]any); ok && both {
			out[name] = merged(before, after)
		} else {
			out[name] = v
		}
	}
	return out
}

// fields returns the object that a request had as its body.
func fields(o *contract.Observation) (map[string]any, string, bool) {
	b := o.Request.Body
	if b == nil || b.Raw != nil {
		return nil, "", false
	}
	object, ok := b.Value.(map[string]any)
	return object, b.MediaType, ok && len(object) > 0
}

// keeping compares what was sent with what is answered.
type keeping struct {
	name     string
	found    []mismatch
	compared bool
}

// step compares two objects, of which got may be an envelope.
func (w *keeping) step(sent map[string]any, got any, at, folded string, req, res conform.Cursor) {
	object, ok := got.(map[string]any)
	if !ok {
		return
	}
	if shared(sent, object) == 0 {
		if name, ok := envelope(sent, object); ok {
			below, _ := res.Member(name)
			at, folded = pointer.Join(at, name), pointer.Join(folded, name)
			w.object(sent, object[name].(map[string]any), at, folded, req, below)
		}
		return
	}
	w.object(sent, object, at, folded, req, res)
}

func shared(sent, got map[string]any) int {
	n := 0
	for name := range sent {
		if _, ok := got[name]; ok {
			n++
		}
	}
	return n
}

// envelope finds the member in which the resource lies, such as "data": the object
// that has most of the fields, alone.
func envelope(sent, got map[string]any) (string, bool) {
	best, name, tied := 0, "", false
	for candidate, v := range got {
		object, ok := v.(map[string]any)
		if !ok {
			continue
		}
		switch n := shared(sent, object); {
		case n > best:
			best, name, tied = n, candidate, false
		case n == best:
			tied = true
		}
	}
	return name, best > 0 && !tied
}

func (w *keeping) object(sent, got map[string]any, at, folded string, req, res conform.Cursor) {
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		v, ok := got[name]
		if !ok {
			continue
		}
		q, _ := req.Member(name)
		s, named := res.Member(name)
		if q.ReadOnly() || q.WriteOnly() || s.ReadOnly() || s.WriteOnly() {
			continue
		}
		w.value(sent[name], v, pointer.Join(at, name), join(folded, name, named), q, s)
	}
}

// join adds a member to a folded pointer.
func join(folded, name string, named bool) string {
	if !named {
		return folded + "/*"
	}
	return pointer.Join(folded, name)
}

func (w *keeping) value(sent, got any, at, folded string, req, res conform.Cursor) {
	switch s := sent.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			w.object(s, g, at, folded, req, res)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			w.array(s, g, at, folded, req, res)
			return
		}
	}
	switch {
	case sent == nil && got == nil:
		w.compared = true
	case sent == nil || got == nil:
		w.tell(at, folded)
	case kind(sent) != kind(got):
	default:
		w.compared = true
		if !equal(sent, got) {
			w.tell(at, folded)
		}
	}
}

func (w *keeping) array(sent, got []any, at, folded string, req, res conform.Cursor) {
	w.compared = true
	if len(sent) != len(got) {
		w.tell(at, folded)
		return
	}
	req, res = req.Element(), res.Element()
	for i := range sent {
		w.value(sent[i], got[i], pointer.Join(at, itoa(i)), folded+"/*", req, res)
	}
}

func (w *keeping) tell(at, folded string) {
	w.compared = true
	w.found = appendOnce(w.found, mismatch{at: contract.At("body", at), cause: "kept " + folded,
		message: "body " + at + " does not have the value that " + w.name + " sent"})
}

package check

import (
	"bytes"
	"maps"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/pointer"
)

// same: the answer is like that of an earlier step. Header fields are not
// compared, and of the bodies not what two reads of one resource may differ in:
// times, UUIDs and other long random texts. An answer without content, such as the
// second of two deletions, is like any.
func (j *judge) same(name string, o *contract.Observation) ([]mismatch, bool) {
	from := j.earlier(name)
	if from == nil || !success(status(from)) || !success(status(o)) {
		return nil, false
	}
	a, aOK := j.conformer.Value(j.operation(from), &from.Exchange.Response)
	b, bOK := j.conformer.Value(j.operation(o), &o.Exchange.Response)
	if aOK && bOK {
		w := likeness{name: name}
		w.value(a, b, "", "", j.conformer.ResponseBody(j.operation(o), &o.Exchange.Response))
		return w.found, true
	}
	x, y := j.conformer.Plain(&from.Exchange.Response), j.conformer.Plain(&o.Exchange.Response)
	if len(x) == 0 || len(y) == 0 {
		return nil, true
	}
	if bytes.Equal(x, y) {
		return nil, true
	}
	return []mismatch{{at: "body", cause: "same", message: "the body is another than that of " + name}}, true
}

// likeness compares two answers.
type likeness struct {
	name  string
	found []mismatch
}

func (w *likeness) value(a, b any, at, folded string, by conform.Cursor) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			w.object(x, y, at, folded, by)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			w.array(x, y, at, folded, by)
			return
		}
	}
	if !equal(a, b) && !volatile(a, b) {
		w.tell(at, folded, "is another")
	}
}

func (w *likeness) object(a, b map[string]any, at, folded string, by conform.Cursor) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		below, named := by.Member(name)
		v, ok := b[name]
		if !ok {
			w.tell(pointer.Join(at, name), join(folded, name, named), "is gone")
			continue
		}
		w.value(a[name], v, pointer.Join(at, name), join(folded, name, named), below)
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			_, named := by.Member(name)
			w.tell(pointer.Join(at, name), join(folded, name, named), "was not there")
		}
	}
}

func (w *likeness) array(a, b []any, at, folded string, by conform.Cursor) {
	if len(a) != len(b) {
		w.tell(at, folded, "has more or fewer elements")
		return
	}
	by = by.Element()
	for i := range a {
		w.value(a[i], b[i], pointer.Join(at, itoa(i)), folded+"/*", by)
	}
}

func (w *likeness) tell(at, folded, how string) {
	w.found = appendOnce(w.found, mismatch{at: contract.At("body", at), cause: "same " + folded,
		message: string(contract.At("body", at)) + " " + how + ", compared with the answer to " + w.name})
}

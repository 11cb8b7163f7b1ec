package contractfile

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

// counts reads how often what stands above was seen.
func (d *decoder) counts(n ast.Node) {
	f := d.Fields(n, "counts", "from", "to", "operations")
	c := &d.contract
	c.From, c.To = d.instant(f, "from"), d.instant(f, "to")
	if c.To.Before(c.From) {
		d.Errorf(rulefile.Start(n), "to is before from")
	}
	ops, ok := f["operations"]
	if !ok {
		return
	}
	for at, n := range d.members(ops.Value, "operations") {
		op := d.operations[at.Value]
		if op == nil {
			d.Errorf(at, "counts of an operation that does not stand above%s", rulefile.DidYouMean(at.Value, keys(d.operations)))
			continue
		}
		d.countOperation(op, n)
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (d *decoder) countOperation(op *operation, n ast.Node) {
	op.counted = true
	f := d.Fields(n, "the counts of an operation", "calls", "for", "request", "responses")
	op.Calls = d.count(f, "calls")
	if f, ok := f["for"]; ok {
		op.For = d.countBy(f)
		d.within(f.Key, "the calls in for", sum(op.For), "calls", op.Calls)
	}
	if f, ok := f["request"]; ok {
		d.countShapes(&op.request, f.Value, "request")
	}
	responses, ok := f["responses"]
	if !ok {
		return
	}
	var answered uint64
	for at, n := range d.members(responses.Value, "responses") {
		r := op.responses[at.Value]
		if r == nil {
			d.Errorf(at, "counts of a status that does not stand above")
			continue
		}
		r.counted = true
		f := d.Fields(n, "the counts of a response", "calls", "fields")
		r.Calls = d.count(f, "calls")
		answered = add(answered, r.Calls)
		if f, ok := f["fields"]; ok {
			d.countShapes(&r.fields, f.Value, "fields")
		}
	}
	d.within(responses.Key, "the calls in responses", answered, "calls", op.Calls)
}

func (d *decoder) countShapes(s *shapes, n ast.Node, what string) {
	for at, n := range d.members(n, what) {
		f := s.by[at.Value]
		if f == nil {
			d.Errorf(at, "counts of a field that does not stand above%s", rulefile.DidYouMean(at.Value, keys(s.by)))
			continue
		}
		f.counted = true
		d.countField(f, at, n)
	}
}

func (d *decoder) countField(out *field, at *token.Token, n ast.Node) {
	f := d.Fields(n, "the counts of a field", "seen", "of", "types", "values", "used", "present", "confidence", "evidence")
	out.Seen = d.count(f, "seen")
	if out.Of = out.Seen; f["of"].Value != nil {
		out.Of = d.count(f, "of")
	}
	d.within(at, "seen", out.Seen, "of", out.Of)
	if out.optional != out.Optional() {
		d.Errorf(at, "%d of %d contradicts line %d, which says whether it is optional", out.Seen, out.Of, out.at.Position.Line)
	}
	out.Types = d.countKeys(f, "types", out.types, out)
	if _, told := f["types"]; !told && len(out.types) == 1 {
		out.Types = map[string]uint64{out.types[0]: out.Seen}
	}
	d.within(at, "the types", sum(out.Types), "seen", out.Seen)
	out.Values = d.countKeys(f, "values", out.values, out)
	d.within(at, "the values", sum(out.Values), "seen", out.Seen)
	out.Usage.Calls, out.Usage.Of = d.count(f, "used"), d.count(f, "present")
	d.within(at, "used", out.Usage.Calls, "present", out.Usage.Of)
	if f, ok := f["confidence"]; ok {
		out.Usage.Confidence = d.probability(f)
	}
	d.evidence(out, f, at)
}

// countKeys reads counts by the words that the shape has.
func (d *decoder) countKeys(fields rulefile.Fields, name string, words []string, of *field) map[string]uint64 {
	f, ok := fields[name]
	if !ok {
		if len(words) > 0 && (name != "types" || len(words) > 1) {
			d.Errorf(rulefile.Start(fields["seen"].Value), "counts of the %s in line %d are missing", name, of.at.Position.Line)
		}
		return nil
	}
	by := d.countBy(f)
	if !slices.Equal(keys(by), slices.Sorted(slices.Values(words))) {
		d.Errorf(f.Key, "the %s are not those of line %d", name, of.at.Position.Line)
	}
	return by
}

func (d *decoder) evidence(out *field, fields rulefile.Fields, at *token.Token) {
	var items []ast.Node
	if f, ok := fields["evidence"]; ok {
		items = slices.Collect(d.Entries(f))
	}
	if len(items) != len(out.Usage.Evidence) {
		d.Errorf(at, "evidence for %d places, and line %d names %d", len(items), out.at.Position.Line, len(out.Usage.Evidence))
		return
	}
	for i, n := range items {
		f := d.Fields(n, "evidence", "matched", "chance", "samples")
		e := &out.Usage.Evidence[i]
		e.Matched, e.Chance, e.Samples = d.count(f, "matched"), d.count(f, "chance"), d.count(f, "samples")
		d.within(at, "matched", e.Matched, "samples", e.Samples)
		d.within(at, "chance", e.Chance, "samples", e.Samples)
	}
}

// count reads a number of things, 0 where it is left out.
func (d *decoder) count(fields rulefile.Fields, name string) uint64 {
	f, ok := fields[name]
	if !ok {
		return 0
	}
	return d.natural(f)
}

func (d *decoder) natural(f rulefile.Field) uint64 {
	s, _ := rulefile.TextOf(f.Value)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		d.Errorf(f.Key, "%q is a whole number from 0 on", shorten(f.Key.Value))
	}
	return n
}

func (d *decoder) countBy(f rulefile.Field) map[string]uint64 {
	by := map[string]uint64{}
	for at, n := range d.members(f.Value, f.Key.Value) {
		by[at.Value] = d.natural(rulefile.Field{Key: at, Value: n})
	}
	return by
}

func (d *decoder) probability(f rulefile.Field) float64 {
	s, _ := rulefile.TextOf(f.Value)
	p, err := strconv.ParseFloat(s, 64)
	if err != nil || !(p >= 0 && p <= 1) {
		d.Errorf(f.Key, "%s is a number from 0 to 1", f.Key.Value)
		return 0
	}
	return p
}

// within reports counts that contradict each other.
func (d *decoder) within(at *token.Token, part string, n uint64, whole string, of uint64) {
	if n > of {
		d.Errorf(at, "%s, %d, cannot be more than %s, %d", part, n, whole, of)
	}
}

func sum(by map[string]uint64) (n uint64) {
	for _, count := range by {
		n = add(n, count)
	}
	return n
}

// add stays at the greatest number rather than to begin again at 0.
func add(a, b uint64) uint64 {
	if a+b < a {
		return ^uint64(0)
	}
	return a + b
}

// finish puts what was read into the contract, and reports what was not counted.
func (d *decoder) finish() {
	for _, op := range d.order {
		if !op.counted {
			d.Errorf(op.at, "the operation has no counts")
		}
		op.Request = d.fields(&op.request)
		for _, r := range op.order {
			if !r.counted {
				d.Errorf(r.at, "the response has no counts")
			}
			r.Fields = d.fields(&r.fields)
			op.Responses = append(op.Responses, r.Answer)
		}
		slices.SortFunc(op.Responses, byStatus)
		d.contract.Interactions = append(d.contract.Interactions, op.Interaction)
	}
	slices.SortFunc(d.contract.Interactions, byOperation)
}

func byOperation(a, b contract.Interaction) int { return cmp.Compare(a.Operation, b.Operation) }

func byPlace(a, b contract.Field) int { return cmp.Compare(a.At, b.At) }

func byStatus(a, b contract.Answer) int { return cmp.Compare(a.Status, b.Status) }

func (d *decoder) fields(s *shapes) []contract.Field {
	var out []contract.Field
	for _, f := range s.order {
		if !f.counted {
			d.Errorf(f.at, "the field has no counts")
		}
		out = append(out, f.Field)
	}
	slices.SortFunc(out, byPlace)
	return out
}

package contractfile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/shape"
)

// Kind tells what has changed.
type Kind string

// The kinds.
const (
	OperationNew  Kind = "operation-new"
	OperationGone Kind = "operation-gone"
	StatusNew     Kind = "status-new"
	StatusGone    Kind = "status-gone"
	MediaType     Kind = "media-type"
	FieldNew      Kind = "field-new"
	FieldGone     Kind = "field-gone"
	NowOptional   Kind = "now-optional"
	NowAlways     Kind = "now-always"
	TypeChanged   Kind = "type-changed"
	ValueNew      Kind = "value-new"
	FormChanged   Kind = "form-changed"
	NowUsed       Kind = "now-used"
	NoLongerUsed  Kind = "no-longer-used"
)

// Change is one way in which a contract differs from an earlier one.
type Change struct {
	Kind Kind
	// Operation is the provider's; Status is 0 in a request; At is "" where it is
	// about a whole operation or response.
	Operation string
	Status    int
	At        contract.Place
	// Old and New say in a word or two what was and what is, "" for nothing.
	Old, New string
	// Text says it in a phrase.
	Text string
	// Thin says that the new contract has too few samples for what is missing in
	// it to be gone.
	Thin bool
}

// String tells where and what.
func (c Change) String() string { return c.where() + ": " + c.Text }

func (c Change) where() string {
	parts := []string{c.Operation}
	switch {
	case c.Status != 0:
		parts = append(parts, fmt.Sprint(c.Status))
	case c.At != "":
		parts = append(parts, "request")
	}
	if c.At != "" {
		parts = append(parts, string(c.At))
	}
	return strings.Join(parts, " ")
}

// enough is how many samples make what is missing in all of them worth calling
// gone: something that was in half of them would be missed by one in thirty times.
const enough = 5

// Drift tells how a contract differs from an earlier one of the same pair, sorted
// by operation, status and place. How often something was seen is no difference;
// what is missing in fewer than five samples is told as not seen.
func Drift(old, now *contract.Contract) []Change {
	var d drift
	total := uint64(0)
	for _, in := range now.Interactions {
		total = add(total, in.Calls)
	}
	for _, o := range old.Interactions {
		if n := interaction(now, o.Operation); n != nil {
			d.operation(&o, n)
		} else {
			d.gone(Change{Kind: OperationGone, Operation: o.Operation, Old: calls(o.Calls)}, "is no longer called in "+calls(total), "is not called in "+calls(total), total)
		}
	}
	for _, n := range now.Interactions {
		if interaction(old, n.Operation) == nil {
			d.add(Change{Kind: OperationNew, Operation: n.Operation, New: calls(n.Calls), Text: "is newly called: " + calls(n.Calls)})
		}
	}
	slices.SortStableFunc(d.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Status, b.Status), cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	return d.changes
}

func interaction(c *contract.Contract, operation string) *contract.Interaction {
	return find(c.Interactions, func(in contract.Interaction) bool { return in.Operation == operation })
}

type drift struct{ changes []Change }

func (d *drift) add(c Change) { d.changes = append(d.changes, c) }

// gone adds that something is missing in so many samples.
func (d *drift) gone(c Change, enoughText, thinText string, samples uint64) {
	c.Text = enoughText
	if samples < enough {
		c.Thin, c.Text = true, thinText
	}
	d.add(c)
}

func calls(n uint64) string {
	if n == 1 {
		return "1 call"
	}
	return grouped(n) + " calls"
}

// grouped writes a number with commas between thousands.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (d *drift) operation(o, n *contract.Interaction) {
	at := Change{Operation: o.Operation}
	d.fields(at, o.Request, n.Request, n.Calls)
	status := func(list []contract.Answer, status int) *contract.Answer {
		return find(list, func(r contract.Answer) bool { return r.Status == status })
	}
	for _, or := range o.Responses {
		at.Status = or.Status
		nr := status(n.Responses, or.Status)
		if nr == nil {
			c := at
			c.Kind, c.Old = StatusGone, calls(or.Calls)
			d.gone(c, "no longer comes in "+calls(n.Calls), "did not come in "+calls(n.Calls), n.Calls)
			continue
		}
		if or.MediaType != nr.MediaType {
			c := at
			c.Kind, c.Old, c.New = MediaType, cmp.Or(or.MediaType, "no body"), cmp.Or(nr.MediaType, "no body")
			c.Text = "is " + c.New + ", was " + c.Old
			d.add(c)
		}
		d.fields(at, or.Fields, nr.Fields, nr.Calls)
	}
	for _, nr := range n.Responses {
		if status(o.Responses, nr.Status) == nil {
			d.add(Change{Kind: StatusNew, Operation: o.Operation, Status: nr.Status, New: calls(nr.Calls), Text: "newly comes: " + calls(nr.Calls)})
		}
	}
}

// fields compares the fields of a request or of a response that was seen so often.
func (d *drift) fields(at Change, old, now []contract.Field, messages uint64) {
	was, is := present(old), present(now)
	for _, place := range slices.Sorted(maps.Keys(was)) {
		at.At = place
		o, n := was[place], is[place]
		if n != nil {
			d.field(at, o, n)
			continue
		}
		if holderGone(was, is, place) {
			continue
		}
		c := at
		c.Kind, c.Old = FieldGone, describe(o)
		samples, unit := holders(is, place, messages)
		d.gone(c, "is gone: it was not there in "+unit, "was not seen in "+unit, samples)
	}
	for _, place := range slices.Sorted(maps.Keys(is)) {
		if was[place] == nil {
			at.At = place
			c := at
			c.Kind, c.New = FieldNew, describe(is[place])
			c.Text = "is new: " + c.New
			d.add(c)
		}
	}
}

// present returns the fields that were seen.
func present(list []contract.Field) map[contract.Place]*contract.Field {
	out := make(map[contract.Place]*contract.Field, len(list))
	for i := range list {
		if list[i].Seen > 0 {
			out[list[i].At] = &list[i]
		}
	}
	return out
}

// holderGone reports whether what held a field is gone, too, which says enough.
func holderGone(was, is map[contract.Place]*contract.Field, place contract.Place) bool {
	up, _, ok := shape.Up(place)
	return ok && was[up] != nil && is[up] == nil
}

// holders counts how often a field could have been there, and tells it.
func holders(is map[contract.Place]*contract.Field, place contract.Place, messages uint64) (uint64, string) {
	up, _, ok := shape.Up(place)
	if !ok || is[up] == nil {
		return messages, calls(messages)
	}
	n := is[up].Types["object"] + is[up].Types["array"]
	return n, grouped(n) + " of " + string(up)
}

func describe(f *contract.Field) string {
	what := types(f)
	if f.Class != "" {
		what += " (" + f.Class + ")"
	}
	parts := []string{what, how(f)}
	if f.Usage.State == contract.Used {
		parts = append(parts, "used")
	}
	return strings.Join(parts, ", ")
}

// how tells how often a field is there.
func how(f *contract.Field) string {
	if !f.Optional() {
		return "always"
	}
	return fmt.Sprintf("in %s of %s", share(f.Seen, f.Of), grouped(f.Of))
}

// share is a percentage that is never rounded to none or to all.
func share(n, of uint64) string {
	p := 100 * float64(n) / float64(of)
	return fmt.Sprintf("%.0f %%", min(99, max(1, math.Round(p))))
}

// types names the types; an integer is a number, too.
func types(f *contract.Field) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f.Types)) {
		if name != "integer" || f.Types["number"] == 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

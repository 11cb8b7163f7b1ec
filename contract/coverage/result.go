package coverage

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/contract"
)

// Coverage returns what was reached so far, in the order of the document's
// operations. gaps tell why something was not.
func (m *Meter) Coverage(gaps []contract.Gap) contract.Coverage {
	byOperation := make(map[string][]contract.Gap)
	for _, g := range gaps {
		byOperation[g.Operation] = append(byOperation[g.Operation], g)
	}
	c := contract.Coverage{Operations: make([]contract.OperationCoverage, 0, len(m.doc.Operations))}
	for _, op := range m.doc.Operations {
		p := m.plan(op.Name)
		why := reasons{m.recorded, p.asked > 0, byOperation[op.Name]}
		o := contract.OperationCoverage{Operation: op.Name, Asked: p.asked, Items: make([]contract.CoverItem, 0, len(p.items))}
		for _, it := range ordered(p.items) {
			out := it.CoverItem
			if !out.Covered() && out.Why == "" {
				out.Why = why.of(it)
			}
			o.Items = append(o.Items, out)
		}
		o.Items = append(o.Items, p.fieldItems()...)
		c.Operations = append(c.Operations, o)
	}
	return c
}

// order is that of the parts.
var order = []string{
	partParameter, partBody, partKeyword, partValue, partBranch, partSecurity, partStatus, partMedia, partHeader, partLink,
}

// ordered puts the items of one part together, in the order of the document.
func ordered(items []*item) []*item {
	out := slices.Clone(items)
	slices.SortStableFunc(out, func(a, b *item) int {
		return cmp.Compare(slices.Index(order, a.Part), slices.Index(order, b.Part))
	})
	return out
}

// reasons knows why items of an operation were not covered.
type reasons struct {
	recorded, asked bool
	gaps            []contract.Gap
}

// of returns why an item was not covered, "" where that is not known.
func (w reasons) of(it *item) string {
	if why := w.gap(it); why != "" {
		return why
	}
	switch {
	case !w.asked && w.recorded:
		return "the recording has no request to the operation"
	case !w.asked:
		return "the operation was not asked"
	}
	switch it.Part {
	case partStatus, partMedia, partHeader:
		if w.recorded {
			return "no recorded answer has it"
		}
		return "the provider never answered it"
	}
	return ""
}

// gap finds the gap that tells most of an item: that of its place and rule, then
// that of its place, of a place around it, of the operation.
func (w reasons) gap(it *item) string {
	best, why := 0, ""
	at := fold(it.at)
	for i := range w.gaps {
		g := &w.gaps[i]
		if rank := rank(at, it, fold(g.At), g.Rule); rank > best {
			best, why = rank, g.Why
		}
	}
	return why
}

func rank(at string, it *item, gap string, rule contract.Rule) int {
	around := gap != "" && strings.HasPrefix(at, gap) && (len(at) == len(gap) || at[len(gap)] == '/' || at[len(gap)] == ' ')
	switch {
	case gap == at && rule == it.rule && (at != "" || rule != ""):
		return 4
	case rule != "" && rule != contract.RuleOrdinary:
		return 0
	case around && gap == at:
		return 3
	case around:
		return 2
	case gap == "":
		return 1
	}
	return 0
}

// fold writes a place with "*" for the elements of lists.
func fold(at contract.Place) string {
	tokens := strings.Split(string(at), "/")
	for i, token := range tokens[1:] {
		if _, ok := index(token); ok {
			tokens[i+1] = "*"
		}
	}
	return strings.Join(tokens, "/")
}

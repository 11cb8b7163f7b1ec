package report

import (
	"cmp"
	"slices"

	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// parts are the parts of a document in the order in which they are told, each in
// the words of a heading.
var parts = []struct{ Part, Title string }{
	{"parameter", "Parameters"},
	{"body", "Bodies"},
	{"security", "Security"},
	{"keyword", "Keywords"},
	{"status", "Statuses"},
	{"response-media-type", "Media types"},
	{"header", "Headers"},
}

// share counts the items of a part.
type share struct {
	// Items are those that the document has, Covered those of which everything was
	// done that can be; Positive and Negative those that were kept to and broken,
	// Breakable those that can be.
	Items, Covered, Positive, Negative, Breakable uint64
}

func (s *share) add(it *contract.CoverItem) {
	s.Items++
	if it.Covered() {
		s.Covered++
	}
	if it.Positive > 0 {
		s.Positive++
	}
	if it.CannotBreak {
		return
	}
	s.Breakable++
	if it.Negative > 0 {
		s.Negative++
	}
}

// partShare is the coverage of one part of the document.
type partShare struct {
	Part, Title string
	share
}

// byPart sums the coverage up by part; parts that the document does not have are
// left out, those that are not known come last.
func byPart(operations []contract.OperationCoverage) []partShare {
	shares := map[string]*share{}
	for i := range operations {
		for j := range operations[i].Items {
			it := &operations[i].Items[j]
			if shares[it.Part] == nil {
				shares[it.Part] = new(share)
			}
			shares[it.Part].add(it)
		}
	}
	var list []partShare
	for _, p := range parts {
		if s := shares[p.Part]; s != nil {
			list = append(list, partShare{p.Part, p.Title, *s})
			delete(shares, p.Part)
		}
	}
	known := len(list)
	for part, s := range shares {
		list = append(list, partShare{part, part, *s})
	}
	slices.SortFunc(list[known:], func(a, b partShare) int { return cmp.Compare(a.Part, b.Part) })
	return list
}

// lack is an item that is not covered.
type lack struct {
	Operation string
	contract.CoverItem
}

// lacks returns what is not covered, as the report has it.
func lacks(r *contract.Report) []lack {
	var list []lack
	for i := range r.Coverage.Operations {
		op := &r.Coverage.Operations[i]
		for j := range op.Items {
			if it := &op.Items[j]; !it.Covered() {
				list = append(list, lack{op.Operation, *it})
			}
		}
	}
	return list
}

// state names how far an item is covered.
func state(it *contract.CoverItem) string {
	switch {
	case it.Covered():
		return "covered"
	case it.Positive > 0:
		return "kept"
	case it.Negative > 0:
		return "broken"
	}
	return "open"
}

// missing says what was not done for an item.
func missing(it *contract.CoverItem) string {
	var s string
	switch state(it) {
	case "covered":
		return ""
	case "kept":
		s = "never broken"
	case "broken":
		s = "never kept"
	default:
		s = "not reached"
	}
	if it.Why != "" {
		s += ": " + look.Visible(it.Why)
	}
	return s
}

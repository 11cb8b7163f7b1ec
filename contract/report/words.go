package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/diff/report/look"
)

// meaning is a verdict in words.
type meaning struct {
	contract.Verdict
	Title, Text string
	Code        int
}

func meaningOf(v contract.Verdict) meaning {
	m := meaning{Verdict: v, Code: v.ExitCode()}
	switch v {
	case contract.Pass:
		m.Title, m.Text = "Pass", "every check that was made was kept"
	case contract.Fail:
		m.Title, m.Text = "Fail", "at least one check is broken"
	case contract.Interrupted:
		m.Title, m.Text = "Interrupted", "this report is partial"
	default:
		m.Verdict, m.Title, m.Text = contract.Inconclusive, "Inconclusive", "nothing is decided"
	}
	return m
}

// tally is what a report comes to.
type tally struct {
	Findings, Flaky              uint64
	Operations, Found            uint64 // Found have proven findings
	Asked                        uint64 // operations that were asked
	Made, Passed, Broken, NotRun uint64 // cases
	Covered, Half, Items         uint64 // of the document
	Rate                         float64
}

func tallyOf(r *contract.Report) tally {
	t := tally{Operations: uint64(len(r.Coverage.Operations))}
	found := map[string]bool{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Flaky {
			t.Flaky++
		} else {
			t.Findings++
			found[f.Operation] = true
		}
	}
	t.Found = uint64(len(found))
	for _, k := range r.Cases {
		t.Made += k.Made
		t.Passed += k.Passed
		t.Broken += k.Broken
		t.NotRun += sum(k.NotRun)
	}
	for i := range r.Coverage.Operations {
		op := &r.Coverage.Operations[i]
		if op.Asked > 0 {
			t.Asked++
		}
		for j := range op.Items {
			t.Items++
			switch it := &op.Items[j]; {
			case it.Covered():
				t.Covered++
			case it.Positive > 0 || it.Negative > 0:
				t.Half++
			}
		}
	}
	if s := r.Ended.Sub(r.Started).Seconds(); s > 0 {
		t.Rate = float64(r.Requests) / s
	}
	return t
}

// Says tells the findings in one phrase.
func (t *tally) Says() string {
	s := "no finding"
	if t.Findings > 0 {
		s = look.Plural(t.Findings, "finding") + " in " + look.Plural(t.Found, "operation")
	}
	if t.Flaky > 0 {
		s += ", " + look.Grouped(t.Flaky) + " flaky"
	}
	return s
}

// counted is a name with a number.
type counted struct {
	Reason string
	N      uint64
}

// ranked returns the counts, the greatest first.
func ranked[K ~string](counts map[K]uint64) []counted {
	list := make([]counted, 0, len(counts))
	for k, n := range maps.All(counts) {
		list = append(list, counted{string(k), n})
	}
	slices.SortFunc(list, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// listed names the counts, limit of them at most; 0 is all.
func listed(counts map[capture.Reason]uint64, limit int) string {
	list := ranked(counts)
	shown := list
	if limit > 0 {
		shown = list[:min(limit, len(list))]
	}
	parts := make([]string, 0, len(shown)+1)
	for _, c := range shown {
		parts = append(parts, look.Visible(c.Reason)+" "+look.Grouped(c.N))
	}
	if n := len(list) - len(shown); n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, ", ")
}

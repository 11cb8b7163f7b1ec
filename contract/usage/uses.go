package usage

import (
	"cmp"
	"slices"

	"twinspect.dev/contract"
)

// finding is what is known of one place.
type finding struct {
	used       bool
	confidence float64
	evidence   []weighed
	// calls counts those that are followed, by the operation of the consumer: by
	// the place that has the most of them.
	calls map[string]uint64
}

type weighed struct {
	contract.Evidence
	told float64
}

// uses tells what is known of every place of an origin.
func (f *Follower) uses(consumer string, o *origin) map[contract.Place]contract.Usage {
	j := f.judged[consumer]
	if j == nil {
		j = f.judge(consumer)
		if f.judged == nil {
			f.judged = make(map[string]*judgement)
		}
		f.judged[consumer] = j
	}
	for _, c := range o.choices {
		c.shrink(f.budget())
	}
	found := make(map[*spot]*finding, len(o.present))
	for at := range o.present {
		found[at] = &finding{calls: make(map[string]uint64)}
	}
	for i := range j.of[o] {
		o.add(found, &j.of[o][i])
	}
	for _, d := range o.decisions(j.sinks) {
		if f := found[d.field.at]; f != nil && d.told > 0 {
			f.decides(&d, o.present[d.field.at])
		}
	}
	raise(found)
	out := make(map[contract.Place]contract.Usage, len(found))
	for at, f := range found {
		out[at.place()] = f.usage(o.present[at])
	}
	return out
}

// add notes a candidate at its place and, where a whole subtree is passed on, at
// all that is in it.
func (o *origin) add(found map[*spot]*finding, c *candidate) {
	n := c.flow.pairs[c.key()].calls
	for at, f := range found {
		if at == c.from || c.told > 0 && c.from.branch && at.under(c.from) {
			f.add(c, min(n, o.present[at]))
		}
	}
}

func (f *finding) add(c *candidate, n uint64) {
	f.evidence = append(f.evidence, weighed{c.evidence(), c.told})
	if c.told == 0 {
		return
	}
	f.used = true
	f.confidence = max(f.confidence, c.told)
	f.calls[c.flow.context] = max(f.calls[c.flow.context], n)
}

func (f *finding) decides(d *decision, present uint64) {
	f.evidence = append(f.evidence, weighed{d.proof(), d.told})
	f.used = true
	f.confidence = max(f.confidence, d.told)
	f.calls[d.context] = max(f.calls[d.context], min(d.calls, present))
}

// raise makes the objects and arrays used in which something is.
func raise(found map[*spot]*finding) {
	for at, f := range found {
		if !f.used || at.branch {
			continue
		}
		for up := at.up; up != nil; up = up.up {
			g := found[up]
			if g == nil {
				continue
			}
			g.used = true
			g.confidence = max(g.confidence, f.confidence)
			for context, n := range f.calls {
				g.calls[context] = max(g.calls[context], n)
			}
		}
	}
}

func (f *finding) usage(of uint64) contract.Usage {
	u := contract.Usage{State: contract.Seen, Of: of, Confidence: f.confidence}
	if f.used {
		u.State = contract.Used
	}
	for _, n := range f.calls {
		u.Calls += n
	}
	u.Calls = min(u.Calls, of)
	slices.SortFunc(f.evidence, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.told, a.told), cmp.Compare(b.Matched, a.Matched), cmp.Compare(a.Into, b.Into), cmp.Compare(rank(a.How), rank(b.How)))
	})
	for _, e := range f.evidence[:min(len(f.evidence), MaxEvidence)] {
		u.Evidence = append(u.Evidence, e.Evidence)
	}
	return u
}

// rank is the order of the comparisons; that which is none of values is the last.
func rank(h contract.How) int {
	if i := slices.Index(hows[:], h); i >= 0 {
		return i
	}
	return len(hows)
}

package usage

import (
	"cmp"
	"math"
	"slices"

	"twinspect.dev/contract"
)

const (
	// maxChoices are the values of a field that is tested for deciding: more is no
	// enumeration. Beyond them its values are told apart by what they are alone.
	maxChoices = 8
	// maxRivals are the fields that are held against each other for one outcome.
	maxRivals = 16
)

// maxStrata are the values of two fields together, with 0.
const maxStrata = (maxChoices + 1) * (maxChoices + 1)

// evidence is the logarithm of the e-value that an outcome depends on a field, given
// what another field said; nil for none.
func (f *field) evidence(given *field, e *event) float64 {
	var cells [maxStrata][2]int
	var strata [maxChoices + 1][2]int
	for i, v := range f.values {
		if v < 0 || given != nil && given.values[i] < 0 {
			continue
		}
		b := 0
		if given != nil {
			b = int(given.values[i])
		}
		was := 0
		if e.was[i] {
			was = 1
		}
		cells[b*(maxChoices+1)+int(v)][was]++
		strata[b][was]++
	}
	sum := 0.0
	for _, n := range cells {
		sum += logJeffreys(n)
	}
	for _, n := range strata {
		sum -= logGreatest(n)
	}
	return sum
}

// logJeffreys is the likelihood of counts mixed over Jeffreys' prior.
func logJeffreys(n [2]int) float64 {
	if n[0]+n[1] == 0 {
		return 0
	}
	a, _ := math.Lgamma(float64(n[0]) + 0.5)
	b, _ := math.Lgamma(float64(n[1]) + 0.5)
	c, _ := math.Lgamma(float64(n[0]+n[1]) + 1)
	return a + b - c - math.Log(math.Pi)
}

// logGreatest is the greatest likelihood of counts.
func logGreatest(n [2]int) float64 {
	sum := 0.0
	for _, k := range n {
		if k > 0 {
			sum += float64(k) * math.Log(float64(k)/float64(n[0]+n[1]))
		}
	}
	return sum
}

// decision is a field on which an outcome seems to depend.
type decision struct {
	field  *field
	event  *event
	logE   float64
	told   float64
	shares int
	// context is the consumer's operation, calls how often it got the response there.
	context string
	calls   uint64
}

// decisions finds what the consumer's doing depends on.
func (o *origin) decisions(sinks map[string]bool) []decision {
	var all []decision
	tests := 0
	for _, context := range sortedKeys(o.choices) {
		c := o.choices[context]
		for _, c := range append(c.byItem(), c) {
			if len(c.samples) < 2 {
				continue
			}
			t := c.table(o.book, sinks)
			tests += len(t.fields) * len(t.outcomes)
			for i := range t.outcomes {
				all = append(all, t.decide(&t.outcomes[i], c)...)
			}
		}
	}
	logs := make([]float64, len(all))
	for i := range all {
		logs[i] = all[i].logE
	}
	for i, told := range confidences(logs, tests) {
		all[i].told = told / float64(all[i].shares)
	}
	return all
}

// decide lists the fields that an outcome depends on, without those that another
// explains.
func (t *table) decide(e *event, c *choices) []decision {
	var list []decision
	for i := range t.fields {
		f := &t.fields[i]
		if logE := f.evidence(nil, e); logE >= minLog {
			list = append(list, decision{field: f, event: e, logE: logE, shares: 1, context: c.context, calls: c.calls})
		}
	}
	slices.SortStableFunc(list, func(a, b decision) int { return cmp.Compare(b.logE, a.logE) })
	list = list[:min(len(list), maxRivals)]
	var out []decision
	for i, d := range list {
		keep := true
		for j, rival := range list {
			if i == j || d.field.evidence(rival.field, e) >= minLog {
				continue
			}
			switch {
			case rival.field.evidence(d.field, e) >= minLog, rival.field.rank < d.field.rank:
				keep = false
			case rival.field.rank == d.field.rank:
				d.shares++
			}
		}
		if keep && d.shares <= maxShares {
			out = append(out, d)
		}
	}
	return out
}

// proof counts the samples in which the field foretells what was, and those in
// which what is most frequent would.
func (d *decision) proof() contract.Evidence {
	var cells [maxChoices + 1][2]uint64
	var all [2]uint64
	for i, v := range d.field.values {
		if v < 0 {
			continue
		}
		was := 0
		if d.event.was[i] {
			was = 1
		}
		cells[v][was]++
		all[was]++
	}
	e := contract.Evidence{How: contract.Decides, Into: d.event.name, Chance: max(all[0], all[1]), Samples: all[0] + all[1]}
	for _, n := range cells {
		e.Matched += max(n[0], n[1])
	}
	return e
}

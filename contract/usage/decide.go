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

// The ways of an entry of a choice.
const (
	byValue way = iota
	byClass
)

// choices are the samples of what an origin gave and what the consumer did then,
// within one of its operations. Entries of what was given hold what a field said;
// those of what was sent, which outcome there was.
type choices struct {
	flow
	calls uint64
	names []string
	ids   map[string]uint32
}

// choice returns the choices within an operation of the consumer, nil where there
// are too many.
func (f *Follower) choice(o *origin, context string) *choices {
	c := o.choices[context]
	if c == nil && f.flows < maxFlows {
		f.flows++
		c = &choices{flow: flow{flowKey: flowKey{context: context}}, ids: make(map[string]uint32)}
		o.choices[context] = c
	}
	return c
}

// outcome returns the entry of an outcome, which there were too many of if false.
func (c *choices) outcome(name string) (entry, bool) {
	id, ok := c.ids[name]
	if !ok {
		if len(c.names) >= maxPlaces {
			return entry{}, false
		}
		id = uint32(len(c.names))
		c.ids[name] = id
		c.names = append(c.names, name)
	}
	return entry{at: id, hash: uint64(id)}, true
}

// stated appends what the fields of some values say: each by its value, and by what
// it is.
func stated(to []entry, values []value) []entry {
	for i := range values {
		v := &values[i]
		e := entry{at: v.at.id, way: byValue, hash: v.hash}
		if v.kind == tree {
			e.hash = uint64(tree)
			to = append(to, e)
			continue
		}
		to = append(to, e)
		e.way, e.hash = byClass, v.class()
		to = append(to, e)
	}
	return to
}

// class tells what a decision may ask of a value of which there are many.
func (v *value) class() uint64 {
	c := uint64(v.kind) << 8
	switch {
	case v.kind == boolean:
		return v.hash
	case v.kind == text && v.text == "":
		return c | 1
	case v.kind == number && v.dec.c == 0:
		return c | 2
	case v.kind == number && v.dec.c < 0:
		return c | 3
	}
	return c
}

// table is the choices' samples, by field and by outcome.
type table struct {
	fields   []field
	outcomes []event
}

// field says for each sample which of its values there was: 0 for none, -1 where
// what holds it was not there either.
type field struct {
	at     *spot
	values []int8
}

// event says for each sample whether an outcome was.
type event struct {
	name string
	was  []bool
}

func (c *choices) table(b *book) table {
	var t table
	for _, at := range b.spots {
		if at.branch {
			continue
		}
		if f := c.field(at); f.varies() {
			t.fields = append(t.fields, f)
		}
	}
	seen := make(map[string]bool)
	order := slices.Clone(c.names)
	slices.Sort(order)
	for _, name := range order {
		e, key := c.event(c.ids[name]), ""
		e.name = name
		for _, was := range e.was {
			if was == e.was[0] {
				key += "1"
			} else {
				key += "0"
			}
		}
		// What comes and goes with another outcome is the same decision.
		if !seen[key] && slices.Contains(e.was, !e.was[0]) {
			t.outcomes = append(t.outcomes, e)
		}
		seen[key] = true
	}
	slices.SortFunc(t.fields, func(a, b field) int { return cmp.Compare(a.at.place(), b.at.place()) })
	return t
}

// field reads a place by its values, or by what they are where there are many.
func (c *choices) field(at *spot) field {
	f := field{at: at, values: make([]int8, len(c.samples))}
	if !c.fill(&f, byValue) {
		c.fill(&f, byClass)
	}
	return f
}

// fill numbers what a place said; false where it said too much.
func (c *choices) fill(f *field, by way) bool {
	numbers := make(map[uint64]int8)
	for i := range c.samples {
		s := &c.samples[i]
		f.values[i] = 0
		list := part(s.given, f.at.id, by)
		if len(list) == 0 {
			if up := f.at.up; up.up != nil && len(part(s.given, up.id, byValue)) == 0 {
				f.values[i] = -1
			}
			continue
		}
		var h uint64
		for _, e := range list {
			h = join2(h, e.hash)
		}
		n, ok := numbers[h]
		if !ok {
			if len(numbers) >= maxChoices {
				return false
			}
			n = int8(len(numbers)) + 1
			numbers[h] = n
		}
		f.values[i] = n
	}
	return true
}

func (f *field) varies() bool {
	first := int8(-1)
	for _, v := range f.values {
		if first < 0 {
			first = v
		} else if v >= 0 && v != first {
			return true
		}
	}
	return false
}

func (c *choices) event(id uint32) event {
	e := event{was: make([]bool, len(c.samples))}
	for i := range c.samples {
		e.was[i] = len(part(c.samples[i].sent, id, 0)) > 0
	}
	return e
}

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
	shared bool
	// context is the consumer's operation, calls how often it got the response there.
	context string
	calls   uint64
}

// decisions finds what the consumer's doing depends on.
func (o *origin) decisions() []decision {
	var all []decision
	tests := 0
	for _, context := range sortedKeys(o.choices) {
		c := o.choices[context]
		if len(c.samples) < 2 {
			continue
		}
		t := c.table(o.book)
		tests += len(t.fields) * len(t.outcomes)
		for i := range t.outcomes {
			all = append(all, t.decide(&t.outcomes[i], c)...)
		}
	}
	logs := make([]float64, len(all))
	for i := range all {
		logs[i] = all[i].logE
	}
	for i, told := range confidences(logs, tests) {
		if all[i].told = told; all[i].shared {
			all[i].told /= 2
		}
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
			list = append(list, decision{field: f, event: e, logE: logE, context: c.context, calls: c.calls})
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
			if rival.field.evidence(d.field, e) >= minLog {
				keep = false
			} else {
				d.shared = true
			}
		}
		if keep {
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

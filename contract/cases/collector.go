package cases

import (
	"cmp"
	"fmt"
	"slices"

	"twinspect.dev/contract"
)

// rank is how early a case is taken where there are too many.
type rank int

const (
	rankWhole rank = iota // about the request as a whole, or a part of it being there
	rankFirst             // the first of a rule of a part, of either kind
	rankPair              // two parts together
	rankRest
)

// draft is what may become a case.
type draft struct {
	kind   contract.Kind
	rule   contract.Rule
	at     contract.Place
	source contract.Source
	why    string
	// name is the ID within the operation, before it is numbered.
	name    string
	rank    rank
	request contract.Request
	// trusted says that nothing is to be asked of the document: it was, or the
	// document says nothing of it.
	trusted bool
	// answer is what the document says of the request where it was asked already.
	answer *answer
}

// collector collects drafts and makes the best of them cases.
type collector struct {
	*plan
	slug   string
	names  map[string]int
	firsts map[string]bool
	drafts []draft
}

func newCollector(p *plan) *collector {
	return &collector{plan: p, slug: p.g.slug(p.op), names: map[string]int{}, firsts: map[string]bool{}}
}

// add takes a draft. Its number is given before it is known whether it becomes a
// case, so that an ID does not depend on the values of another case.
func (c *collector) add(d draft) {
	base := d.name
	for n := c.names[base] + 1; ; n++ {
		if c.names[base] = n; n > 1 {
			d.name = fmt.Sprintf("%s-%d", base, n)
		}
		if _, taken := c.names[d.name]; n == 1 || !taken {
			break
		}
	}
	c.names[d.name] = max(c.names[d.name], 1)
	key := string(d.kind) + "\x00" + string(d.at) + "\x00" + string(d.rule)
	if d.rank == rankRest && !c.firsts[key] {
		d.rank = rankFirst
	}
	c.firsts[key] = true
	c.drafts = append(c.drafts, d)
}

// result makes cases of the drafts, the most important ones first, until there are
// enough, and returns them in the order in which they were thought of.
func (c *collector) result(limit int) ([]contract.Case, []contract.Gap) {
	order := c.order()
	s := newSieve(c.plan)
	var kept []int
	for i, at := range order {
		if len(kept) == limit {
			c.gap("", "", fmt.Sprintf("%d further cases were thought of, but an operation gets %d at most", len(order)-i, limit))
			break
		}
		if s.passes(&c.drafts[at]) {
			kept = append(kept, at)
		}
	}
	slices.Sort(kept)
	cases := make([]contract.Case, len(kept))
	for i, at := range kept {
		cases[i] = c.finish(&c.drafts[at])
	}
	return cases, append(c.gaps, s.gaps(c.op.Name)...)
}

// order returns the drafts by their rank; within one, positive and negative ones
// take turns.
func (c *collector) order() []int {
	order := make([]int, len(c.drafts))
	turn := make([]int, len(c.drafts))
	seen := map[string]int{}
	for i, d := range c.drafts {
		key := fmt.Sprint(d.rank, d.kind)
		order[i], turn[i] = i, seen[key]
		seen[key]++
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.drafts[a].rank, c.drafts[b].rank), cmp.Compare(turn[a], turn[b]))
	})
	return order
}

// finish makes the case of a draft. What the setup supplies is left out, but where
// the case is about it.
func (c *collector) finish(d *draft) contract.Case {
	return c.plan.finish(d, c.slug+"/"+d.name)
}

func (p *plan) finish(d *draft, id string) contract.Case {
	r := d.request
	for _, at := range p.supplied {
		if at != d.at {
			r = without(r, at)
		}
	}
	return contract.Case{
		ID: id, Operation: p.op.Name, Kind: d.kind, Rule: d.rule, At: d.at, Source: d.source, Why: d.why,
		Steps: []contract.Step{{Name: "request", Operation: p.op.Name, Request: r}},
	}
}

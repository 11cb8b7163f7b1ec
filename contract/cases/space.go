package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pairwise"
	"twinspect.dev/contract/values"
)

const (
	// maxDimensions bounds the parts that are put together: some 30 parameters and as
	// many fields. Beyond, the rows grow little, but what they are made of does.
	maxDimensions = 64
	// maxLevels bounds the values of one part: absent, ordinary, two bounds, and two
	// more. Rows grow with its square.
	maxLevels = 6
	// maxRepairs bounds the tries to put two values together that a row could not
	// have: each costs a validation of the body.
	maxRepairs = 64
)

// dimension is a part of the request that may be at one of several levels, the
// ordinary one first.
type dimension struct {
	place  contract.Place
	part   *part // of a parameter
	at     string
	levels []values.Value
}

// space is all that may be combined in requests of an operation.
type space struct {
	*plan
	dimensions []dimension
	left       int // dimensions that are beyond the bound
}

func (p *plan) space() *space {
	s := &space{plan: p}
	for _, t := range p.params {
		if levels := p.choices(t); len(levels) > 1 {
			s.dimensions = append(s.dimensions, dimension{place: t.place, part: t, levels: levels})
		}
	}
	if p.ordinary.Body != nil && p.bodies[0].schema != nil {
		for _, d := range p.g.Values.Dimensions(p.bodies[0].schema) {
			place := contract.At("body", d.At)
			if len(d.Levels) > 1 && !slices.Contains(p.supplied, place) {
				s.dimensions = append(s.dimensions, dimension{place: place, at: d.At, levels: pick(d.Levels)})
			}
		}
	}
	if s.left = len(s.dimensions) - maxDimensions; s.left > 0 {
		s.dimensions = s.dimensions[:maxDimensions]
	}
	return s
}

// choices returns the levels of a parameter; one that is optional is absent in the
// ordinary request. What the setup supplies has none.
func (p *plan) choices(t *part) []values.Value {
	levels := t.valid
	switch {
	case t.supplied:
		return nil
	case !t.required:
		absent := values.Value{Absent: true, Rule: contract.RuleMinimal}
		levels = append([]values.Value{absent}, levels...)
	}
	return pick(levels)
}

// pick bounds levels: the first two, then the first of each rule, then what there
// is room for, in their order.
func pick(levels []values.Value) []values.Value {
	if len(levels) <= maxLevels {
		return levels
	}
	chosen, n := make([]bool, len(levels)), 0
	take := func(wanted func(i int) bool) {
		for i := range levels {
			if n < maxLevels && !chosen[i] && wanted(i) {
				chosen[i] = true
				n++
			}
		}
	}
	rules := map[contract.Rule]bool{}
	take(func(i int) bool {
		first := i < 2 || !rules[levels[i].Rule]
		rules[levels[i].Rule] = true
		return first
	})
	take(func(int) bool { return true })
	out := make([]values.Value, 0, n)
	for i, v := range levels {
		if chosen[i] {
			out = append(out, v)
		}
	}
	return out
}

// request returns the request with every dimension at a level. False says that the
// body has no valid value like that.
func (s *space) request(row []int) (contract.Request, bool) {
	r, fields := s.ordinary, map[string]values.Value{}
	for i, d := range s.dimensions {
		switch v := d.levels[row[i]]; {
		case row[i] == 0:
		case d.part == nil:
			fields[d.at] = v
		case v.Absent:
			r = without(r, d.place)
		default:
			r = with(r, d.place, v.Data)
		}
	}
	if len(fields) == 0 {
		return r, true
	}
	v, ok := s.g.Values.Compose(s.bodies[0].schema, fields)
	if !ok {
		return r, false
	}
	return withBody(r, s.bodies[0].media, v), true
}

// combination is a row of levels and the request that has them.
type combination struct {
	row     []int
	request contract.Request
}

// rows returns rows of levels that have a valid request, and how many pairs of
// levels are in none.
func (s *space) rows() (rows []combination, lost int) {
	var broken [][]int
	for _, row := range s.covering() {
		r, ok := s.request(row)
		if !ok {
			broken = append(broken, row)
			row = s.mend(row)
			r, _ = s.request(row)
		}
		rows = append(rows, combination{row, r})
	}
	repairs := 0
	for _, row := range broken {
		for a := range row {
			for b := range a {
				if stand(rows, a, b, row[a], row[b]) {
					continue
				}
				pair := make([]int, len(row))
				pair[a], pair[b] = row[a], row[b]
				if repairs++; repairs <= maxRepairs {
					if r, ok := s.request(pair); ok {
						rows = append(rows, combination{pair, r})
						continue
					}
				}
				lost++
			}
		}
	}
	return rows, lost
}

// mend puts as many fields of the body at their levels as are valid together.
func (s *space) mend(row []int) []int {
	mended := slices.Clone(row)
	for i, d := range s.dimensions {
		if d.part == nil {
			mended[i] = 0
		}
	}
	for i := range mended {
		if mended[i] == row[i] {
			continue
		}
		mended[i] = row[i]
		if _, ok := s.request(mended); !ok {
			mended[i] = 0
		}
	}
	return mended
}

// stand reports whether two levels stand together in a row.
func stand(rows []combination, a, b, i, j int) bool {
	return slices.ContainsFunc(rows, func(c combination) bool { return c.row[a] == i && c.row[b] == j })
}

// covering returns rows that cover all pairs. Many operations have the same
// numbers of levels, but for their order.
func (s *space) covering() [][]int {
	order := make([]int, len(s.dimensions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(len(s.dimensions[b].levels), len(s.dimensions[a].levels))
	})
	counts := make([]int, len(order))
	for i, d := range order {
		counts[i] = len(s.dimensions[d].levels)
	}
	sorted := s.g.covering(counts)
	rows := make([][]int, len(sorted))
	for r, row := range sorted {
		rows[r] = make([]int, len(row))
		for i, d := range order {
			rows[r][d] = row[i]
		}
	}
	return rows
}

// covering returns rows for numbers of levels, worked out once.
func (g *Generator) covering(counts []int) [][]int {
	key := fmt.Sprint(counts)
	find, ok := g.cover.Load(key)
	if !ok {
		find, _ = g.cover.LoadOrStore(key, sync.OnceValue(func() [][]int { return pairwise.Cover(counts) }))
	}
	return find.(func() [][]int)()
}

// names tells the parts of a row that are not ordinary, three of them by name.
func (s *space) names(row []int) string {
	const shown = 3
	var parts []string
	n := 0
	for i, level := range row {
		if level == 0 {
			continue
		}
		if n++; n <= shown {
			parts = append(parts, fmt.Sprintf("%s (%s)", s.dimensions[i].place, word(s.dimensions[i].levels[level])))
		}
	}
	switch {
	case n > shown:
		return fmt.Sprintf("%s and %d more", strings.Join(parts, ", "), n-shown)
	case n > 1:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// pairs collects requests in which every two levels stand together.
func (c *collector) pairs() {
	s := c.space()
	if len(s.dimensions) < 2 {
		return
	}
	rows, lost := s.rows()
	for i, row := range rows {
		c.add(draft{
			kind: contract.Positive, rule: contract.RulePairwise, source: contract.FromSchema, rank: rankPair,
			name: fmt.Sprintf("pairwise-%d", i+1), request: row.request,
			why: "These values are accepted together: " + s.names(row.row) + ".",
		})
	}
	if lost > 0 {
		c.gap("", contract.RulePairwise, fmt.Sprintf("%d pairs of values were found together in no valid request", lost))
	}
	if s.left > 0 {
		c.gap("", contract.RulePairwise, fmt.Sprintf("%d parts are not combined with others, as %d already are", s.left, maxDimensions))
	}
}

// word tells a level in a word.
func word(v values.Value) string {
	if v.Absent {
		return "absent"
	}
	return string(rule(v, contract.RuleOrdinary))
}

package selfcheck

import (
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
)

// Way is one way in which an answer may be changed.
type Way struct {
	diff.Place
	Mutation
}

// Changer changes answers, and remembers how each may be changed.
type Changer struct {
	tester tester
	lists  map[capture.ID][]mutation
}

// NewChanger returns a changer that reads no messages.
func NewChanger() *Changer { return &Changer{newTester(nil, nil), make(map[capture.ID][]mutation)} }

func (c *Changer) list(operation string, id capture.ID, r *capture.Response) []mutation {
	list, known := c.lists[id]
	if !known {
		list, _ = c.tester.mutations(operation, r, noise.Rank(string(id[:])), true)
		c.lists[id] = list
	}
	return list
}

// Ways returns the ways in which an answer may be changed.
func (c *Changer) Ways(operation string, id capture.ID, r *capture.Response) (ways []Way) {
	for _, m := range c.list(operation, id, r) {
		ways = append(ways, Way{m.place, m.name})
	}
	return ways
}

// Apply changes an answer in one way; it is false where that is not possible.
func (c *Changer) Apply(operation string, id capture.ID, r *capture.Response, w Way) (capture.Response, bool) {
	changed := *r
	for _, m := range c.list(operation, id, r) {
		if m.place == w.Place && m.name == w.Mutation {
			m.apply(&changed, nil)
			return changed, true
		}
	}
	return changed, false
}

// Foretold is what a checker says of one way in one operation.
type Foretold struct {
	Operation string
	Way
	Trials  uint64
	Outlook noise.Outlook
}

// Foretell returns what the report of c sums up.
func (c *Checker) Foretell(j *noise.Judged) (list []Foretold) {
	c.try()
	r := &reporter{judgement: judgementOf(j)}
	for _, name := range slices.Sorted(maps.Keys(c.operations)) {
		groups, tried := groupsOf(c.operations[name])
		for _, g := range groups {
			w := Way{g.place.place(), g.mutation}
			list = append(list, Foretold{name, w, g.trials, r.outlook(g, tried-g.untold)})
		}
	}
	return list
}

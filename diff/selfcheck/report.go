package selfcheck

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
)

// judgement is what the run knows of noise in the end.
type judgement struct {
	would func(diff.Cell, class.Set, float64) noise.Outlook
	// differs is the share of outcomes in which base differs from itself.
	differs map[diff.Cell]float64
}

func judgementOf(j *noise.Judged) judgement {
	known := judgement{would: j.Would, differs: make(map[diff.Cell]float64)}
	for i := range j.Differences {
		if d := &j.Differences[i]; d.N > 0 {
			known.differs[d.Cell] = float64(d.Control) / float64(d.N)
		}
	}
	return known
}

// maxBlind bounds the blind spots that are named.
const maxBlind = 50

// Report tries the answers that wait, as far as there is time, and judges all
// trials by what the ledger of the same outcomes says in the end. It may be
// called again after more was observed.
func (c *Checker) Report(j *noise.Judged) *diff.SelfCheck { return c.report(judgementOf(j)) }

func (c *Checker) report(j judgement) *diff.SelfCheck {
	c.try()
	r := &reporter{judgement: j, check: &diff.SelfCheck{MaxMissed: c.opt.MaxMissed, Untried: c.beyond}}
	if info := c.opt.Rules.Info(); info != nil {
		r.rules = filepath.Base(info.File)
	}
	for _, name := range slices.Sorted(maps.Keys(c.operations)) {
		r.operation(c.operations[name])
	}
	r.finish()
	return r.check
}

// reporter adds the operations up.
type reporter struct {
	judgement judgement
	rules     string // name of the file
	check     *diff.SelfCheck
}

// way is one change in all answers of the sample in which it is possible.
type way struct {
	place    Place
	mutation Mutation
}

// group is the trials of one way.
type group struct {
	way
	trials uint64
	// untold is how many answers had no room for this way, so that nothing is
	// known of them.
	untold uint64
	cells  map[diff.Cell]map[class.Set]uint64
	rules  map[int]bool
	equal  bool
}

// operation judges the trials of one operation.
func (r *reporter) operation(s *sample) {
	groups, tried := groupsOf(s)
	r.check.Answers += tried
	r.check.Untried += uint64(len(s.entries)) - tried
	if tried == 0 {
		return
	}
	sum := diff.SelfCheckOperation{Name: s.operation}
	spots := make(map[Place]*spot)
	for _, g := range groups {
		outlook := r.outlook(g, tried-g.untold)
		sum.Mutations += g.trials
		switch outlook {
		case noise.Proven:
			r.check.Proven += g.trials
		case noise.Suspected:
			r.check.Suspected += g.trials
		default:
			sum.Missed += g.trials
		}
		at := spots[g.place]
		if at == nil {
			at = &spot{by: make(map[string]bool)}
			spots[g.place] = at
		}
		at.tried += g.trials
		if outlook == noise.Missed {
			at.missed += g.trials
			at.mutations = append(at.mutations, string(g.mutation))
			r.blame(at.by, g)
		}
	}
	r.check.Mutations += sum.Mutations
	r.check.Missed += sum.Missed
	r.check.Operations = append(r.check.Operations, sum)
	r.blind(s.operation, spots)
}

// groupsOf returns the trials of an operation by way, in a fixed order, and how
// many answers were tried.
func groupsOf(s *sample) (list []*group, tried uint64) {
	groups := make(map[way]*group)
	for _, e := range s.entries {
		if e.untried || e.raw != nil {
			continue
		}
		tried++
		for i := range e.trials {
			t := &e.trials[i]
			g := groups[way{t.Place, t.Mutation}]
			if g == nil {
				g = &group{way: way{t.Place, t.Mutation}, cells: make(map[diff.Cell]map[class.Set]uint64), rules: make(map[int]bool)}
				groups[g.way] = g
			}
			g.add(s.operation, t)
		}
	}
	list = slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(a.place.compare(b.place), cmp.Compare(a.mutation, b.mutation))
	})
	for _, e := range s.entries {
		if e.skipped > 0 {
			e.leaveOut(groups)
		}
	}
	return list, tried
}

// leaveOut counts an answer as untold of for the ways that it may have skipped.
func (e *entry) leaveOut(groups map[way]*group) {
	has := make(map[way]bool, len(e.trials))
	for i := range e.trials {
		has[way{e.trials[i].Place, e.trials[i].Mutation}] = true
	}
	for w, g := range groups {
		if !has[w] {
			g.untold++
		}
	}
}

func (g *group) add(operation string, t *Trial) {
	g.trials++
	g.equal = g.equal || len(t.Rules)+len(t.Changes) == 0
	for _, line := range t.Rules {
		g.rules[line] = true
	}
	for _, ch := range t.Changes {
		cell := diff.Cell{Operation: operation, Place: ch.Place.place(), Kind: ch.Kind}
		if g.cells[cell] == nil {
			g.cells[cell] = make(map[class.Set]uint64)
		}
		g.cells[cell][ch.Values]++
	}
}

// outlook is the best outlook of the differences that the change gives.
func (r *reporter) outlook(g *group, answers uint64) noise.Outlook {
	best := noise.Missed
	for cell, sets := range g.cells {
		sum := uint64(0)
		for values, n := range sets {
			sum += n
			best = max(best, r.judgement.would(cell, values, float64(n)/float64(answers)))
		}
		if len(sets) > 1 { // of whatever class
			best = max(best, r.judgement.would(cell, class.All, float64(sum)/float64(answers)))
		}
		if best == noise.Proven {
			break
		}
	}
	return best
}

// blame notes what hid a change.
func (r *reporter) blame(by map[string]bool, g *group) {
	for line := range g.rules {
		by[fmt.Sprintf("%s:%d", r.rules, line)] = true
	}
	if g.equal {
		by["comparison"] = true
	}
	if len(g.cells) == 0 {
		return
	}
	share := 0.0
	for cell := range g.cells {
		share = max(share, r.judgement.differs[cell])
	}
	by[fmt.Sprintf("noise (base differs in %.0f %%)", 100*share)] = true
}

// spot is a place while its trials are added up.
type spot struct {
	tried, missed uint64
	mutations     []string
	by            map[string]bool
}

func (r *reporter) blind(operation string, spots map[Place]*spot) {
	for at, s := range spots {
		if s.missed > 0 {
			r.check.Blind = append(r.check.Blind, diff.BlindSpot{
				Operation: operation, Place: at.place(), Mutations: s.mutations,
				Tried: s.tried, Missed: s.missed, By: slices.Sorted(maps.Keys(s.by)),
			})
		}
	}
}

// finish puts the blind spots in order: the most missed first.
func (r *reporter) finish() {
	list := r.check.Blind
	slices.SortFunc(list, func(a, b diff.BlindSpot) int {
		return cmp.Or(
			cmp.Compare(b.Missed, a.Missed), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Part, b.Part), cmp.Compare(a.Path, b.Path),
		)
	})
	if len(list) > maxBlind {
		r.check.MoreBlind = uint64(len(list) - maxBlind)
		r.check.Blind = list[:maxBlind]
	}
}

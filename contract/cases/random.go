package cases

import (
	"fmt"
	"math/rand/v2"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

const (
	// together is how many parts a random case puts at other levels: two are covered
	// by the others, and few failures need more than three (Kuhn et al., 2004).
	together = 3
	// maxDraws bounds the tries for one random case: of three fields, seldom more than
	// half of the combinations are invalid.
	maxDraws = 16
)

// Random returns a further positive case: three parts at levels that are drawn, or
// a body that is. The same state of rng gives the same case. False says that none
// was found, which asking again may change only where there is something to draw.
func (g *Generator) Random(op *openapi.Operation, rng *rand.Rand) (contract.Case, bool) {
	s := g.drawable(op)
	if !s.sound {
		return contract.Case{}, false
	}
	for range maxDraws {
		r, why, ok := s.draw(rng)
		if !ok {
			continue
		}
		if a := s.ask(r); a.err == nil && len(a.found) == 0 {
			return s.plan.finish(&draft{
				kind: contract.Positive, rule: contract.RuleRandom, source: contract.FromSchema, why: why, request: r,
			}, fmt.Sprintf("%s/random-%016x", g.slug(op), a.key)), true
		}
	}
	return contract.Case{}, false
}

// drawable returns the space of an operation, made once.
func (g *Generator) drawable(op *openapi.Operation) *space {
	if s, ok := g.plans.Load(op); ok {
		return s.(*space)
	}
	p := g.plan(op)
	if p.sound {
		p.sift()
	}
	s := p.space()
	s.gaps, s.proof = nil, nil // Operation tells them; many goroutines draw
	known, _ := g.plans.LoadOrStore(op, s)
	return known.(*space)
}

// draw draws a request.
func (s *space) draw(rng *rand.Rand) (contract.Request, string, bool) {
	row := make([]int, len(s.dimensions))
	for range min(together, len(row)) {
		i := rng.IntN(len(row))
		row[i] = rng.IntN(len(s.dimensions[i].levels))
	}
	r, ok := s.request(row)
	if !ok {
		return r, "", false
	}
	const accepted = "Values that were drawn are accepted together: "
	if r.Body == nil || s.bodies[0].schema == nil || len(row) > 0 && rng.IntN(2) == 0 {
		return r, accepted + s.names(row) + ".", len(row) > 0
	}
	v, ok := s.g.Values.Random(s.bodies[0].schema, rng)
	return withBody(r, s.bodies[0].media, v), accepted + "the body and others.", ok
}

package sequence

import (
	"fmt"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// maxChain is how many requests may come before the one that they are for. Of
// the documents that are published, none nests what must be created deeper than
// 5; each one more multiplies the time of every case by it.
const maxChain = 6

// builder finds out what must be asked before what.
//
// An operation is ready when all it needs can be had from operations that are
// ready: the least fixed point of that is what can be tested, and what is left
// over needs itself.
type builder struct {
	ops      []*openapi.Operation
	byName   map[string]*openapi.Operation
	shapes   *shapes
	requests map[string]contract.Request // ordinary ones; none where none can be made
	names    map[string]string           // of steps, by operation
	index    *index
	links    map[string][]lead // by the operation that is led to
	wanted   map[string][]want
	choices  map[string][]choice
	chains   map[string][]*openapi.Operation // of those that are ready
	// dropped are the places of optional needs that nothing can be found for.
	dropped map[string][]contract.Place
	gaps    []contract.Gap
}

// want is a need with what may give it.
type want struct {
	need
	from []candidate
}

// choice is a need and what gives it.
type choice struct {
	need
	candidate
}

func newBuilder(ops []*openapi.Operation, node lookup, p *Planner) *builder {
	b := &builder{
		ops: ops, byName: make(map[string]*openapi.Operation), shapes: newShapes(node),
		requests: make(map[string]contract.Request), names: make(map[string]string),
		wanted: make(map[string][]want), choices: make(map[string][]choice),
		chains: make(map[string][]*openapi.Operation), dropped: make(map[string][]contract.Place),
	}
	used := make(map[string]int)
	for _, op := range ops {
		b.byName[op.Name] = op
		b.names[op.Name] = unique(used, slug(op))
		if p.Ordinary == nil {
			continue
		}
		if r, ok := p.Ordinary(op); ok {
			b.requests[op.Name] = r
		}
	}
	b.index = b.newIndex()
	b.links = b.newLinks(p.Recorded)
	for _, op := range ops {
		b.wanted[op.Name] = b.wants(op)
	}
	b.solve()
	b.explain()
	return b
}

// unique returns the name, with a number where it was given before.
func unique(used map[string]int, name string) string {
	used[name]++
	if n := used[name]; n > 1 {
		return unique(used, name+"-"+itoa(n))
	}
	return name
}

func (b *builder) wants(op *openapi.Operation) []want {
	var out []want
	for _, n := range b.needs(op) {
		w := want{n, b.candidates(op, n)}
		if len(w.from) == 0 && n.segment >= 0 {
			w.from = b.siblings(op, n, out)
			preferBoth(out, w.from)
		}
		if len(w.from) > 0 {
			out = append(out, w)
		} else if n.segment >= 0 && !b.given(op, n) {
			b.gaps = append(b.gaps, contract.Gap{Operation: op.Name, At: n.into, Rule: contract.RuleLifecycle,
				Why: fmt.Sprintf("no operation of the document answers with a value for %s: a made one is sent", n.into)})
		}
	}
	return out
}

// given reports whether the document itself shows a value for a parameter.
func (b *builder) given(op *openapi.Operation, n need) bool {
	return n.schema.shown || slices.ContainsFunc(op.Parameters, func(p *openapi.Parameter) bool {
		return p.Name == n.name && len(p.Examples) > 0
	})
}

// siblings are what gives another parameter of the path and tells this one beside
// it: the owner of a repository.
func (b *builder) siblings(op *openapi.Operation, n need, known []want) []candidate {
	var out []candidate
	n.beside = true
	for _, w := range known {
		for _, c := range w.from {
			if from, ok := b.gives(c.producer, n, c.class); ok && c.producer != op && from != "header Location" && from != c.from {
				out = append(out, candidate{c.producer, from, c.class, contract.FromInferred})
			}
		}
	}
	return out
}

// preferBoth puts what gives two needs before what gives one of them.
func preferBoth(known []want, both []candidate) {
	gives := func(c candidate) int {
		if slices.ContainsFunc(both, func(o candidate) bool { return o.producer == c.producer }) {
			return 0
		}
		return 1
	}
	for _, w := range known {
		if slices.ContainsFunc(w.from, func(c candidate) bool { return gives(c) == 0 }) {
			slices.SortStableFunc(w.from, func(a, b candidate) int {
				return gives(a) - gives(b)
			})
		}
	}
}

// solve goes for the surest producer of each need, whatever that one needs
// itself; where that goes round in a circle, for the next. What is left, for which
// the circles were too many or only without what is optional, goes by rounds.
func (b *builder) solve() {
	fuel := maxVisits + visitsEach*len(b.ops)
	for _, op := range b.ops {
		b.reach(op, nil, &fuel)
	}
	for c := range classes {
		for b.round(c, true) {
		}
	}
	for b.round(classes, false) {
	}
}

// The search for the surest takes two visits an operation where nothing goes in
// circles. Documents whose circles cost more than this many are left to the
// rounds, whose work is bounded by the number of operations squared.
const (
	maxVisits  = 1000
	visitsEach = 50
)

// reach makes an operation ready by the surest way that does not lead through
// those that wait for it.
func (b *builder) reach(op *openapi.Operation, waiting []*openapi.Operation, fuel *int) bool {
	if _, ready := b.chains[op.Name]; ready {
		return true
	}
	if *fuel--; *fuel < 0 || slices.Contains(waiting, op) || len(waiting) > maxChain {
		return false
	}
	waiting = append(slices.Clone(waiting), op)
	for _, every := range []bool{false, true} {
		b.reachAll(op, waiting, fuel, every)
		if s, ok := b.try(op, classes, true); ok {
			b.keep(s)
			return true
		}
	}
	return false
}

// reachAll makes ready what an operation needs: by the surest way, or by every
// way, where the surest is too long.
func (b *builder) reachAll(op *openapi.Operation, waiting []*openapi.Operation, fuel *int, every bool) {
	for _, w := range b.wanted[op.Name] {
		for _, c := range w.from {
			if !w.spare && b.usable(c.producer) && b.reach(c.producer, waiting, fuel) && !every {
				break
			}
		}
	}
}

func (b *builder) keep(s solution) {
	b.choices[s.op.Name], b.chains[s.op.Name], b.dropped[s.op.Name] = s.chosen, s.chain, s.dropped
}

// round makes ready what can be with candidates up to a class; it reports whether
// there was any. All of a round are tried before any of them is ready, so that
// the order of the paths does not choose.
func (b *builder) round(upTo class, all bool) bool {
	var found []solution
	for _, op := range b.ops {
		if _, ready := b.chains[op.Name]; ready {
			continue
		}
		if s, ok := b.try(op, upTo, all); ok {
			found = append(found, s)
		}
	}
	for _, s := range found {
		b.keep(s)
	}
	return len(found) > 0
}

// solution is how an operation comes by what it needs.
type solution struct {
	op      *openapi.Operation
	chosen  []choice
	chain   []*openapi.Operation
	dropped []contract.Place
}

// try chooses for every need of an operation what gives it; where all is false,
// optional ones may go without.
func (b *builder) try(op *openapi.Operation, upTo class, all bool) (solution, bool) {
	s := solution{op: op}
	for _, w := range b.wanted[op.Name] {
		c, ok := b.choose(w, s.chain, upTo)
		if !ok && !w.spare && (all || w.required) {
			return s, false
		}
		if !ok {
			s.dropped = append(s.dropped, w.into)
			continue
		}
		s.chosen = append(s.chosen, choice{w.need, c})
		s.chain = union(s.chain, append(slices.Clone(b.chains[c.producer.Name]), c.producer))
	}
	return s, len(s.chain) <= maxChain && !slices.Contains(s.chain, op)
}

// choose takes the surest candidate that is ready, or one that is asked anyway.
func (b *builder) choose(w want, chain []*openapi.Operation, upTo class) (candidate, bool) {
	best := -1
	for i, c := range w.from {
		if _, ready := b.chains[c.producer.Name]; !ready || c.class > upTo || !b.usable(c.producer) {
			continue
		}
		if slices.Contains(chain, c.producer) {
			return c, true
		}
		long := len(union(slices.Clone(chain), b.chains[c.producer.Name])) >= maxChain
		if best < 0 && !w.spare && !long {
			best = i
		}
	}
	if best < 0 {
		return candidate{}, false
	}
	return w.from[best], true
}

func (b *builder) usable(op *openapi.Operation) bool {
	_, ok := b.requests[op.Name]
	return ok
}

func union(a, more []*openapi.Operation) []*openapi.Operation {
	for _, op := range more {
		if !slices.Contains(a, op) {
			a = append(a, op)
		}
	}
	return a
}

// explain tells of every operation that is not ready why it is not.
func (b *builder) explain() {
	for _, op := range b.ops {
		if _, ready := b.chains[op.Name]; ready {
			continue
		}
		at, why := b.obstacle(op)
		b.gaps = append(b.gaps, contract.Gap{Operation: op.Name, At: at, Rule: contract.RuleLifecycle, Why: why})
	}
}

func (b *builder) obstacle(op *openapi.Operation) (contract.Place, string) {
	path := []string{op.Name}
	var at contract.Place
	for now := op; ; {
		next, place, ok := b.blocked(now)
		if at == "" {
			at = place
		}
		switch {
		case !ok:
			return at, fmt.Sprintf("more than %d requests would have to come before it", maxChain)
		case !b.usable(next):
			return at, fmt.Sprintf("no request can be made for %s, which gives %s", next.Name, place)
		case slices.Contains(path, next.Name):
			return at, "what it needs is needed for itself: " + strings.Join(append(path, next.Name), " needs ")
		}
		path = append(path, next.Name)
		now = next
	}
}

// blocked returns the likeliest producer of a need that keeps an operation from
// being ready.
func (b *builder) blocked(op *openapi.Operation) (*openapi.Operation, contract.Place, bool) {
	for _, w := range b.wanted[op.Name] {
		if _, ok := b.choose(w, nil, classes); ok || !w.required {
			continue
		}
		return w.from[0].producer, w.into, true
	}
	return nil, "", false
}

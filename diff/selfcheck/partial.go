package selfcheck

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/noise"
)

// Record is one answer of the sample in a [Partial], or, where Beyond is set,
// what belongs to none.
type Record struct {
	Operation noise.Text `json:"operation,omitempty"`
	Rank      uint64     `json:"rank,omitempty"`
	// Asked is when branch began to answer, in nanoseconds since 1970.
	Asked int64 `json:"asked,omitempty"`
	// Untried answers have no trials: there was no time, or no room.
	Untried bool `json:"untried,omitempty"`
	// Skipped is how many changes were not tried as there are too many.
	Skipped uint64  `json:"skipped,omitempty"`
	Trials  []Trial `json:"trials,omitempty"`
	// Beyond is how many answers came after as many operations as are told apart.
	Beyond uint64 `json:"beyond,omitempty"`
}

// Partial is what a [Checker] knows, to be stored and merged. It holds no values
// of answers. It is not changed by anything but Add and may be read by several
// goroutines.
type Partial struct {
	records []Record
	beyond  uint64
	seen    map[seenKey]bool
	held    int
}

type seenKey struct {
	operation noise.Text
	rank      uint64
}

// Partial tries the answers that wait, as far as there is time, and returns what
// is known then. It shares no memory with the checker that is changed later.
func (c *Checker) Partial() *Partial {
	c.try()
	p := &Partial{beyond: c.beyond}
	for _, name := range slices.Sorted(maps.Keys(c.operations)) {
		for _, e := range c.operations[name].entries {
			p.records = append(p.records, Record{
				Operation: noise.Text(name), Rank: e.rank, Asked: e.asked, Untried: e.untried, Skipped: e.skipped, Trials: e.trials,
			})
		}
	}
	return p
}

// Records yields the records of the partial. [Partial.Add] takes them in any
// order.
func (p *Partial) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		if p.beyond > 0 && !yield(Record{Beyond: p.beyond}) {
			return
		}
		for _, r := range p.records {
			if !yield(r) {
				return
			}
		}
	}
}

// Add appends a record. It returns an error, and adds nothing, where the record
// cannot come from a checker.
func (p *Partial) Add(r Record) error {
	if r.Beyond > 0 {
		if r.Operation != "" || r.Rank != 0 || r.Asked != 0 || r.Untried || r.Skipped > 0 || len(r.Trials) > 0 || p.beyond > 0 || r.Beyond > noise.MaxCount {
			return errors.New("a wrong or a second record of what is beyond limits")
		}
		p.beyond = r.Beyond
		return nil
	}
	key := seenKey{r.Operation, r.Rank}
	if p.seen[key] {
		return fmt.Errorf("operation %.80q: the same answer twice", r.Operation)
	}
	held := heldBy(r.Trials)
	if p.held+held > maxHeld || len(p.seen) >= maxOperations*maxPerOperation {
		return fmt.Errorf("trials of more than %d bytes, or more than %d answers", maxHeld, maxOperations*maxPerOperation)
	}
	if err := r.check(); err != nil {
		return fmt.Errorf("operation %.80q: %w", r.Operation, err)
	}
	if p.seen == nil {
		p.seen = make(map[seenKey]bool)
	}
	p.seen[key] = true
	p.held += held
	p.records = append(p.records, r)
	return nil
}

func (r *Record) check() error {
	switch {
	case r.Skipped > noise.MaxCount:
		return fmt.Errorf("count %d is beyond %d", r.Skipped, uint64(noise.MaxCount))
	case r.Untried && (r.Skipped > 0 || len(r.Trials) > 0):
		return errors.New("trials of what was not tried")
	case len(r.Trials) > maxPerAnswer:
		return fmt.Errorf("more than %d trials", maxPerAnswer)
	}
	type name struct {
		Place
		Mutation
	}
	seen := make(map[name]bool, len(r.Trials))
	bytes := 0
	for i := range r.Trials {
		t := &r.Trials[i]
		if err := t.check(); err != nil {
			return err
		}
		if seen[name{t.Place, t.Mutation}] {
			return fmt.Errorf("%.80q at %.80q twice", t.Mutation, t.Place.Path)
		}
		seen[name{t.Place, t.Mutation}] = true
		if bytes += t.pathBytes(); bytes > maxPathBytes {
			return fmt.Errorf("paths of more than %d bytes", maxPathBytes)
		}
	}
	return nil
}

func (t *Trial) check() error {
	switch {
	case !slices.Contains(known, t.Mutation):
		return fmt.Errorf("unknown mutation %.40q", t.Mutation)
	case len(t.Changes) > maxChanges || len(t.Rules) > maxRules:
		return fmt.Errorf("more than %d differences, or %d rules", maxChanges, maxRules)
	case len(t.Changes) > 0 && len(t.Rules) > 0:
		return errors.New("a change that is hidden and told of")
	case !slices.IsSorted(t.Rules) || len(t.Rules) > 0 && (t.Rules[0] < 1 || t.Rules[len(t.Rules)-1] > maxLine):
		return errors.New("no lines of rules")
	}
	for i := range t.Changes {
		c := &t.Changes[i]
		if err := c.Place.check(); err != nil {
			return err
		}
		if !slices.Contains(kinds, c.Kind) || c.Values&^class.All != 0 || !c.Values.Has(class.Any) {
			return errors.New("a difference that no comparison gives")
		}
	}
	return t.Place.check()
}

// maxLine bounds the lines of a rule file: it has 1 MiB.
const maxLine = 1 << 20

var (
	parts = []diff.Part{diff.Status, diff.Header, diff.Trailer, diff.Body}
	kinds = []diff.Kind{
		diff.Changed, diff.Retyped, diff.Removed, diff.Added, diff.Reordered, diff.Class, diff.Malformed, diff.Moved, diff.Repeated,
	}
)

func (p Place) check() error {
	if !slices.Contains(parts, p.Part) || len(p.Path) > maxPath {
		return fmt.Errorf("no place: %.40q", p.Part)
	}
	return nil
}

// Merge takes what p holds, as if its outcomes had been observed here. An
// operation is counted under the name that rename gives it; nil changes none.
//
// The outcomes of a run may be observed by any number of checkers and their
// partials be merged in any order: the report is that of one which observed all,
// as long as the budget is not spent and no limit is reached. What was not tried
// in time is counted.
func (c *Checker) Merge(p *Partial, rename func(operation string) string) {
	c.beyond += p.beyond
	for i := range p.records {
		r := &p.records[i]
		name := string(r.Operation)
		if rename != nil {
			name = rename(name)
		}
		s := c.sample(name)
		if s == nil {
			c.beyond++
			continue
		}
		if s.wants(r.Rank, r.Asked, c.opt.PerOperation) {
			c.enter(s, c.entryOf(r))
		}
	}
}

func (c *Checker) entryOf(r *Record) *entry {
	e := &entry{rank: r.Rank, asked: r.Asked, untried: true}
	if c.held+heldBy(r.Trials) <= maxHeld {
		e.untried, e.skipped, e.trials = r.Untried, r.Skipped, r.Trials
	}
	return e
}

func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Part, o.Part), cmp.Compare(p.Path, o.Path))
}

// Package explore decides which cases are asked first, and with a limited time,
// which at all: where failures are likely.
//
// Cases of one operation are taken in turn from each rule, so that every rule is
// tried early. Operations are taken by an upper confidence bound on how often a
// case of theirs shows something new (UCB1: Auer, Cesa-Bianchi, Fischer,
// Finite-time Analysis of the Multiarmed Bandit Problem, 2002): one that fails, or
// answers in shapes not seen before, gets more of the time, and none is forgotten.
package explore

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"twinspect.dev/contract"
)

// turn is how many cases an operation is asked at least before the next is chosen:
// few, so that each rule of each operation is tried early.
const turn = 4

// turnOf is the turn of an operation. Where there are more cases than can be held,
// it is an eighth of them: they are then made again no more than some eight times.
func (p *Plan) turnOf(cases int) int {
	if !p.crowded {
		return turn
	}
	return max(turn, cases/8)
}

// maxHeld bounds the cases that are held in memory, of about a kilobyte each;
// those of an operation that is dropped are made again when its turn comes.
const maxHeld = 50_000

// Plan gives out cases. Cases is called from one goroutine, Heard may be called at
// the same time from others.
type Plan struct {
	// Operations are the names of what is asked, Make gives the cases of one, always
	// the same.
	Operations []string
	Make       func(operation string) ([]contract.Case, error)
	// Random gives a further case of an operation once all are asked; nil, or a
	// zero Until, ends there.
	Random func(operation string, rng *rand.Rand) (contract.Case, bool)
	Seed   uint64
	// Until is when no more is given out; zero is when there are no more.
	Until time.Time
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu     sync.Mutex
	arms   map[string]*arm
	total  uint64
	held   int
	recent []*arm // that hold cases, the least recently used first
	// crowded says that there were more cases than are held.
	crowded bool
}

// arm is what is known of one operation.
type arm struct {
	name  string
	cases []contract.Case // nil where they are not held
	next  int
	done  bool // all cases are given out, and no random ones can be made
	spent bool // all cases are given out

	given, heard, news uint64
}

// Cases gives out the cases, and ends at Until. After an error there are no more.
func (p *Plan) Cases() iter.Seq2[contract.Case, error] {
	if p.Now == nil {
		p.Now = time.Now
	}
	p.mu.Lock()
	p.arms = make(map[string]*arm, len(p.Operations))
	for _, name := range p.Operations {
		p.arms[name] = &arm{name: name}
	}
	p.mu.Unlock()
	return func(yield func(contract.Case, error) bool) {
		rng := rand.New(rand.NewPCG(p.Seed, 0x7477696e)) // a stream of its own beside those of values
		for {
			a := p.choose()
			if a == nil {
				return
			}
			if ok := p.give(a, rng, yield); !ok || p.over() {
				return
			}
		}
	}
}

// Left gives out the cases that Cases has not, so that they can be counted.
func (p *Plan) Left() iter.Seq2[contract.Case, error] {
	return func(yield func(contract.Case, error) bool) {
		for _, name := range p.Operations {
			a := p.arms[name]
			if a.spent {
				continue
			}
			cases, err := p.hold(a)
			if err != nil {
				yield(contract.Case{}, err)
				return
			}
			for _, cs := range cases[a.next:] {
				if !yield(cs, nil) {
					return
				}
			}
		}
	}
}

// Heard tells what came of a case: whether it showed something new.
func (p *Plan) Heard(operation string, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.arms[operation]
	if a == nil {
		return
	}
	a.heard++
	p.total++
	if news {
		a.news++
	}
}

func (p *Plan) over() bool { return !p.Until.IsZero() && !p.Now().Before(p.Until) }

// choose returns the operation whose turn it is, nil where there is none left.
func (p *Plan) choose() *arm {
	p.mu.Lock()
	defer p.mu.Unlock()
	var best *arm
	var bound float64
	for _, name := range p.Operations {
		a := p.arms[name]
		if a.done {
			continue
		}
		// What is given out and not heard of yet counts as having shown nothing, or all
		// workers would be sent to one operation.
		if b := a.bound(p.total); best == nil || b > bound {
			best, bound = a, b
		}
	}
	return best
}

func (a *arm) bound(total uint64) float64 {
	if a.given == 0 {
		return math.Inf(1)
	}
	n := float64(max(a.given, a.heard))
	return float64(a.news)/n + math.Sqrt(2*math.Log(float64(total+2))/n)
}

func (p *Plan) give(a *arm, rng *rand.Rand, yield func(contract.Case, error) bool) bool {
	if a.spent {
		return p.invent(a, rng, yield)
	}
	cases, err := p.hold(a)
	if err != nil {
		yield(contract.Case{}, err)
		return false
	}
	for n := p.turnOf(len(cases)); n > 0 && a.next < len(cases); n-- {
		a.next++
		p.gave(a)
		if !yield(cases[a.next-1], nil) || p.over() {
			return false
		}
	}
	if a.next == len(cases) {
		p.drop(a)
		a.spent, a.done = true, p.Random == nil || p.Until.IsZero()
	}
	return true
}

// maxFruitless is how many draws in a row may give no case before an operation is
// taken to have none.
const maxFruitless = 64

func (p *Plan) invent(a *arm, rng *rand.Rand, yield func(contract.Case, error) bool) bool {
	for n, fruitless := 0, 0; n < turn; {
		cs, ok := p.Random(a.name, rng)
		if !ok {
			if fruitless++; fruitless == maxFruitless {
				a.done = true
				return true
			}
			continue
		}
		n++
		p.gave(a)
		if !yield(cs, nil) || p.over() {
			return false
		}
	}
	return true
}

func (p *Plan) gave(a *arm) {
	p.mu.Lock()
	a.given++
	p.mu.Unlock()
}

// hold returns the cases of an operation in the order in which they are asked.
func (p *Plan) hold(a *arm) ([]contract.Case, error) {
	if i := slices.Index(p.recent, a); i >= 0 {
		p.recent = append(slices.Delete(p.recent, i, i+1), a)
		return a.cases, nil
	}
	cases, err := p.Make(a.name)
	if err != nil {
		return nil, err
	}
	a.cases = InTurn(cases)
	p.held += len(a.cases)
	p.recent = append(p.recent, a)
	for p.held > maxHeld && len(p.recent) > 1 {
		p.crowded = true
		p.drop(p.recent[0])
	}
	return a.cases, nil
}

func (p *Plan) drop(a *arm) {
	if i := slices.Index(p.recent, a); i >= 0 {
		p.recent = slices.Delete(p.recent, i, i+1)
		p.held -= len(a.cases)
		a.cases = nil
	}
}

// InTurn orders cases so that each rule has its first one early: the first of every
// rule, then the second, and so on. Sequences, which show what no single request
// can, come first among equals, then what must be accepted.
func InTurn(cases []contract.Case) []contract.Case {
	type ranked struct {
		contract.Case
		round, kind int
	}
	seen := map[[2]string]int{}
	order := make([]ranked, len(cases))
	for i, cs := range cases {
		group := [2]string{string(cs.Kind), string(cs.Rule)}
		order[i] = ranked{cs, seen[group], slices.Index([]contract.Kind{contract.Sequence, contract.Positive, contract.Negative}, cs.Kind)}
		seen[group]++
	}
	slices.SortStableFunc(order, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.round, b.round), cmp.Compare(a.kind, b.kind))
	})
	sorted := make([]contract.Case, len(order))
	for i := range order {
		sorted[i] = order[i].Case
	}
	return sorted
}

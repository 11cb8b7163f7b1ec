package locate

import (
	"fmt"
	"slices"
	"time"

	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
)

// Place is the first span at which two trees differ.
type Place struct {
	// Service and Span name it, What says how it differs in a sentence.
	Service, Span, What string
	// Path leads to it from the root, which stands first, as "service span".
	Path []string
	// BaseTrace and OtherTrace are the traces that were compared.
	BaseTrace, OtherTrace string
}

// Location returns the place as reports have it, of an exchange: one occurrence
// of one.
func (p *Place) Location(exchange string) diff.Location {
	return diff.Location{
		Service: p.Service, Span: p.Span, What: p.What, Path: p.Path,
		Exchange: exchange, BaseTrace: p.BaseTrace, BranchTrace: p.OtherTrace, Same: 1, Of: 1,
	}
}

// Times of one request vary: what is told of them is several times as long, and
// longer than a pause of a scheduler or a collector of garbage.
const (
	slowerFactor = 3
	slowerLeast  = 50 * time.Millisecond
)

// First returns the first place at which the trees differ, in the order in which
// base made the calls, or nil where they do not. The deepest cause counts: a call
// that fails because of one beneath it does not stand for that. Durations count
// only where nothing else differs.
func First(base, other *trace.Tree) *Place {
	b, o := grouped(base), grouped(other)
	root := pair{b, o}
	// A root pairs with the other whatever they are called: it is what was asked.
	p := search(pair{&group{count: 1}, &group{count: 1}}, root, chain{b.key.String()})
	if p == nil {
		p = slower(root, chain{b.key.String()})
	}
	if p != nil {
		p.BaseTrace, p.OtherTrace = base.Trace.String(), other.Trace.String()
	}
	return p
}

// search looks beneath a pair before it looks at the pair itself.
func search(caller, p pair, at chain) *Place {
	for _, c := range pairs(p.base, p.other) {
		here := at.with(c.key())
		switch {
		case c.other == nil:
			return placed(c.key(), here, fmt.Sprintf("base calls it %s, branch does not", times(c.base.count)))
		case c.base == nil:
			return placed(c.key(), here, fmt.Sprintf("branch calls it %s, base does not", times(c.other.count)))
		}
		if found := search(p, c, here); found != nil {
			return found
		}
	}
	return itself(caller, p, at)
}

// itself tells how a pair differs with nothing beneath it that does.
func itself(caller, p pair, at chain) *Place {
	ends := ""
	if b, o := unlike(p.base, p.other); b != o {
		ends = fmt.Sprintf("ends with %s in branch, %s in base", orNone(o), orNone(b))
	}
	switch {
	case repeats(caller, p):
		what := fmt.Sprintf("branch calls it %s, base %s", times(p.other.count), times(p.base.count))
		if ends != "" {
			what += "; " + ends
		}
		return placed(p.key(), at, what)
	case ends == "":
		return nil
	}
	for _, k := range p.other.failures {
		if !slices.Contains(p.base.failures, k) {
			return placed(k, at.with(k), "fails in branch and not in base; "+p.key().String()+" "+ends)
		}
	}
	return placed(p.key(), at, ends)
}

func orNone(outcomes string) string {
	if outcomes == "" {
		return "nothing else"
	}
	return outcomes
}

// slower names the deepest call that takes several times as long.
func slower(p pair, at chain) *Place {
	for _, c := range pairs(p.base, p.other) {
		if found := slower(c, at.with(c.key())); found != nil {
			return found
		}
	}
	b, o := p.base.took, p.other.took
	if o < slowerFactor*b || o-b < slowerLeast {
		return nil
	}
	return placed(p.key(), at, fmt.Sprintf("takes %s in branch, %s in base; nothing else differs",
		o.Round(time.Millisecond), b.Round(time.Millisecond)))
}

func placed(k key, at chain, what string) *Place {
	return &Place{Service: cut(k.service), Span: cut(k.operation), What: what, Path: at}
}

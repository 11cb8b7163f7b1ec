package jsondiff

import (
	"hash/maphash"

	"twinspect.dev/diff"
)

// Differ compares documents. It keeps its buffers from one comparison to the
// next; their size follows the largest documents seen. The zero value is ready
// to use. It is not for concurrent use.
type Differ struct {
	opt   Options
	yield func(Change)

	walk walker
	a, b tape
	way  way

	seed maphash.Seed // set once there is something to hash

	// Scratch memory, taken and given back like a stack.
	refs    scratch[uint32]
	ints    scratch[int32]
	members scratch[member]
	items   scratch[item]

	text1, text2 []byte
	candidates   []string // names of members that may be a key
	align        Aligner
}

// Compare tells yield every difference between base and other, in the order of
// base, what other has beyond it at the end of each object and array. A Change
// is valid only during the call.
//
// Where a document is not JSON, the error is a *[SyntaxError], base's first;
// where it is too deep or too long, a *[LimitError]. yield is then not called.
// Documents of the same bytes are equal and not looked at.
func (d *Differ) Compare(base, other []byte, opt Options, yield func(Change)) error {
	if string(base) == string(other) || d.walk.same(base, other, opt.maxDepth()) {
		return nil
	}
	if err := d.a.index(Base, base, opt.maxDepth()); err != nil {
		return err
	}
	if err := d.b.index(Other, other, opt.maxDepth()); err != nil {
		return err
	}
	d.opt, d.yield = opt, yield
	d.way.reset()
	d.value(ref{&d.a, 0}, ref{&d.b, 0})
	d.opt, d.yield = Options{}, nil
	return nil
}

// Check returns the error that Compare gives for base where doc is not JSON or
// passes a limit of opt.
func (d *Differ) Check(doc []byte, opt Options) error {
	return d.a.index(Base, doc, opt.maxDepth())
}

// value reports the differences between x and y, which stand at the same place.
func (d *Differ) value(x, y ref) {
	if x.sameBytes(y) {
		return
	}
	k := x.node().kind
	switch {
	case k != y.node().kind:
		d.report(diff.Retyped, x, y)
	case k == object:
		d.objects(x, y)
	case k == array:
		d.arrays(x, y)
	case !d.equalScalars(x, y):
		d.report(diff.Changed, x, y)
	}
}

// equalScalars compares two scalars of the same kind whose bytes differ.
func (d *Differ) equalScalars(x, y ref) bool {
	switch x.node().kind {
	case number:
		return equalNumbers(x.raw(), y.raw())
	case text:
		return (x.node().escaped || y.node().escaped) && d.compareText(x, y) == 0
	}
	return false
}

// equal reports whether x and y are the same value.
func (d *Differ) equal(x, y ref) bool {
	if x.sameBytes(y) {
		return true
	}
	m, n := x.node(), y.node()
	if m.kind != n.kind || m.count != n.count {
		return false
	}
	switch m.kind {
	case object:
		return d.equalObjects(x, y)
	case array:
		x, y = x.first(), y.first()
		for range m.count {
			if !d.equal(x, y) {
				return false
			}
			x, y = x.next(), y.next()
		}
		return true
	}
	return d.equalScalars(x, y)
}

func (d *Differ) report(k diff.Kind, x, y ref) {
	c := Change{Path: d.way.path(), Kind: k}
	if x.t != nil {
		c.Base = x.raw()
	}
	if y.t != nil {
		c.Other = y.raw()
	}
	d.yield(c)
}

func (d *Differ) removed(x ref) { d.report(diff.Removed, x, ref{}) }
func (d *Differ) added(y ref)   { d.report(diff.Added, ref{}, y) }

// way is where the comparison stands. Names are turned into strings only for
// steps that are asked for.
type way struct {
	steps []wayStep
	made  Path // the leading steps that were asked for
	buf   []byte
}

type wayStep struct {
	name  ref // of a member
	index int // of an element, -1 for a member
}

func (w *way) reset() { w.steps, w.made = w.steps[:0], w.made[:0] }

func (w *way) enterMember(name ref) { w.steps = append(w.steps, wayStep{name, -1}) }
func (w *way) enterElement(i int)   { w.steps = append(w.steps, wayStep{index: i}) }

func (w *way) leave() {
	w.steps = w.steps[:len(w.steps)-1]
	w.made = w.made[:min(len(w.made), len(w.steps))]
}

// path returns the steps. It is valid until the next change of the way.
func (w *way) path() Path {
	for _, s := range w.steps[len(w.made):] {
		step := Step{Index: s.index}
		if s.index < 0 {
			step.Name = string(s.name.text(&w.buf))
		}
		w.made = append(w.made, step)
	}
	return w.made[:len(w.made):len(w.made)]
}

// scratch is a stack of buffers.
type scratch[T any] struct{ s []T }

func (s *scratch[T]) mark() int     { return len(s.s) }
func (s *scratch[T]) release(m int) { s.s = s.s[:m] }

// take returns n values, which hold anything. They stay valid until a mark from
// before is released.
func (s *scratch[T]) take(n int) []T {
	m := len(s.s)
	if cap(s.s)-m < n {
		// What was taken before stays where it is.
		s.s = append(make([]T, 0, 2*(m+n)), s.s...)
	}
	s.s = s.s[:m+n]
	return s.s[m : m+n : m+n]
}

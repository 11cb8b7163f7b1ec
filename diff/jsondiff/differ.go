package jsondiff

import "hash/maphash"

// Differ compares documents. It keeps its buffers from one comparison to the
// next; their size follows the largest documents seen. The zero value is ready
// to use. It is not for concurrent use.
type Differ struct {
	opt  Options
	docs [2][]byte

	walk  walker
	a, b  tape
	way   way
	found findings
	// unequal counts the places that are not the same on both sides, those among
	// them that a rule passes over.
	unequal int
	// onTape keeps the walk from being tried.
	onTape bool

	seed maphash.Seed // set once there is something to hash

	// Scratch memory, taken and given back like a stack.
	refs    scratch[uint32]
	ints    scratch[int32]
	members scratch[member]
	items   scratch[item]
	sums    scratch[uint64]

	text1, text2 []byte
	candidates   []string // names of members that may be a key
	pair         [2]string
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
	if string(base) == string(other) {
		return nil
	}
	d.begin(base, other, opt)
	defer func() { d.opt = Options{} }()
	if d.onTape || !d.walk.documents(d) {
		if err := d.compareTapes(base, other); err != nil {
			return err
		}
	}
	d.flush(yield)
	return nil
}

func (d *Differ) begin(base, other []byte, opt Options) {
	d.opt, d.docs, d.unequal = opt, [2][]byte{base, other}, 0
	d.way.reset()
	d.found.reset()
	d.refs.release(0)
	d.ints.release(0)
	d.members.release(0)
	d.items.release(0)
	d.sums.release(0)
}

// compareTapes indexes both documents as a whole, which tells what is wrong with
// them.
func (d *Differ) compareTapes(base, other []byte) error {
	d.way.reset()
	d.found.reset()
	if err := d.index(base, other); err != nil {
		return err
	}
	d.value(ref{&d.a, 0}, ref{&d.b, 0})
	return nil
}

func (d *Differ) index(base, other []byte) error {
	if err := d.a.index(Base, base, d.opt.maxDepth()); err != nil {
		return err
	}
	return d.b.index(Other, other, d.opt.maxDepth())
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
		d.report(retyped, x, y)
	case k == object:
		d.objects(x, y)
	case k == array:
		d.arrays(x, y)
	case !d.equalScalars(x, y):
		d.report(changed, x, y)
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

func (d *Differ) report(kind uint8, x, y ref) { d.note(kind, x.span(), y.span()) }

func (d *Differ) removed(x ref) { d.report(removed, x, ref{}) }
func (d *Differ) added(y ref)   { d.report(added, ref{}, y) }

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

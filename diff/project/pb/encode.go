package pb

import (
	"cmp"
	"slices"
)

const (
	// MaxOutput is how long the JSON of one body may become: four times the
	// longest body that is compared.
	MaxOutput = 128 << 20
	// maxGrowth is how many times its own length a body may become, beyond
	// minOutput. The worst are messages of 4 bytes, {"a_field_of_40_characters":true}.
	maxGrowth = 64
	minOutput = 1 << 20
)

// encoder writes messages as JSON. Its buffers are stacks: a message that is
// written inside of another leaves them as they were.
type encoder struct {
	d      *Descriptors
	src    []byte // what fields point into
	out    []byte
	start  int // where out begins
	max    int // how long out may become
	depth  int
	fields []field
	// entries of maps, and the text of their keys.
	entries []entry
	keys    []byte
	last    []int32 // the members that oneofs have
	pools   *pools
}

// object writes a message that was sent in pieces, which are merged.
func (e *encoder) object(m *message, pieces []field) error {
	mark := len(e.fields)
	fields, err := e.enter(m, pieces)
	if err != nil {
		return err
	}
	done, err := e.special(m, fields)
	if err == nil && !done {
		e.out = append(e.out, '{')
		err = e.members(m, fields)
		e.out = append(e.out, '}')
	}
	e.leave(mark)
	return err
}

// enter reads the fields of a message in the order of their numbers, those of
// the same number in the order of the wire.
func (e *encoder) enter(m *message, pieces []field) ([]field, error) {
	if e.depth++; e.depth > maxDepth {
		return nil, &LimitError{Limit: maxDepth, Unit: "levels of messages"}
	}
	if len(e.out) > e.max {
		return nil, &LimitError{Limit: e.max - e.start, Unit: "bytes of JSON"}
	}
	mark := len(e.fields)
	for _, p := range pieces {
		var err error
		e.fields, err = appendFields(e.fields, e.src, int(p.off), int(p.off)+int(p.bits))
		if err != nil {
			return nil, err
		}
	}
	if m.oneofs > 0 {
		e.fields = e.fields[:mark+e.settle(m, e.fields[mark:])]
	}
	fields := e.fields[mark:]
	if !slices.IsSortedFunc(fields, byNumber) {
		slices.SortStableFunc(fields, byNumber)
	}
	return fields, nil
}

func (e *encoder) leave(mark int) {
	e.fields = e.fields[:mark]
	e.depth--
}

func byNumber(a, b field) int { return cmp.Compare(a.num, b.num) }

// settle leaves of each oneof the member that was sent last, and of that what
// came after any other member: the rest was overwritten. It returns how many
// fields are left.
func (e *encoder) settle(m *message, fields []field) int {
	e.last = append(e.last[:0], make([]int32, m.oneofs+1)...)
	kept := len(fields)
	for i := len(fields) - 1; i >= 0; i-- {
		if e.isOverwritten(m, fields[i]) {
			continue
		}
		kept--
		fields[kept] = fields[i]
	}
	return copy(fields, fields[kept:])
}

// isOverwritten reports whether a later field took the place of f in its oneof.
func (e *encoder) isOverwritten(m *message, f field) bool {
	t := m.field(f.num)
	if t == nil || t.oneof == 0 || !t.takes(f.typ) {
		return false
	}
	const closed = -1
	switch last := &e.last[t.oneof]; *last {
	case 0:
		*last = f.num
	case f.num:
	default:
		*last = closed
		return true
	}
	return false
}

// members writes the fields of a message, which are sorted.
func (e *encoder) members(m *message, fields []field) error {
	for len(fields) > 0 {
		n := endOfRun(fields, 0)
		if err := e.run(m, fields[:n]); err != nil {
			return err
		}
		fields = fields[n:]
	}
	return nil
}

// endOfRun returns where the fields end that have the number of the one at from.
func endOfRun(fields []field, from int) int {
	to := from + 1
	for to < len(fields) && fields[to].num == fields[from].num {
		to++
	}
	return to
}

// run writes all fields of one number.
func (e *encoder) run(m *message, run []field) error {
	t := m.field(run[0].num)
	if t == nil {
		return e.unknown(m, run)
	}
	known := len(run)
	if slices.ContainsFunc(run, func(f field) bool { return !t.takes(f.typ) }) {
		known = partition(run, t)
	}
	strange := run[known:]
	if known > 0 {
		odd, err := e.known(t, run[:known])
		if err != nil {
			return err
		}
		if len(odd) > 0 {
			strange = slices.Concat(odd, strange)
		}
	}
	if len(strange) > 0 {
		return e.unknown(m, strange)
	}
	return nil
}

// partition moves what t takes to the front and returns how many those are.
func partition(run []field, t *fieldType) int {
	slices.SortStableFunc(run, func(a, b field) int {
		switch x, y := t.takes(a.typ), t.takes(b.typ); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	n := 0
	for n < len(run) && t.takes(run[n].typ) {
		n++
	}
	return n
}

// known writes a field of which there is a description. It returns the entries
// of a map that have more fields than the description tells.
func (e *encoder) known(t *fieldType, run []field) (odd []field, err error) {
	last := run[len(run)-1]
	if t.implicit && t.isDefault(last) || t.list && t.isNumber() && isEmpty(run) {
		return nil, nil
	}
	e.out = append(comma(e.out), t.member...)
	switch {
	case t.key != nil:
		return e.mapping(t, run)
	case t.list:
		return nil, e.list(t, run)
	case t.message != nil:
		return nil, e.object(t.message, run)
	}
	return nil, e.scalar(t, last)
}

// isEmpty reports whether a list of numbers has only packed parts of no length.
func isEmpty(run []field) bool {
	return !slices.ContainsFunc(run, func(f field) bool { return !f.isNested() || f.bits > 0 })
}

func (e *encoder) list(t *fieldType, run []field) error {
	e.out = append(e.out, '[')
	for i := range run {
		var err error
		switch {
		case t.isNumber() && run[i].isNested():
			err = e.packed(t, run[i])
		case t.message != nil:
			e.out = comma(e.out)
			err = e.object(t.message, run[i:i+1])
		default:
			e.out = comma(e.out)
			err = e.scalar(t, run[i])
		}
		if err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

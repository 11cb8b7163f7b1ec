package jsondiff

import "twinspect.dev/diff"

// kinds are those of a Change; a finding holds the place in them.
var kinds = [...]diff.Kind{diff.Changed, diff.Retyped, diff.Removed, diff.Added, diff.Reordered, diff.Moved}

const (
	changed uint8 = iota
	retyped
	removed
	added
	reordered
	moved
)

// finding is a Change that is kept back until both documents are known to be
// JSON. A document has at most one for each value, beside one for each array.
type finding struct {
	base, other span
	step        uint32 // the last one of its path
	to          int32
	kind        uint8
}

// foundStep is a step of a finding's path. Findings share steps, so that they
// take memory by the values that differ and not by how deep they lie.
type foundStep struct {
	name           span
	up             uint32 // the step before, 0 at the root
	depth          int32
	index          int32
	other, escaped bool
	isMap          bool
}

// findings are the changes of one comparison so far.
type findings struct {
	list  []finding
	steps []foundStep // the first stands for the root
	made  []uint32    // the numbers of the steps of the path that was made last
	path  Path
	ids   []renumbered
}

// point is a state of the findings that can be gone back to.
type point struct{ list, steps, ids int }

func (f *findings) reset() {
	f.list, f.steps, f.ids = f.list[:0], append(f.steps[:0], foundStep{}), f.ids[:0]
	f.made, f.path = f.made[:0], f.path[:0]
}

func (d *Differ) point() point {
	return point{len(d.found.list), len(d.found.steps), len(d.found.ids)}
}

// goBack forgets what was found since p.
func (d *Differ) goBack(p point) {
	f := &d.found
	f.list, f.steps, f.ids = f.list[:p.list], f.steps[:p.steps], f.ids[:p.ids]
	for i := len(d.way.steps) - 1; i >= 0 && int(d.way.steps[i].id) >= p.steps; i-- {
		d.way.steps[i].id = 0
	}
}

// lastStep returns the number of the last step of the way.
func (d *Differ) lastStep() uint32 {
	steps, last := d.way.steps, uint32(0)
	first := len(steps)
	for first > 0 && steps[first-1].id == 0 {
		first--
	}
	if first > 0 {
		last = steps[first-1].id
	}
	for i := first; i < len(steps); i++ {
		s := &steps[i]
		s.id = uint32(len(d.found.steps))
		d.found.steps = append(d.found.steps, foundStep{
			name: s.name, up: last, depth: int32(i + 1), index: s.index, other: s.other, escaped: s.escaped,
		})
		last = s.id
	}
	return last
}

func (d *Differ) note(kind uint8, base, other span) {
	d.unequal++
	d.found.list = append(d.found.list, finding{kind: kind, base: base, other: other, step: d.lastStep()})
}

// flush tells the findings.
func (d *Differ) flush(yield func(Change)) {
	ids := d.follower()
	for i := range d.found.list {
		f := &d.found.list[i]
		if ids.explains(f) {
			continue
		}
		yield(Change{
			Path: d.pathOf(f.step), Kind: kinds[f.kind], To: int(f.to),
			Base: cut(d.docs[0], f.base), Other: cut(d.docs[1], f.other),
		})
	}
}

func cut(src []byte, s span) []byte {
	if s.end == 0 {
		return nil
	}
	return src[s.start:s.end:s.end]
}

// pathOf returns the path that ends in a step. It is valid until the next call.
func (d *Differ) pathOf(last uint32) Path {
	f := &d.found
	depth := int(f.steps[last].depth)
	f.made, f.path = f.made[:min(depth, len(f.made))], f.path[:min(depth, len(f.path))]
	for len(f.made) < depth {
		f.made, f.path = append(f.made, 0), append(f.path, Step{})
	}
	for id, i := last, depth-1; i >= 0 && f.made[i] != id; i-- {
		s := &f.steps[id]
		f.path[i] = d.way.step(&d.docs, s.name, int(s.index), s.other, s.escaped)
		f.path[i].Map = s.index < 0 && (s.isMap || isOdd(f.path[i].Name))
		f.made[i] = id
		id = s.up
	}
	return f.path[:depth:depth]
}

// maxMembers is how many members an object may have before it is taken for a
// map. Few schemas name more than 50; the largest objects of public interfaces
// that are no maps have about 40.
const maxMembers = 50

// markMap marks the members found since p of the object that the first n steps of
// the way lead to, where one of the sides has so many that it is a map.
func (d *Differ) markMap(p point, n, members int) {
	if members <= maxMembers || len(d.found.steps) == p.steps {
		return
	}
	self := uint32(0)
	if n > 0 {
		self = d.way.steps[n-1].id
	}
	for i := p.steps; i < len(d.found.steps); i++ {
		if s := &d.found.steps[i]; s.up == self && s.index < 0 {
			s.isMap = true
		}
	}
}

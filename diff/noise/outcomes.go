package noise

import "encoding/binary"

// outcomes counts how many outcomes had the same set of branch differences, so
// that once all cells are judged it is known exactly how many outcomes had one
// that is not noise.
type outcomes struct {
	limit      int // of references over all sets
	references int
	sets       map[string]*set
	key        []byte
	refs       []reference
}

// reference is one difference of an outcome: a cell, and for a value the entry
// of the cell's histogram, else noEntry.
type reference struct {
	cell  *cell
	entry int
}

// set is the outcomes that had the same differences, all of one operation.
type set struct {
	operation *operation
	refs      []reference
	n         uint64
}

// setCost is what a set takes besides its references, in references.
const setCost = 8

func newOutcomes(limit int) outcomes {
	return outcomes{limit: limit, sets: make(map[string]*set)}
}

func (x *outcomes) begin() { x.refs = x.refs[:0] }

func (x *outcomes) add(c *cell, entry int) { x.refs = append(x.refs, reference{c, entry}) }

// end counts n outcomes with these differences. It reports false where there is no room for one more
// set: the outcome is then judged by what is known now. What looks like noise
// leaves the set, and what is left counts as the same set, or as differing.
func (x *outcomes) end(op *operation, n uint64) bool {
	if len(x.refs) == 0 || x.count(op, n) {
		return true
	}
	kept := x.refs[:0]
	for _, r := range x.refs {
		if !r.cell.looksLikeNoise(r.entry) {
			kept = append(kept, r)
		}
	}
	x.refs = kept
	if len(x.refs) > 0 && !x.count(op, n) {
		op.uncounted += n
	}
	return false
}

func (x *outcomes) count(op *operation, n uint64) bool {
	x.key = x.key[:0]
	for _, r := range x.refs {
		x.key = binary.BigEndian.AppendUint32(x.key, r.cell.number)
		x.key = append(x.key, byte(r.entry))
	}
	if s := x.sets[string(x.key)]; s != nil {
		s.n += n
		return true
	}
	cost := len(x.refs) + setCost
	if x.references+cost > x.limit {
		return false
	}
	x.references += cost
	x.sets[string(x.key)] = &set{operation: op, refs: append([]reference(nil), x.refs...), n: n}
	return true
}

// differing returns, by operation, how many outcomes had a difference that is
// not noise.
func (x *outcomes) differing(counts func(reference) bool) map[string]uint64 {
	result := make(map[string]uint64)
	for _, s := range x.sets {
		for _, r := range s.refs {
			if counts(r) {
				result[s.operation.name] += s.n
				break
			}
		}
	}
	return result
}

package stats

import (
	"cmp"
	"slices"
)

// MaxBlocks is how many blocks [Blocks] tells apart. Each gives one vote, so
// that it bounds the evidence at 2^512 and the memory of a cell at 12 KiB.
const MaxBlocks = 512

// Blocks holds what several units gave, such as the sessions of a run, in blocks
// of units. Outcomes of one unit are not independent: one cause may show in all
// of them. What stays true, if the sides are no different, is that the sides of
// a whole unit may be exchanged. Then those of a whole block may be, and the
// vote of a block, which goes to the side that has more of its discordant pairs,
// is a fair coin whatever happens within.
//
// # Order
//
// A unit belongs to a block by the leading bits of its hash, by as many as leave
// no more than [MaxBlocks] of them. So a few units have each a block of its own,
// and many share; and which do depends on which units there were, neither on
// their order nor on which side had what.
//
// # Looking in between
//
// A vote is fair whenever one looks at a time that has nothing to do with what
// the sides gave. The votes of a run are no martingale, as more outcomes may turn
// a vote; one who looks after every outcome sees more turns than one who looks
// once. How often that misleads is measured in the simulation of package noise.
type Blocks struct {
	shift uint8
	list  []Block // ascending by ID
}

// Block is one of [Blocks].
type Block struct {
	ID uint32 // the leading bits of the hashes of its units
	// Net is how many more discordant pairs were branch's than control's.
	Net int64
	// Mask is what the masks of its outcomes have in common.
	Mask uint32
}

// MakeBlocks returns the blocks of a list, which it keeps: of 32-shift bits, and
// ascending.
func MakeBlocks(shift uint8, list []Block) Blocks { return Blocks{shift, list} }

// Shift is how many of 32 bits the ids lack.
func (b *Blocks) Shift() uint8 { return b.shift }

// List returns the blocks, which remain those of b.
func (b *Blocks) List() []Block { return b.list }

// Add counts what an outcome of the unit gave.
func (b *Blocks) Add(hash uint32, net int64, mask uint32) {
	b.add(Block{hash >> b.shift, net, mask})
	for len(b.list) > MaxBlocks {
		b.fold()
	}
}

func (b *Blocks) add(with Block) {
	at, known := slices.BinarySearchFunc(b.list, with.ID, func(k Block, id uint32) int { return cmp.Compare(k.ID, id) })
	if known {
		b.list[at].join(with)
		return
	}
	b.list = slices.Insert(b.list, at, with)
}

func (k *Block) join(other Block) {
	k.Net += other.Net
	k.Mask &= other.Mask
}

// fold leaves out one bit of the ids.
func (b *Blocks) fold() {
	b.shift++
	kept := b.list[:0]
	for _, k := range b.list {
		k.ID >>= 1
		if last := len(kept) - 1; last >= 0 && kept[last].ID == k.ID {
			kept[last].join(k)
			continue
		}
		kept = append(kept, k)
	}
	b.list = kept
}

// Shrink leaves fewer blocks than there are, unless there is only one.
func (b *Blocks) Shrink() {
	for n := len(b.list); n > 1 && len(b.list) == n; {
		b.fold()
	}
}

// Merge counts what other holds, as if it had been added here.
func (b *Blocks) Merge(other *Blocks) {
	for b.shift < other.shift {
		b.fold()
	}
	for _, k := range other.list {
		k.ID >>= b.shift - other.shift
		b.add(k)
	}
	for len(b.list) > MaxBlocks {
		b.fold()
	}
}

// Minus returns the blocks of b less the counts of other.
func (b *Blocks) Minus(other *Blocks) Blocks {
	result := Blocks{b.shift, slices.Clone(b.list)}
	negative := Blocks{other.shift, slices.Clone(other.list)}
	for i := range negative.list {
		negative.list[i].Net = -negative.list[i].Net
	}
	result.Merge(&negative)
	return result
}

// Votes returns how many blocks are for branch, and how many for control.
func (b *Blocks) Votes() (branch, control uint64) {
	for i := range b.list {
		switch net := b.list[i].Net; {
		case net > 0:
			branch++
		case net < 0:
			control++
		}
	}
	return branch, control
}

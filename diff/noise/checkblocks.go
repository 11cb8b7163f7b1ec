package noise

import (
	"errors"
	"fmt"

	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/stats"
)

func (r *BlockCounts) list() [][3]int64 {
	if r == nil {
		return nil
	}
	return r.Blocks
}

// checkBlocks holds the blocks against the counts of the cell.
func (c *CellCounts) checkBlocks() error {
	pairs, err := c.Pairs.sum(c.Control + c.BranchOnly)
	if err != nil {
		return err
	}
	alone, err := c.Alone.sum(c.Unpaired)
	if err != nil {
		return err
	}
	if pairs.forth > c.BranchOnly || pairs.back > c.ControlOnly || pairs.forth-pairs.back != c.BranchOnly-c.ControlOnly {
		return errors.New("blocks of other pairs than there are")
	}
	is := cell{Cell: diff.Cell{Place: diff.Place{Part: c.Part}, Kind: c.Kind}}
	switch {
	case (c.Pairs != nil) != (c.Control+c.BranchOnly > 0), (c.Alone != nil) != (is.oriented() && c.Unpaired > 0):
		return errors.New("blocks of nothing, or nothing of blocks")
	case is.turns():
		if alone.forth > c.Up || alone.back > c.Down || alone.forth-alone.back != c.Up-c.Down {
			return errors.New("blocks of other directions than there are")
		}
	case c.Up+c.Down > 0:
		return errors.New("directions of what has none")
	case alone.back > 0 || c.Alone != nil && alone.forth != c.Unpaired:
		return errors.New("blocks of other outcomes than there are")
	}
	common := class.All
	for _, k := range c.Classes {
		common &= k.Classes
	}
	if pairs.classes != common || alone.classes != class.All {
		return errors.New("blocks of other classes than there are")
	}
	return nil
}

// blockSum is what blocks hold together.
type blockSum struct {
	forth, back uint64 // net votes
	classes     class.Set
}

// sum checks blocks of that many outcomes.
func (r *BlockCounts) sum(outcomes uint64) (blockSum, error) {
	s := blockSum{classes: class.All}
	if r == nil {
		return s, nil // whether there must be some, the caller knows
	}
	if n := len(r.Blocks); n == 0 || n > stats.MaxBlocks || uint64(n) > outcomes || r.Shift > 32 {
		return s, fmt.Errorf("%d blocks of %d outcomes", n, outcomes)
	}
	last := int64(-1)
	for _, k := range r.Blocks {
		id, net, classes := k[0], k[1], k[2]
		if id <= last || id >= 1<<(32-r.Shift) {
			return s, fmt.Errorf("block %d is out of order or beyond %d bits", id, 32-r.Shift)
		}
		if net > MaxCount || net < -MaxCount || classes < 0 || classes > int64(class.All) || !isValue(class.Set(classes)) {
			return s, errors.New("a block that no outcome gives")
		}
		last = id
		s.forth += uint64(max(net, 0)) // of at most 512 blocks
		s.back += uint64(max(-net, 0))
		s.classes &= class.Set(classes)
	}
	return s, nil
}

package join

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
)

const (
	// fan is how many bins a level has: with [DefaultMaxBytes], 2 GiB of records are
	// read in bins that were written once.
	fanBits = 6
	fan     = 1 << fanBits
)

// bins keep records by 6 bits of their keys: the highest at level 0, the next ones
// at level 1. So all records of a key are in one bin, bins one after the other
// have the keys in order, and at level 10 no bin holds two keys.
type bins struct {
	spill *spill
	level int
	block int
	list  [fan]bin
}

// bin holds records of some keys.
type bin struct {
	buf    []byte
	blocks []block
	// size is what its records take when they are read. Where mixed is false, key is
	// that of all of them.
	size  int64
	key   uint64
	mixed bool
}

func newBins(s *spill, level, block int) *bins { return &bins{spill: s, level: level, block: block} }

// recordSize is what a record takes in memory beside its bytes: its place in the
// list that is sorted.
const recordSize = 48

func (b *bins) add(key uint64, rec []byte) error {
	shift := max(0, 64-fanBits*(b.level+1))
	at := &b.list[key>>shift&(fan-1)]
	if at.size > 0 && at.key != key {
		at.mixed = true
	}
	at.key = key
	if len(at.buf) > 0 && len(at.buf)+len(rec)+keySize > b.block {
		if err := b.flushBin(at); err != nil {
			return err
		}
	}
	if at.buf == nil {
		at.buf = make([]byte, 0, max(b.block, len(rec)+keySize+binary.MaxVarintLen64))
	}
	at.size += int64(len(rec)) + recordSize
	at.buf = binary.AppendUvarint(at.buf, uint64(len(rec)+keySize))
	at.buf = binary.BigEndian.AppendUint64(at.buf, key)
	at.buf = append(at.buf, rec...)
	return nil
}

func (b *bins) flushBin(at *bin) error {
	place, err := b.spill.write(at.buf)
	if err != nil {
		return err
	}
	at.blocks = append(at.blocks, place)
	if at.buf = at.buf[:0]; cap(at.buf) > 2*b.block {
		at.buf = nil
	}
	return nil
}

// flush writes what is held and frees the buffers.
func (b *bins) flush() error {
	for i := range b.list {
		at := &b.list[i]
		if len(at.buf) > 0 {
			if err := b.flushBin(at); err != nil {
				return err
			}
		}
		at.buf = nil
	}
	return nil
}

// scan visits the records of all bins, bin by bin; a record is good until visit
// returns.
func (b *bins) scan(ctx context.Context, visit func(key uint64, rec []byte) error) error {
	for i := range b.list {
		if err := b.scanBin(ctx, &b.list[i], visit); err != nil {
			return err
		}
	}
	return nil
}

func (b *bins) scanBin(ctx context.Context, at *bin, visit func(key uint64, rec []byte) error) error {
	for _, place := range at.blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := b.spill.read(place)
		if err != nil {
			return err
		}
		if err := records(raw, visit); err != nil {
			return err
		}
	}
	return nil
}

// record is one of a group.
type record struct {
	key  uint64
	data []byte
}

func compareRecords(a, b record) int {
	if a.key != b.key {
		if a.key < b.key {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.data, b.data)
}

// groups are told of the records.
type groups struct {
	// most is what records may take that are read together.
	most int64
	// group gets all records of a key, sorted, which are its until it returns.
	group func(ctx context.Context, recs []record) error
	// tooLarge gets, one by one, the records of a key that take more than most.
	tooLarge func(rec []byte) error
}

// each tells g of the records, key by key in the order of the keys.
func (b *bins) each(ctx context.Context, g *groups) error {
	for i := range b.list {
		at := &b.list[i]
		var err error
		switch {
		case at.size <= g.most:
			err = b.gather(ctx, at, g)
		case !at.mixed:
			err = b.scanBin(ctx, at, func(_ uint64, rec []byte) error { return g.tooLarge(rec) })
		default:
			err = b.split(ctx, at, g)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bins) split(ctx context.Context, at *bin, g *groups) error {
	finer := newBins(b.spill, b.level+1, b.block)
	if err := b.scanBin(ctx, at, finer.add); err != nil {
		return err
	}
	if err := finer.flush(); err != nil {
		return err
	}
	return finer.each(ctx, g)
}

func (b *bins) gather(ctx context.Context, at *bin, g *groups) error {
	var all []record
	err := b.scanBin(ctx, at, func(key uint64, rec []byte) error {
		all = append(all, record{key, rec})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, compareRecords)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].key == all[0].key {
			n++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.group(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// mix spreads an id over all bits and loses none: it is the end of SplitMix64
// (Steele, Lea and Flood, 2014), which can be undone.
func mix(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

package h2

import (
	"encoding/binary"
	"errors"
	"math"

	"golang.org/x/net/http2/hpack"
)

// Why a header block could not be read as a whole.
var (
	// ErrUnknown: the block refers to what was lost of the dynamic table.
	ErrUnknown = errors.New("refers to an unknown part of the dynamic table")
	// ErrTooLarge: the fields are larger than the limit.
	ErrTooLarge = errors.New("header list too large")
	// ErrMalformed: the block breaks RFC 7541.
	ErrMalformed = errors.New("malformed header block")
)

// initialTable is the size of a dynamic table before any agreement (RFC 9113
// section 6.5.2), staticTable the entries before it (RFC 7541 appendix A).
const (
	initialTable = 4096
	staticTable  = 61
)

// Table decodes the header blocks of one direction. It is as right after a loss
// as before: a dynamic index counts back from the newest entry (RFC 7541
// section 2.3.3), so the entries inserted since the loss are known for certain,
// whatever the table held before, and an index beyond them is told as
// [ErrUnknown].
type Table struct {
	dec     *hpack.Decoder
	fields  []hpack.HeaderField
	size    int // of fields, by RFC 7541 section 4.1
	limit   int
	allowed uint32
	agreed  bool // allowed is what the peer announced
	forgot  bool
	short   bool // the sender's table may hold more than fits in this one
	max     int  // the largest size that the sender has used, as far as fits
	given   int  // bytes of the entries that may have been inserted
}

// NewTable returns a table that gives fields up to limit bytes together. The
// dynamic table is held to the same limit: of a larger one the newest entries are
// known, and an index beyond them is told as [ErrUnknown].
func NewTable(limit int) *Table {
	t := &Table{limit: limit, allowed: uint32(limit), short: limit < initialTable, max: min(initialTable, limit)}
	t.renew()
	return t
}

// renew empties the table. It keeps the largest size that was used: one that is
// larger than the sender's gives the same entries.
func (t *Table) renew() {
	t.dec = hpack.NewDecoder(uint32(t.max), t.take)
	t.dec.SetMaxStringLength(t.limit)
	t.given = 0
}

func (t *Table) take(f hpack.HeaderField) {
	t.size += int(f.Size())
	t.given += len(f.Name) + len(f.Value) + entryCost
	if t.size <= t.limit {
		t.fields = append(t.fields, f)
	}
}

// entryCost is what an entry takes beside its text: five words in the table, and
// two places in maps of strings, of six and of three words, half of them empty.
// entryFactor is how much more that is than the 32 bytes of RFC 7541 section 4.1.
const (
	entryCost   = 192
	entryFactor = 6
)

// Memory returns how many bytes the dynamic table takes at most: those of every
// field so far, or what fits in it.
func (t *Table) Memory() int { return min(t.given, entryFactor*t.max) }

// resize takes the size updates that begin a block (RFC 7541 section 6.3) and
// returns the rest of it. ok is false where a size is beyond what is allowed. One
// that is not there as a whole stays.
func (t *Table) resize(block []byte) (rest []byte, ok bool) {
	for len(block) > 0 && block[0]&0xe0 == 0x20 {
		size, n := sizeUpdate(block)
		switch {
		case n == 0:
			return block, true
		case size > uint64(t.allowed):
			return nil, false
		}
		block = block[n:]
		t.short = size > uint64(t.limit)
		fits := int(min(size, uint64(t.limit)))
		t.dec.SetMaxDynamicTableSize(uint32(fits))
		t.max = max(t.max, fits) // what the table held is not given back at once
	}
	return block, true
}

// sizeUpdate reads an integer with a prefix of five bits (RFC 7541 section 5.1) and
// returns the length of its encoding, or 0 where its end is missing. What is beyond
// 32 bits is beyond any size.
func sizeUpdate(block []byte) (size uint64, n int) {
	size = uint64(block[0] & 0x1f)
	if size < 0x1f {
		return size, 1
	}
	more, n := binary.Uvarint(block[1:])
	switch {
	case n == 0:
		return 0, 0
	case n < 0 || more > math.MaxUint32:
		return math.MaxUint64, 1
	}
	return size + more, n + 1
}

// Allow notes the SETTINGS_HEADER_TABLE_SIZE that the receiver of the blocks
// announced. The largest one counts: when the sender took over a lower one is
// not seen, but it says which size it uses (RFC 7541 section 4.2).
func (t *Table) Allow(size uint32) {
	if !t.agreed {
		t.agreed, t.allowed = true, initialTable
	}
	t.allowed = max(t.allowed, size)
}

// AllowAny notes that an announcement may have been lost.
func (t *Table) AllowAny() { t.Allow(math.MaxUint32) }

// Forget notes that a block, or an insertion of one, was lost.
func (t *Table) Forget() {
	t.forgot = true
	t.renew()
}

// Decode reads a block, or the beginning of one whose rest was lost. It returns
// the fields up to where it went well, valid until the next call.
func (t *Table) Decode(block []byte, whole bool) ([]hpack.HeaderField, error) {
	clear(t.fields)
	t.fields, t.size = t.fields[:0], 0
	block, ok := t.resize(block)
	if !ok {
		t.Forget()
		return t.fields, ErrMalformed
	}
	_, err := t.dec.Write(block)
	if err == nil && whole {
		err = t.dec.Close()
	}
	if err != nil || !whole {
		err = t.judge(err)
		t.Forget()
		return t.fields, err
	}
	if t.size > t.limit {
		return t.fields, ErrTooLarge
	}
	return t.fields, nil
}

// Done gives back the memory of the last fields where they were unusually many,
// and of all that a block may have of them.
func (t *Table) Done() {
	const usual = 256
	if cap(t.fields) > usual {
		t.fields = nil
	}
}

func (t *Table) judge(err error) error {
	var bad hpack.DecodingError
	var index hpack.InvalidIndexError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, hpack.ErrStringLength):
		return ErrTooLarge
	case (t.forgot || t.short) && errors.As(err, &bad) && errors.As(bad.Err, &index) && index > staticTable:
		return ErrUnknown
	}
	return ErrMalformed
}

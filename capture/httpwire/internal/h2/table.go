package h2

import (
	"errors"

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
	max     int // the size that the sender uses
	given   int // bytes of the entries that may have been inserted
}

// NewTable returns a table that gives fields up to limit bytes together. The
// dynamic table is held to the same limit.
func NewTable(limit int) *Table {
	t := &Table{limit: limit, allowed: uint32(limit)}
	t.renew()
	return t
}

func (t *Table) renew() {
	t.dec = hpack.NewDecoder(min(initialTable, uint32(t.limit)), t.take)
	t.dec.SetAllowedMaxDynamicTableSize(t.allowed)
	t.dec.SetMaxStringLength(t.limit)
	t.max, t.given = initialTable, 0
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

// resize reads the size updates that begin a block (RFC 7541 section 6.3). What
// is beyond a size that is allowed ends the reading of the block as an error.
func (t *Table) resize(block []byte) {
	for len(block) > 0 && block[0]&0xe0 == 0x20 {
		size, shift := int(block[0]&0x1f), 0
		block = block[1:]
		if size == 0x1f {
			for len(block) > 0 && shift < 28 {
				b := block[0]
				block = block[1:]
				size += int(b&0x7f) << shift
				if shift += 7; b < 0x80 {
					break
				}
			}
		}
		// What the table held is not given back at once.
		t.max = max(t.max, min(size, t.limit))
	}
}

// Allow notes the SETTINGS_HEADER_TABLE_SIZE that the receiver of the blocks
// announced. The largest one counts: when the sender took over a lower one is
// not seen, but it says which size it uses (RFC 7541 section 4.2).
func (t *Table) Allow(size uint32) {
	if !t.agreed {
		t.agreed, t.allowed = true, initialTable
	}
	t.allowed = min(max(t.allowed, size), uint32(t.limit))
	t.dec.SetAllowedMaxDynamicTableSize(t.allowed)
}

// AllowAny notes that an announcement may have been lost.
func (t *Table) AllowAny() { t.Allow(uint32(t.limit)) }

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
	t.resize(block)
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
	case t.forgot && errors.As(err, &bad) && errors.As(bad.Err, &index) && index > staticTable:
		return ErrUnknown
	}
	return ErrMalformed
}

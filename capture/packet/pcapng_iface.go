package packet

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"time"
)

// The options that are read (draft-ietf-opsawg-pcapng sections 4.2 and 4.6).
const (
	optEnd         = 0
	optResolution  = 9  // if_tsresol
	optOffset      = 14 // if_tsoffset
	optIfaceDrop   = 5  // isb_ifdrop
	optRecordDrop  = 7  // isb_osdrop
	defaultPerSecs = 1_000_000
)

// ngIface is an interface of a section.
type ngIface struct {
	link    linkType
	snapLen uint32
	clock   clock
	// What the last statistics block says was lost: by the interface itself,
	// and by the system between it and the recorder.
	ifDrop, osDrop uint64
}

// clock turns the ticks of an interface into times.
type clock struct {
	perSecond uint64
	offset    int64 // seconds
}

func (c clock) time(ticks uint64) time.Time {
	sec, rest := ticks/c.perSecond, ticks%c.perSecond
	// rest < perSecond, so the quotient is below 1e9 and cannot overflow.
	hi, lo := bits.Mul64(rest, 1e9)
	nano, _ := bits.Div64(hi, lo, c.perSecond)
	return time.Unix(int64(sec)+c.offset, int64(nano)).UTC()
}

func parseInterface(s *stream, b []byte) (ngIface, error) {
	i := ngIface{clock: clock{perSecond: defaultPerSecs}}
	if len(b) < 8 {
		return i, errBlockCut
	}
	i.link, i.snapLen = linkType(s.u16(b)), s.u32(b[4:])
	for code, value := range options(s, b[8:]) {
		switch {
		case code == optResolution && len(value) == 1:
			perSecond, err := resolution(value[0])
			if err != nil {
				return i, err
			}
			i.clock.perSecond = perSecond
		case code == optOffset && len(value) == 8:
			i.clock.offset = int64(s.u64(value))
		case code == optResolution || code == optOffset:
			return i, fmt.Errorf("option %d is %d bytes long", code, len(value))
		}
	}
	return i, nil
}

// resolution returns the ticks a second: a negative power of 2 where the
// highest bit is set, else of 10.
func resolution(v byte) (uint64, error) {
	if exp := v & 0x7f; v&0x80 != 0 && exp < 64 {
		return 1 << exp, nil
	}
	if v > 19 {
		return 0, fmt.Errorf("time resolution %#x is finer than 64 bits hold", v)
	}
	perSecond := uint64(1)
	for range v {
		perSecond *= 10
	}
	return perSecond, nil
}

// count takes the losses from the options of a statistics block. The counts
// are totals since the start, so the last block holds.
func (i *ngIface) count(s *stream, opts []byte) error {
	for code, value := range options(s, opts) {
		if code != optIfaceDrop && code != optRecordDrop {
			continue
		}
		if len(value) != 8 {
			return fmt.Errorf("option %d is %d bytes long", code, len(value))
		}
		n := s.u64(value)
		switch {
		case n == math.MaxUint64: // not known
		case n > math.MaxUint32<<16:
			return errors.New("a count of lost frames beyond belief")
		case code == optIfaceDrop:
			i.ifDrop = n
		default:
			i.osDrop = n
		}
	}
	return nil
}

// options yields the options of a block as far as they are whole.
func options(s *stream, b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, size := s.u16(b), int(s.u16(b[2:]))
			b = b[4:]
			if code == optEnd || size > len(b) || !yield(code, b[:size]) {
				return
			}
			b = b[min(len(b), (size+3)&^3):]
		}
	}
}

package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive/twinpb"
)

// The reasons under which exchanges of a recording are lost.
const (
	// ReasonCut: the recording ends before its last record.
	ReasonCut capture.Reason = "archive-cut"
	// ReasonDamaged: bytes of the recording were changed.
	ReasonDamaged capture.Reason = "archive-damaged"
	// ReasonMissing: the numbers of the exchanges leave a hole.
	ReasonMissing capture.Reason = "archive-missing"
	// ReasonMalformed: the record is whole, but is not an exchange.
	ReasonMalformed capture.Reason = "archive-malformed"
)

// twinReader reads the .twin form.
type twinReader struct {
	name    string
	frames  frames
	zstd    *zstd.Decoder
	decoder twinpb.Decoder
	// plain is the memory of the frame being read, records what of it is left;
	// offset is where that frame stands in the file, at the number of the next
	// record in it, and cut says that it is the last and not whole.
	plain   []byte
	records []byte
	offset  int64
	at      int
	cut     bool
	// ordinal is the number that the next exchange of the recording has.
	ordinal uint64
	// damage is what was met and not yet told: how much it cost is known when
	// the next ordinal is.
	damage *capture.RecordError
	// ended says that the recording's last record was read.
	ended   bool
	account capture.Account
}

func newTwinReader(name string, in io.Reader, maxRecord int) (*twinReader, error) {
	limit := maxRecord + maxFrameSize + 64
	// A block that does not compress takes 3 bytes more, and a frame 18.
	limit += limit>>15 + 1024
	z, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(uint64(limit)))
	if err != nil {
		return nil, fmt.Errorf("create zstd decoder: %w", err)
	}
	return &twinReader{
		name:   name,
		zstd:   z,
		frames: frames{in: in, max: limit},
	}, nil
}

func (r *twinReader) read(e *capture.Exchange) error {
	for {
		if len(r.records) == 0 {
			if err := r.load(); errors.Is(err, io.EOF) {
				return r.end()
			} else if err != nil {
				return err
			}
			continue
		}
		done, err := r.record(e)
		if done || err != nil {
			return err
		}
	}
}

// load decompresses the next frame. Damage to it is noted, and told when the
// frame after it says how much was lost.
func (r *twinReader) load() error {
	if r.cut {
		return io.EOF
	}
	f, err := r.frames.next()
	if errors.Is(err, errNoFrame) || errors.Is(err, errBadBlock) {
		r.note(ReasonDamaged, r.frames.offset, err)
		return r.frames.resync()
	}
	if err != nil {
		return err
	}
	r.plain, err = r.zstd.DecodeAll(f.data, r.plain[:0])
	r.offset, r.at, r.records = f.offset, 0, r.plain
	if f.cut {
		r.cut, r.ended = true, false
	} else if err != nil {
		r.records = nil
		r.note(ReasonDamaged, f.offset, fmt.Errorf("decompress frame: %w", err))
		if !f.aligned {
			r.frames.giveBack(f)
			return r.frames.resync()
		}
	}
	return nil
}

// record takes the next record of the frame. It returns true where that was an
// exchange, and the error where it could not be read.
func (r *twinReader) record(e *capture.Exchange) (bool, error) {
	delimited, n := protowire.ConsumeBytes(r.records)
	if n < 0 {
		r.records = nil
		if !r.cut {
			r.note(ReasonDamaged, r.offset, fmt.Errorf("record %d of the frame is longer than the frame", r.at))
		}
		return false, nil
	}
	rec, err := parseRecord(delimited)
	if err == nil && rec.numbered {
		if lost := r.renumber(rec.ordinal); lost != nil {
			return false, lost
		}
	}
	r.records = r.records[n:]
	r.at++
	if err == nil {
		err = r.take(rec, e)
	}
	if err != nil {
		return false, r.error(ReasonMalformed, r.offset, 1, fmt.Errorf("record %d of the frame: %w", r.at-1, err))
	}
	return rec.kind == recordExchange, nil
}

func (r *twinReader) take(rec record, e *capture.Exchange) error {
	if rec.kind == recordAccount {
		r.ended = true
		return r.takeAccount(rec.message)
	}
	r.ended = false
	r.ordinal++
	return r.decoder.Exchange(rec.message, e)
}

// renumber takes the ordinal of a frame's first record. The difference to the
// one expected is what was lost before it, which is returned once. A lower one
// begins another recording in the same file.
func (r *twinReader) renumber(ordinal uint64) *capture.RecordError {
	expected := r.ordinal
	r.ordinal = ordinal
	switch {
	case r.damage != nil:
		bad := r.damage
		r.damage = nil
		if ordinal > expected {
			bad.Lost = ordinal - expected
		}
		return bad
	case ordinal > expected:
		return r.error(ReasonMissing, r.offset, ordinal-expected,
			fmt.Errorf("exchange %d follows exchange %d: those between are missing", ordinal, expected))
	case ordinal < expected && !r.ended:
		r.ended = true
		return r.error(ReasonCut, r.offset, 1, errors.New("another recording begins before this one ended"))
	}
	return nil
}

func (r *twinReader) takeAccount(message []byte) error {
	if len(message) > maxAccount {
		return fmt.Errorf("account of %d bytes: the limit is %d", len(message), maxAccount)
	}
	a, err := twinpb.UnmarshalAccount(message)
	r.account = append(r.account, a...)
	return err
}

// end tells what is known to be lost at the end of the file, once.
func (r *twinReader) end() error {
	bad := r.damage
	r.damage = nil
	switch {
	case bad != nil:
		bad.Err = fmt.Errorf("%w; what follows the first %d exchanges is lost", bad.Err, r.ordinal)
		r.ended = true
		return bad
	case !r.ended:
		r.ended = true
		return r.error(ReasonCut, r.cutAt(), 1,
			fmt.Errorf("the recording was cut or never closed: it gave %d exchanges, what followed is lost", r.ordinal))
	}
	return io.EOF
}

// cutAt is where the frame begins that the file ends in, else where it ends.
func (r *twinReader) cutAt() int64 {
	if r.cut {
		return r.offset
	}
	return r.frames.offset
}

// note keeps damage until it is known what it cost; of several in a row, the
// first.
func (r *twinReader) note(reason capture.Reason, offset int64, err error) {
	if r.damage == nil {
		r.damage = r.error(reason, offset, 1, err)
	}
}

func (r *twinReader) error(reason capture.Reason, offset int64, lost uint64, err error) *capture.RecordError {
	return &capture.RecordError{Input: r.name, Offset: offset, Reason: reason, Lost: lost, Err: err}
}

func (r *twinReader) stored() capture.Account { return r.account }

func (r *twinReader) close() { r.zstd.Close() }

// record is a Record whose message is still encoded.
type record struct {
	numbered bool
	ordinal  uint64
	kind     protowire.Number
	message  []byte
}

func parseRecord(b []byte) (record, error) {
	var r record
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return r, fmt.Errorf("record: %w", protowire.ParseError(n))
		}
		b = b[n:]
		switch {
		case num == recordOrdinal && typ == protowire.VarintType:
			r.ordinal, n = protowire.ConsumeVarint(b)
			r.numbered = true
		case (num == recordExchange || num == recordAccount) && typ == protowire.BytesType:
			r.message, n = protowire.ConsumeBytes(b)
			r.kind = num
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return r, fmt.Errorf("record: %w", protowire.ParseError(n))
		}
		b = b[n:]
	}
	if r.kind == 0 {
		return r, errors.New("record: neither an exchange nor an account")
	}
	return r, nil
}

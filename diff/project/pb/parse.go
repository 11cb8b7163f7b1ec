package pb

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// maxDepth is how deep messages and groups may be nested: the limit of the
	// C++ and Java implementations. Each level is at most two of JSON, so that
	// what is written stays far below the 512 that documents may have.
	maxDepth = 100
	// MaxFields is how many fields may be held at a time: 96 MiB, and more than
	// an answer of 8 MiB can have.
	MaxFields = 4 << 20
)

// field is one field of a message as it is on the wire.
type field struct {
	// bits is the value of a varint or a fixed field, the length of another.
	bits uint64
	// off is where the value begins; that of a group, after its tag.
	off int32
	num int32
	typ protowire.Type
}

// data returns the bytes of a length-delimited field or of a group.
func (f field) data(src []byte) []byte { return src[f.off : int(f.off)+int(f.bits)] }

// isNested reports whether the field has bytes of its own.
func (f field) isNested() bool {
	return f.typ == protowire.BytesType || f.typ == protowire.StartGroupType
}

// appendFields appends the fields of the message src[from:to].
func appendFields(fields []field, src []byte, from, to int) ([]field, error) {
	for at := from; at < to; {
		f, next, err := readField(src[:to], at, 0)
		if err != nil {
			return fields, err
		}
		if f.typ == protowire.EndGroupType {
			return fields, malformed(at, "group %d ends and did not begin", f.num)
		}
		if len(fields) >= MaxFields {
			return fields, &LimitError{Limit: MaxFields, Unit: "fields"}
		}
		fields = append(fields, f)
		at = next
	}
	return fields, nil
}

// readField returns the field at src[at:] and where the next one begins.
func readField(src []byte, at, depth int) (field, int, error) {
	tag, n := protowire.ConsumeVarint(src[at:])
	if n < 0 {
		return field{}, 0, malformed(at, "a tag is cut or too long")
	}
	num := tag >> 3
	if num < 1 || num > uint64(protowire.MaxValidNumber) {
		return field{}, 0, malformed(at, "no field has the number %d", num)
	}
	f := field{off: int32(at + n), num: int32(num), typ: protowire.Type(tag & 7)}
	next, err := f.readValue(src, at+n, depth)
	return f, next, err
}

func (f *field) readValue(src []byte, at, depth int) (int, error) {
	n := 0
	switch f.typ {
	case protowire.VarintType:
		f.bits, n = protowire.ConsumeVarint(src[at:])
	case protowire.Fixed64Type:
		f.bits, n = protowire.ConsumeFixed64(src[at:])
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(src[at:])
		f.bits = uint64(v)
	case protowire.BytesType:
		return f.readLength(src, at)
	case protowire.StartGroupType:
		return f.readGroup(src, at, depth+1)
	case protowire.EndGroupType:
	default:
		return 0, malformed(at, "field %d has the unknown wire type %d", f.num, f.typ)
	}
	if n < 0 {
		return 0, malformed(at, "the value of field %d is cut or too long", f.num)
	}
	return at + n, nil
}

func (f *field) readLength(src []byte, at int) (int, error) {
	size, n := protowire.ConsumeVarint(src[at:])
	if n < 0 {
		return 0, malformed(at, "the length of field %d is cut or too long", f.num)
	}
	at += n
	if size > uint64(len(src)-at) {
		return 0, malformed(at, "field %d has %d bytes, but %d are left", f.num, size, len(src)-at)
	}
	f.off, f.bits = int32(at), size
	return at + int(size), nil
}

// readGroup finds the end of a group.
func (f *field) readGroup(src []byte, at, depth int) (int, error) {
	if depth > maxDepth {
		return 0, &LimitError{Limit: maxDepth, Unit: "levels of messages"}
	}
	for at < len(src) {
		inner, next, err := readField(src, at, depth)
		if err != nil {
			return 0, err
		}
		if inner.typ != protowire.EndGroupType {
			at = next
			continue
		}
		if inner.num != f.num {
			return 0, malformed(at, "group %d ends as group %d", f.num, inner.num)
		}
		f.bits = uint64(at) - uint64(f.off)
		return next, nil
	}
	return 0, malformed(int(f.off), "group %d has no end", f.num)
}

// checkSize refuses what offsets of 32 bits cannot address.
func checkSize(body []byte) error {
	if len(body) > math.MaxInt32 {
		return &LimitError{Limit: math.MaxInt32, Unit: "bytes"}
	}
	return nil
}

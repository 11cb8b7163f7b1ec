package redact

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// number is how a number of protobuf stands on the wire and in text: its
// pseudonym is that of the decimal text, so that it is the same in JSON.
type number struct {
	typ  protowire.Type
	kind protoreflect.Kind
}

// numberOf returns how a field is written. One without a descriptor, or whose
// descriptor tells of another type of the wire, is taken for unsigned.
func numberOf(typ protowire.Type, desc protoreflect.FieldDescriptor) number {
	if desc != nil && wireType(desc.Kind()) == typ {
		return number{typ, desc.Kind()}
	}
	switch typ {
	case protowire.Fixed32Type:
		return number{typ, protoreflect.Fixed32Kind}
	case protowire.Fixed64Type:
		return number{typ, protoreflect.Fixed64Kind}
	}
	return number{typ, protoreflect.Uint64Kind}
}

// wireType is that of a value alone, not packed (Protocol Buffers' "Encoding").
func wireType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	}
	return protowire.VarintType
}

func isPackable(k protoreflect.Kind) bool {
	t := wireType(k)
	return t != protowire.BytesType && t != protowire.StartGroupType
}

// isChoice reports whether the numbers are names: they are left alone, as
// literals of JSON are.
func (n number) isChoice() bool {
	return n.kind == protoreflect.BoolKind || n.kind == protoreflect.EnumKind
}

// numeral replaces a number; of one whose name says nothing, only a card's.
func (p *pass) numeral(v []byte, n number, why verdict) []byte {
	if n.isChoice() {
		return nil
	}
	text := n.appendText(nil, n.bits(v))
	if text == nil {
		return nil
	}
	kind := fieldName
	if why != redacted {
		if len(text) < minCard || !isCard(text) || p.r.detectors&detectCard == 0 {
			return nil
		}
		kind = kindOf[detectCard]
	}
	m := mantissa(text)
	if p.check {
		return p.secret(text[:m], kind)
	}
	p.changed++
	var bits uint64
	p.draw.fitting(text[:m], func(out []byte) bool {
		whole := slices.Concat(out, text[m:])
		var ok bool
		bits, ok = n.parse(whole)
		return ok && bytes.Equal(n.appendText(nil, bits), whole)
	})
	return n.encode(bits)
}

// bits returns the value as it is encoded.
func (n number) bits(v []byte) uint64 {
	switch n.typ {
	case protowire.Fixed32Type:
		return uint64(binary.LittleEndian.Uint32(v))
	case protowire.Fixed64Type:
		return binary.LittleEndian.Uint64(v)
	}
	u, _ := protowire.ConsumeVarint(v)
	return u
}

func (n number) encode(bits uint64) []byte {
	switch n.typ {
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(nil, uint32(bits))
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(nil, bits)
	}
	return protowire.AppendVarint(nil, bits)
}

// Digits that a decimal keeps on its way through the binary form and back
// (FLT_DIG and DBL_DIG of IEEE 754).
const floatDigits, doubleDigits = 6, 15

// appendText appends the decimal text, nothing for what is no number.
func (n number) appendText(dst []byte, bits uint64) []byte {
	switch n.kind {
	case protoreflect.FloatKind:
		return appendFloat(dst, float64(math.Float32frombits(uint32(bits))), 32, floatDigits)
	case protoreflect.DoubleKind:
		return appendFloat(dst, math.Float64frombits(bits), 64, doubleDigits)
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return strconv.AppendInt(dst, protowire.DecodeZigZag(bits), 10)
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return strconv.AppendInt(dst, int64(int32(uint32(bits))), 10)
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(dst, int64(bits), 10)
	}
	return strconv.AppendUint(dst, bits, 10)
}

func appendFloat(dst []byte, f float64, size, digits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst
	}
	short := strconv.AppendFloat(dst, f, 'g', -1, size)
	if long := strconv.AppendFloat(nil, f, 'g', digits, size); len(long) < len(short)-len(dst) {
		return append(dst, long...)
	}
	return short
}

// parse returns false where the number does not fit its type.
func (n number) parse(text []byte) (uint64, bool) {
	s := string(text)
	size := 64
	switch n.kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		size = 32
	}
	switch n.kind {
	case protoreflect.FloatKind:
		f, err := strconv.ParseFloat(s, 32)
		return uint64(math.Float32bits(float32(f))), err == nil
	case protoreflect.DoubleKind:
		f, err := strconv.ParseFloat(s, 64)
		return math.Float64bits(f), err == nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		u, err := strconv.ParseUint(s, 10, size)
		return u, err == nil
	}
	i, err := strconv.ParseInt(s, 10, size)
	if n.kind == protoreflect.Sint32Kind || n.kind == protoreflect.Sint64Kind {
		return protowire.EncodeZigZag(i), err == nil
	}
	return uint64(i), err == nil
}

// packed replaces the elements of a packed list one by one; what is none is
// taken for bytes.
func (p *pass) packed(v []byte, f protoField) []byte {
	n := number{wireType(f.desc.Kind()), f.desc.Kind()}
	ed := editor{src: v}
	for i := 0; i < len(v); {
		size := protowire.ConsumeFieldValue(1, n.typ, v[i:])
		if size < 0 {
			ed.replace(i, len(v), p.opaque(v[i:], f.verdict))
			break
		}
		ed.replace(i, i+size, p.numeral(v[i:i+size], n, f.verdict))
		i += size
	}
	return ed.result()
}

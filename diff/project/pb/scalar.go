package pb

import (
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// number appends the value of a numeric field, whose bits are as the wire has
// them.
func (f *fieldType) number(dst []byte, bits uint64) []byte {
	switch f.kind {
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, bits != 0)
	case protoreflect.EnumKind:
		return f.enum.append(dst, int32(bits))
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return strconv.AppendInt(dst, int64(int32(bits)), 10)
	case protoreflect.Sint32Kind:
		return strconv.AppendInt(dst, int64(int32(protowire.DecodeZigZag(bits&math.MaxUint32))), 10)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.AppendUint(dst, uint64(uint32(bits)), 10)
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(dst, int64(bits), 10)
	case protoreflect.Sint64Kind:
		return strconv.AppendInt(dst, protowire.DecodeZigZag(bits), 10)
	case protoreflect.FloatKind:
		return appendFloat(dst, float64(math.Float32frombits(uint32(bits))), 32)
	case protoreflect.DoubleKind:
		return appendFloat(dst, math.Float64frombits(bits), 64)
	}
	return strconv.AppendUint(dst, bits, 10) // Uint64Kind, Fixed64Kind
}

// append appends the name of a value, or its number where it has none.
func (e *enumType) append(dst []byte, v int32) []byte {
	if e.null && v == 0 {
		return append(dst, "null"...)
	}
	if name := e.names[v]; name != "" {
		return append(dst, name...)
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// isDefault reports whether the wire's value is the default of a field of
// implicit presence. Negative zero is none.
func (f *fieldType) isDefault(v field) bool {
	switch f.kind {
	case protoreflect.Int32Kind, protoreflect.Uint32Kind, protoreflect.Sint32Kind, protoreflect.EnumKind:
		return uint32(v.bits) == 0
	}
	return v.bits == 0 // of strings and bytes, the length
}

// scalar appends a value that is no message.
func (e *encoder) scalar(f *fieldType, v field) error {
	switch f.kind {
	case protoreflect.StringKind:
		data := v.data(e.src)
		if f.utf8 && !utf8.Valid(data) {
			return malformed(int(v.off), "field %d is a string and not UTF-8", f.num)
		}
		e.out = appendString(e.out, data)
	case protoreflect.BytesKind:
		e.out = appendBase64(e.out, v.data(e.src))
	default:
		e.out = f.number(e.out, v.bits)
	}
	return nil
}

// zero appends the value that a scalar has where it was not sent.
func (f *fieldType) zero(dst []byte) []byte {
	if f.kind == protoreflect.StringKind || f.kind == protoreflect.BytesKind {
		return append(dst, `""`...)
	}
	return f.number(dst, 0)
}

// packed appends the numbers of a packed list.
func (e *encoder) packed(f *fieldType, v field) error {
	for at, end := int(v.off), int(v.off)+int(v.bits); at < end; {
		one := field{num: v.num, typ: f.wire}
		next, err := one.readValue(e.src[:end], at, 0)
		if err != nil {
			return err
		}
		e.out = f.number(comma(e.out), one.bits)
		at = next
	}
	return nil
}

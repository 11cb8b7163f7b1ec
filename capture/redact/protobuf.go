package redact

import (
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxMessages bounds messages inside of messages; protobuf's own limit is 100.
const maxMessages = 100

// protobuf replaces the secrets of a message in the wire format, and writes the
// lengths anew. Of a field without a descriptor, what reads as text is taken for
// a string, else for a message if it is one, else for bytes.
func (p *pass) protobuf(v []byte, desc protoreflect.MessageDescriptor, depth int) []byte {
	if depth > maxMessages {
		return p.runs(v)
	}
	ed := editor{src: v}
	for i := 0; i < len(v); {
		num, typ, tag := protowire.ConsumeTag(v[i:])
		if tag < 0 {
			ed.replace(i, len(v), p.runs(v[i:]))
			break
		}
		n := protowire.ConsumeFieldValue(num, typ, v[i+tag:])
		if n < 0 { // broken or cut
			ed.replace(i+tag, len(v), p.runs(v[i+tag:]))
			break
		}
		field := fieldOf(desc, num)
		ed.replace(i+tag, i+tag+n, p.fieldValue(v[i+tag:i+tag+n], typ, field, depth))
		i += tag + n
	}
	return ed.result()
}

func fieldOf(desc protoreflect.MessageDescriptor, num protowire.Number) protoreflect.FieldDescriptor {
	if desc == nil {
		return nil
	}
	return desc.Fields().ByNumber(num)
}

// fieldValue returns the new encoding of a field's value.
func (p *pass) fieldValue(v []byte, typ protowire.Type, field protoreflect.FieldDescriptor, depth int) []byte {
	secret := field != nil && (p.r.grpc.fields[field.FullName()] || p.verdict(inJSON, []byte(field.Name())) == redacted)
	switch typ {
	case protowire.BytesType:
		data, _ := protowire.ConsumeBytes(v)
		if out := p.bytesField(data, field, secret, depth); out != nil {
			return protowire.AppendBytes(nil, out)
		}
	case protowire.VarintType:
		if secret && field.Kind() != protoreflect.BoolKind && field.Kind() != protoreflect.EnumKind {
			return p.varint(v)
		}
	case protowire.StartGroupType:
		return p.group(v, field, depth)
	}
	return nil
}

func (p *pass) bytesField(data []byte, field protoreflect.FieldDescriptor, secret bool, depth int) []byte {
	if len(data) == 0 {
		return nil
	}
	isMessage := field != nil && field.Message() != nil
	switch {
	case secret && !isMessage:
		return p.named(data)
	case isMessage:
		return p.protobuf(data, field.Message(), depth+1)
	case field != nil && field.Kind() == protoreflect.StringKind, isReadable(data):
		return p.value(data)
	case field == nil && isMessageLike(data):
		return p.protobuf(data, nil, depth+1)
	}
	return p.runs(data)
}

// group replaces the secrets of a group; v ends with the tag of its end.
func (p *pass) group(v []byte, field protoreflect.FieldDescriptor, depth int) []byte {
	var desc protoreflect.MessageDescriptor
	if field != nil {
		desc = field.Message()
	}
	ed := editor{src: v}
	end := groupEnd(v)
	ed.replace(0, end, p.protobuf(v[:end], desc, depth+1))
	return ed.result()
}

// groupEnd returns where the tag of the end begins.
func groupEnd(v []byte) int {
	for i := 0; i < len(v); {
		num, typ, tag := protowire.ConsumeTag(v[i:])
		if tag < 0 || typ == protowire.EndGroupType {
			return i
		}
		n := protowire.ConsumeFieldValue(num, typ, v[i+tag:])
		if n < 0 {
			return i
		}
		i += tag + n
	}
	return len(v)
}

// varint replaces the digits of a number.
func (p *pass) varint(v []byte) []byte {
	n, _ := protowire.ConsumeVarint(v)
	out := p.named(strconv.AppendUint(nil, n, 10))
	if out == nil {
		return nil
	}
	m, err := strconv.ParseUint(string(out), 10, 64)
	if err != nil { // twenty digits may be too many
		m, _ = strconv.ParseUint(string(out[1:]), 10, 64)
	}
	return protowire.AppendVarint(nil, m)
}

// isReadable reports whether data is text: UTF-8 without control characters.
func isReadable(data []byte) bool {
	for _, c := range data {
		if c < ' ' && !isSpace(c) || c == 0x7F {
			return false
		}
	}
	return utf8.Valid(data)
}

func isMessageLike(data []byte) bool {
	for len(data) > 0 {
		_, _, n := protowire.ConsumeField(data)
		if n < 0 {
			return false
		}
		data = data[n:]
	}
	return true
}

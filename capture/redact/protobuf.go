package redact

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxMessages bounds messages inside of messages; protobuf's own limit is 100.
const maxMessages = 100

// message is one message of the walk: its type, nil where that is not known, and
// what its fields inherit.
type message struct {
	desc     protoreflect.MessageDescriptor
	inherits verdict
	depth    int
	key      []byte // of a map's entry: it names the value
	url      []byte // of an Any: the type of its value
}

// protobuf replaces the secrets of a message in the wire format, and writes the
// lengths anew. What is no message is looked at as text, unless it was cut.
func (p *pass) protobuf(v []byte, m message) []byte {
	if m.depth > maxMessages || !p.cut && !isMessageLike(v) {
		return p.opaque(v, m.inherits)
	}
	cut := p.cut
	p.cut = false
	defer func() { p.cut = cut }()
	ed := editor{src: v}
	for i := 0; i < len(v); {
		num, typ, tag := protowire.ConsumeTag(v[i:])
		if tag < 0 { // a part of a tag holds no value
			break
		}
		i += tag
		f := p.fieldOf(&m, num)
		n := protowire.ConsumeFieldValue(num, typ, v[i:])
		if n < 0 {
			p.cut = cut
			ed.replace(i, len(v), p.cutValue(v[i:], typ, f))
			break
		}
		m.remember(num, v[i:i+n])
		ed.replace(i, i+n, p.fieldValue(v[i:i+n], typ, f))
		i += n
	}
	return ed.result()
}

// remember keeps what tells of the fields that follow.
func (m *message) remember(num protowire.Number, v []byte) {
	if num != 1 || m.desc == nil {
		return
	}
	data, _ := protowire.ConsumeBytes(v)
	switch {
	case m.desc.IsMapEntry() && m.desc.Fields().ByNumber(1).Kind() == protoreflect.StringKind:
		m.key = data
	case m.desc.FullName() == anyName:
		m.url = data
	}
}

// protoField is a field of the walk. The zero descriptor is one that is not
// known.
type protoField struct {
	desc    protoreflect.FieldDescriptor
	verdict verdict
	inside  protoreflect.MessageDescriptor // of the message that it holds
	depth   int
}

func (p *pass) fieldOf(m *message, num protowire.Number) protoField {
	f := protoField{verdict: m.inherits, depth: m.depth + 1}
	if m.desc == nil {
		return f
	}
	if f.desc = p.r.grpc.field(m.desc, num); f.desc == nil {
		return f
	}
	f.inside = f.desc.Message()
	switch {
	case m.desc.IsMapEntry() && num == 1:
		f.verdict = open // names are left to the detectors, as those of JSON are
	case m.desc.IsMapEntry() && f.verdict == open && len(m.key) > 0:
		f.verdict = p.verdict(inJSON, m.key)
	case m.desc.FullName() == anyName && num == 2:
		f.inside = p.r.grpc.byURL(m.url)
	case m.desc.FullName() == anyName:
		f.verdict = kept
	case f.verdict == open:
		f.verdict = p.byField(f.desc)
	}
	return f
}

func (p *pass) byField(desc protoreflect.FieldDescriptor) verdict {
	if v := p.view.fields[desc.FullName()]; v != open {
		return v
	}
	return p.verdict(inJSON, bytesOf(string(desc.Name())))
}

// fieldValue returns the new encoding of a field's value.
func (p *pass) fieldValue(v []byte, typ protowire.Type, f protoField) []byte {
	if f.verdict == kept {
		return nil
	}
	outer := p.name
	if f.desc != nil {
		p.name = string(f.desc.FullName())
	}
	defer func() { p.name = outer }()
	switch typ {
	case protowire.BytesType:
		data, _ := protowire.ConsumeBytes(v)
		if out := p.bytesField(data, f); out != nil {
			return protowire.AppendBytes(nil, out)
		}
	case protowire.StartGroupType:
		return p.group(v, f)
	case protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type:
		return p.numeral(v, numberOf(typ, f.desc), f.verdict)
	}
	return nil
}

// cutValue replaces what is left of the last field's value. The length that it
// tells grows by what the value does, so that what is missing stays missing.
func (p *pass) cutValue(v []byte, typ protowire.Type, f protoField) []byte {
	if f.verdict == kept {
		return nil
	}
	switch typ {
	case protowire.BytesType:
		size, n := protowire.ConsumeVarint(v)
		if n < 0 {
			return nil // a part of a length
		}
		out := p.bytesField(v[n:], f)
		if out == nil {
			return nil
		}
		size += uint64(len(out)) - uint64(len(v)-n)
		return append(protowire.AppendVarint(nil, size), out...)
	case protowire.StartGroupType:
		return p.protobuf(v, message{desc: f.inside, inherits: f.verdict, depth: f.depth})
	}
	if f.verdict == redacted {
		return make([]byte, len(v)) // a part of a number, which cannot be drawn
	}
	return nil
}

func (p *pass) bytesField(data []byte, f protoField) []byte {
	if len(data) == 0 {
		return nil
	}
	switch {
	case f.inside != nil:
		return p.protobuf(data, message{desc: f.inside, inherits: f.verdict, depth: f.depth})
	case f.desc == nil && isNested(data):
		return p.protobuf(data, message{inherits: f.verdict, depth: f.depth})
	case f.desc != nil && isPackable(f.desc.Kind()) && f.desc.IsList() && (f.verdict == redacted || !isReadable(data)):
		return p.packed(data, f) // what reads as text is of another type than the descriptors tell
	case f.verdict != redacted && f.desc != nil && f.desc.Kind() == protoreflect.StringKind:
		return p.value(data)
	}
	return p.opaque(data, f.verdict)
}

// opaque replaces the secrets of what may be text or not.
func (p *pass) opaque(v []byte, why verdict) []byte {
	switch {
	case why == redacted:
		return p.named(v)
	case isReadable(v):
		return p.value(v)
	}
	return p.runs(v)
}

// group replaces the secrets of a group; v ends with the tag of its end.
func (p *pass) group(v []byte, f protoField) []byte {
	ed := editor{src: v}
	end := groupEnd(v)
	ed.replace(0, end, p.protobuf(v[:end], message{desc: f.inside, inherits: f.verdict, depth: f.depth}))
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

// isNested reports whether a value of which no descriptor tells is a message. One
// of strings may read as text, since the tags of low fields are line ends: then
// it is taken for a message if it begins with such, or has nothing but fields
// that tell their length. By chance a text does so once in some hundred times.
func isNested(data []byte) bool {
	if !isMessageLike(data) {
		return false
	}
	return !isReadable(data) || data[0] < ' ' || isAllBytes(data)
}

func isAllBytes(data []byte) bool {
	for len(data) > 0 {
		_, typ, n := protowire.ConsumeField(data)
		if n < 0 || typ != protowire.BytesType {
			return false
		}
		data = data[n:]
	}
	return true
}

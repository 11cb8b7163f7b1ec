package pb

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// message is what is needed to write the messages of one type.
type message struct {
	name   protoreflect.FullName
	fields map[int32]*fieldType
	low    [32]*fieldType // those of fields with low numbers, once more
	oneofs int
	form   form
}

// fieldType is what is needed to write one field.
type fieldType struct {
	num    int32
	member string // `"name":`
	kind   protoreflect.Kind
	wire   protowire.Type
	list   bool
	// implicit fields are left out where they have their default.
	implicit bool
	utf8     bool
	oneof    int // from 1; 0 stands for none
	enum     *enumType
	message  *message
	key, val *fieldType // of a map
}

type enumType struct {
	names map[int32]string // in quotes
	null  bool
}

func (m *message) field(num int32) *fieldType {
	if uint32(num) < uint32(len(m.low)) {
		return m.low[num]
	}
	return m.fields[num]
}

// takes reports whether a field that was sent as typ is of this type. A list of
// numbers may be packed or not, whatever it was declared to be.
func (f *fieldType) takes(typ protowire.Type) bool {
	return typ == f.wire || typ == protowire.BytesType && f.list && f.isNumber()
}

func (f *fieldType) isNumber() bool { return f.wire != protowire.BytesType && f.message == nil }

// planner builds the plans of all messages, each once.
type planner struct {
	messages map[protoreflect.FullName]*message
	enums    map[protoreflect.FullName]*enumType
}

func (p *planner) message(d protoreflect.MessageDescriptor) *message {
	if m := p.messages[d.FullName()]; m != nil {
		return m
	}
	m := &message{name: d.FullName(), fields: make(map[int32]*fieldType, d.Fields().Len()), oneofs: d.Oneofs().Len(), form: forms[d.FullName()]}
	p.messages[d.FullName()] = m
	for i := range d.Fields().Len() {
		m.add(p.field(d.Fields().Get(i)))
	}
	if !m.form.fits(m) {
		m.form = formOrdinary
	}
	return m
}

func (m *message) add(f *fieldType) {
	m.fields[f.num] = f
	if int(f.num) < len(m.low) {
		m.low[f.num] = f
	}
}

// oneofOf leaves out a oneof that was made up for one field: what proto3
// calls optional.
func oneofOf(d protoreflect.FieldDescriptor) int {
	if o := d.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o.Index() + 1
	}
	return 0
}

func (p *planner) field(d protoreflect.FieldDescriptor) *fieldType {
	f := &fieldType{
		num:      int32(d.Number()),
		member:   string(appendString(nil, d.TextName())) + ":",
		kind:     d.Kind(),
		wire:     wireTypes[d.Kind()],
		list:     d.IsList(),
		implicit: !d.HasPresence() && d.Cardinality() != protoreflect.Repeated,
		utf8:     isChecked(d),
		oneof:    oneofOf(d),
	}
	switch {
	case d.IsMap():
		f.key, f.val = p.field(d.MapKey()), p.field(d.MapValue())
		f.wire = protowire.BytesType
	case d.Message() != nil:
		f.message = p.message(d.Message())
	case d.Enum() != nil:
		f.enum = p.enum(d.Enum())
	}
	return f
}

// isChecked reports whether strings of the field must be UTF-8: those of proto2
// need not be.
func isChecked(d protoreflect.FieldDescriptor) bool {
	if d.Kind() != protoreflect.StringKind {
		return false
	}
	if checked, ok := d.(interface{ EnforceUTF8() bool }); ok {
		return checked.EnforceUTF8()
	}
	return d.ParentFile().Syntax() != protoreflect.Proto2
}

func (p *planner) enum(d protoreflect.EnumDescriptor) *enumType {
	if e := p.enums[d.FullName()]; e != nil {
		return e
	}
	e := &enumType{names: make(map[int32]string, d.Values().Len()), null: d.FullName() == "google.protobuf.NullValue"}
	p.enums[d.FullName()] = e
	for i := range d.Values().Len() {
		v := d.Values().Get(i)
		if num := int32(v.Number()); e.names[num] == "" { // of aliases, the first
			e.names[num] = string(appendString(nil, string(v.Name())))
		}
	}
	return e
}

var wireTypes = map[protoreflect.Kind]protowire.Type{
	protoreflect.BoolKind:     protowire.VarintType,
	protoreflect.EnumKind:     protowire.VarintType,
	protoreflect.Int32Kind:    protowire.VarintType,
	protoreflect.Sint32Kind:   protowire.VarintType,
	protoreflect.Uint32Kind:   protowire.VarintType,
	protoreflect.Int64Kind:    protowire.VarintType,
	protoreflect.Sint64Kind:   protowire.VarintType,
	protoreflect.Uint64Kind:   protowire.VarintType,
	protoreflect.Sfixed32Kind: protowire.Fixed32Type,
	protoreflect.Fixed32Kind:  protowire.Fixed32Type,
	protoreflect.FloatKind:    protowire.Fixed32Type,
	protoreflect.Sfixed64Kind: protowire.Fixed64Type,
	protoreflect.Fixed64Kind:  protowire.Fixed64Type,
	protoreflect.DoubleKind:   protowire.Fixed64Type,
	protoreflect.StringKind:   protowire.BytesType,
	protoreflect.BytesKind:    protowire.BytesType,
	protoreflect.MessageKind:  protowire.BytesType,
	protoreflect.GroupKind:    protowire.StartGroupType,
}

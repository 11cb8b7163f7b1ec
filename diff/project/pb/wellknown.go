package pb

import (
	"bytes"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// form is how messages of a well-known type are written (ProtoJSON format,
// "Representation of each type").
type form uint8

const (
	formOrdinary form = iota
	formAny
	formTimestamp
	formDuration
	formWrapper
	formStruct
	formValue
	formListValue
	formFieldMask
	formEmpty
)

var forms = map[protoreflect.FullName]form{
	"google.protobuf.Any":         formAny,
	"google.protobuf.Timestamp":   formTimestamp,
	"google.protobuf.Duration":    formDuration,
	"google.protobuf.BoolValue":   formWrapper,
	"google.protobuf.Int32Value":  formWrapper,
	"google.protobuf.Int64Value":  formWrapper,
	"google.protobuf.UInt32Value": formWrapper,
	"google.protobuf.UInt64Value": formWrapper,
	"google.protobuf.FloatValue":  formWrapper,
	"google.protobuf.DoubleValue": formWrapper,
	"google.protobuf.StringValue": formWrapper,
	"google.protobuf.BytesValue":  formWrapper,
	"google.protobuf.Struct":      formStruct,
	"google.protobuf.Value":       formValue,
	"google.protobuf.ListValue":   formListValue,
	"google.protobuf.FieldMask":   formFieldMask,
	"google.protobuf.Empty":       formEmpty,
}

// formFields is how many fields the types of a form have.
var formFields = map[form]int{
	formAny: 2, formTimestamp: 2, formDuration: 2, formWrapper: 1, formStruct: 1, formValue: 6, formListValue: 1, formFieldMask: 1,
}

// fits reports whether the type has the fields that its form needs: descriptors
// may give the name to anything.
func (f form) fits(m *message) bool {
	has := func(num int32, kind protoreflect.Kind, list bool) bool {
		t := m.fields[num]
		return t != nil && t.kind == kind && t.list == list
	}
	if len(m.fields) != formFields[f] && f != formOrdinary {
		return false
	}
	switch f {
	case formAny:
		return has(1, protoreflect.StringKind, false) && has(2, protoreflect.BytesKind, false)
	case formTimestamp, formDuration:
		return has(1, protoreflect.Int64Kind, false) && has(2, protoreflect.Int32Kind, false)
	case formWrapper:
		return m.fields[1] != nil && m.fields[1].message == nil && !m.fields[1].list
	case formStruct:
		return m.fields[1] != nil && m.fields[1].key != nil
	case formListValue:
		return has(1, protoreflect.MessageKind, true)
	case formFieldMask:
		return has(1, protoreflect.StringKind, true)
	}
	return true
}

// special writes a message of a well-known type in its own form. It reports
// false, having written nothing, where the message is none or has no such form.
func (e *encoder) special(m *message, fields []field) (bool, error) {
	if m.form == formOrdinary || slices.ContainsFunc(fields, func(f field) bool {
		t := m.field(f.num)
		return t == nil || !t.takes(f.typ)
	}) {
		return false, nil
	}
	switch m.form {
	case formAny:
		return e.any(fields)
	case formTimestamp:
		return e.timestamp(fields), nil
	case formDuration:
		return e.duration(fields), nil
	case formWrapper:
		return true, e.entryValue(m.field(1), fields)
	case formStruct:
		return e.structure(m.field(1), fields)
	case formValue:
		return e.value(m, fields)
	case formListValue:
		return true, e.list(m.field(1), fields)
	case formFieldMask:
		return e.fieldMask(fields), nil
	}
	e.out = append(e.out, "{}"...) // formEmpty: it has no fields
	return true, nil
}

// last returns the last field of the number; without one, the zero field.
func last(fields []field, num int32) field {
	var found field
	for _, f := range fields {
		if f.num == num {
			found = f
		}
	}
	return found
}

const nanosPerSecond = 1_000_000_000

// The range of a Timestamp is from year 1 to 9999.
const (
	minTimestamp = -62135596800
	maxTimestamp = 253402300799
)

func (e *encoder) timestamp(fields []field) bool {
	seconds, nanos := int64(last(fields, 1).bits), int32(last(fields, 2).bits)
	if seconds < minTimestamp || seconds > maxTimestamp || nanos < 0 || nanos >= nanosPerSecond {
		return false
	}
	e.out = time.Unix(seconds, int64(nanos)).UTC().AppendFormat(append(e.out, '"'), "2006-01-02T15:04:05.000000000")
	e.out = append(trimFraction(e.out), `Z"`...)
	return true
}

// maxDuration is some 10000 years, in seconds.
const maxDuration = 315_576_000_000

func (e *encoder) duration(fields []field) bool {
	seconds, nanos := int64(last(fields, 1).bits), int32(last(fields, 2).bits)
	if seconds < -maxDuration || seconds > maxDuration || nanos <= -nanosPerSecond || nanos >= nanosPerSecond ||
		seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0 {
		return false
	}
	sign := ""
	if seconds < 0 || nanos < 0 {
		sign, seconds, nanos = "-", -seconds, -nanos
	}
	e.out = fmt.Appendf(append(e.out, '"'), "%s%d.%09d", sign, seconds, nanos)
	e.out = append(trimFraction(e.out), `s"`...)
	return true
}

// trimFraction leaves 9, 6, 3 or no digits behind the point, as protojson does.
func trimFraction(text []byte) []byte {
	text = bytes.TrimSuffix(text, zeros[1:])
	text = bytes.TrimSuffix(text, zeros[1:])
	return bytes.TrimSuffix(text, zeros)
}

var zeros = []byte(".000")

func (e *encoder) structure(t *fieldType, fields []field) (bool, error) {
	mark := len(e.out)
	odd, err := e.mapping(t, fields)
	if len(odd) > 0 {
		e.out = e.out[:mark]
	}
	return len(odd) == 0, err
}

// value writes a Value; one that holds nothing has no form of its own.
func (e *encoder) value(m *message, fields []field) (bool, error) {
	if len(fields) == 0 || fields[0].num != fields[len(fields)-1].num {
		return false, nil
	}
	return true, e.entryValue(m.field(fields[0].num), fields)
}

// fieldMask writes the paths with commas between them, unless one has a comma.
func (e *encoder) fieldMask(fields []field) bool {
	paths := make([][]byte, len(fields))
	for i, f := range fields {
		paths[i] = f.data(e.src)
		if bytes.IndexByte(paths[i], ',') >= 0 || len(paths[i]) == 0 || !utf8.Valid(paths[i]) {
			return false
		}
	}
	e.out = appendString(e.out, bytes.Join(paths, []byte{','}))
	return true
}

package pb

import (
	"bytes"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// any writes an Any with the message that it holds: in the wire view where its
// type is not known. One whose value is no such message is an ordinary object.
func (e *encoder) any(fields []field) (bool, error) {
	url, value := last(fields, 1).data(e.src), last(fields, 2)
	if len(url) == 0 || !utf8.Valid(url) {
		return false, nil
	}
	out, mark, depth := len(e.out), len(e.fields), e.depth
	e.out = appendString(append(e.out, `{"@type":`...), url)
	var err error
	switch m := e.d.byURL(url); {
	case m == nil:
		err = e.foreign(url, value)
	case m.form == formOrdinary:
		if fields, err = e.enter(m, []field{value}); err == nil {
			err = e.members(m, fields)
		}
	default:
		e.out = append(e.out, `,"value":`...)
		err = e.object(m, []field{value})
	}
	e.leave(mark)
	e.depth = depth
	if isMalformed(err) {
		e.out = e.out[:out]
		return false, nil
	}
	e.out = append(e.out, '}')
	return true, err
}

// foreign writes the value of an Any whose type is not known.
func (e *encoder) foreign(url []byte, value field) error {
	if value.bits == 0 {
		return nil
	}
	shape := e.pools.shape(poolKey{name: string(url)}, e.src, value)
	if shape == nil {
		return nil
	}
	e.out = append(e.out, `,"value":`...)
	return e.wireValue(shape, value)
}

// byURL returns the type of an Any's message: the name stands behind the last
// slash. It returns nil where it is not known.
func (d *Descriptors) byURL(url []byte) *message {
	if d == nil {
		return nil
	}
	return d.messages[protoreflect.FullName(url[bytes.LastIndexByte(url, '/')+1:])]
}

package pb

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// untyped is the type of messages of which there is no description.
var untyped = &message{}

// untypedMessage writes a message without description.
func (e *encoder) untypedMessage(f field) error {
	if shape := e.pools.shape(poolKey{num: wholeMessage}, e.src, f); shape != nil {
		return e.wireObject(shape, f)
	}
	mark := len(e.fields)
	_, err := e.enter(untyped, []field{f})
	e.leave(mark)
	return err
}

// unknown writes fields of one number that the type of the message does not
// have. While shapes are collected it writes nothing.
func (e *encoder) unknown(m *message, run []field) error {
	shape := e.pools.shape(poolKey{string(m.name), run[0].num}, e.src, run...)
	if shape == nil {
		return nil
	}
	e.out = appendNumbered(e.out, "#", run[0].num)
	return e.wireArray(shape, run)
}

func (e *encoder) wireArray(s *shape, run []field) error {
	e.out = append(e.out, '[')
	for _, f := range run {
		e.out = comma(e.out)
		if err := e.wireValue(s, f); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

func (e *encoder) wireObject(s *shape, f field) error {
	mark := len(e.fields)
	fields, err := e.enter(untyped, []field{f})
	if err != nil {
		return err
	}
	e.out = append(e.out, '{')
	for len(fields) > 0 {
		n := endOfRun(fields, 0)
		e.out = appendNumbered(e.out, "", fields[0].num)
		if err := e.wireArray(s.fields[fields[0].num], fields[:n]); err != nil {
			return err
		}
		fields = fields[n:]
	}
	e.out = append(e.out, '}')
	e.leave(mark)
	return nil
}

// wireValue writes one value as its shape says; nil stands for none.
func (e *encoder) wireValue(s *shape, f field) error {
	if s == nil {
		s = &shape{}
	}
	switch f.typ {
	case protowire.Fixed32Type:
		if s.float32 {
			e.out = appendFloat(e.out, float64(math.Float32frombits(uint32(f.bits))), 32)
			return nil
		}
		e.out = strconv.AppendInt(e.out, int64(int32(f.bits)), 10)
	case protowire.Fixed64Type:
		if s.float64 {
			e.out = appendFloat(e.out, math.Float64frombits(f.bits), 64)
			return nil
		}
		e.out = strconv.AppendInt(e.out, int64(f.bits), 10)
	case protowire.BytesType, protowire.StartGroupType:
		return e.wireBytes(s, f)
	default:
		e.out = strconv.AppendInt(e.out, int64(f.bits), 10)
	}
	return nil
}

func (e *encoder) wireBytes(s *shape, f field) error {
	switch {
	case (s.reading == asMessage || f.typ == protowire.StartGroupType) && e.depth < maxDepth:
		return e.wireObject(s, f)
	case s.reading == asText && f.typ == protowire.BytesType:
		e.out = appendString(e.out, f.data(e.src))
	default:
		e.out = appendBase64(e.out, f.data(e.src))
	}
	return nil
}

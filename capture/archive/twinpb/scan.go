package twinpb

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// The wire types that twin.proto uses; a field's key is its number<<3 | type.
const (
	varint = uint64(protowire.VarintType)
	length = uint64(protowire.BytesType)
)

// scanner walks the fields of one message.
type scanner struct {
	rest []byte
	// key is the number and type of the field that next found, varint or bytes
	// its value. A field of another type has neither.
	key    uint64
	varint uint64
	bytes  []byte
	err    error
}

// next goes to the next field. It returns false at the end and at damage, which
// is then in err.
func (s *scanner) next() bool {
	if len(s.rest) == 0 || s.err != nil {
		return false
	}
	num, typ, n := protowire.ConsumeTag(s.rest)
	if n < 0 {
		return s.fail(n)
	}
	s.key = uint64(num)<<3 | uint64(typ)
	s.rest = s.rest[n:]
	switch typ {
	case protowire.VarintType:
		s.varint, n = protowire.ConsumeVarint(s.rest)
	case protowire.BytesType:
		s.bytes, n = protowire.ConsumeBytes(s.rest)
	default:
		n = protowire.ConsumeFieldValue(num, typ, s.rest)
	}
	if n < 0 {
		return s.fail(n)
	}
	s.rest = s.rest[n:]
	return true
}

func (s *scanner) fail(n int) bool {
	s.err = protowire.ParseError(n)
	return false
}

// text returns the value as a string: last where it is the same, which saves
// the copy.
func (s *scanner) text(last string) string {
	if string(s.bytes) == last {
		return last
	}
	return string(s.bytes)
}

// wrap names the message that the damage is in, if there is any.
func (s *scanner) wrap(message string) error {
	if s.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", message, s.err)
}

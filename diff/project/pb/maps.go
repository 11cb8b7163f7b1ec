package pb

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// entry is one entry of a map: where its key stands in the encoder's keys, and
// its fields in the encoder's fields.
type entry struct {
	key, keyEnd int
	from, to    int
}

// mapping writes a map, of each key the entry that came last. It returns the
// entries that hold more than a key and a value.
func (e *encoder) mapping(t *fieldType, run []field) (odd []field, err error) {
	fields, entries, keys := len(e.fields), len(e.entries), len(e.keys)
	for _, f := range run {
		sound, err := e.readEntry(t, f)
		if err != nil {
			return nil, err
		}
		if !sound {
			odd = append(odd, f)
		}
	}
	slices.SortStableFunc(e.entries[entries:], func(a, b entry) int {
		return bytes.Compare(e.keys[a.key:a.keyEnd], e.keys[b.key:b.keyEnd])
	})
	e.out = append(e.out, '{')
	for i, end := entries, len(e.entries); i < end; i++ {
		if i+1 < end && bytes.Equal(e.keyOf(i), e.keyOf(i+1)) {
			continue
		}
		e.out = append(append(comma(e.out), e.keyOf(i)...), ':')
		if err := e.entryValue(t.val, e.fields[e.entries[i].from:e.entries[i].to]); err != nil {
			return nil, err
		}
	}
	e.out = append(e.out, '}')
	e.fields, e.entries, e.keys = e.fields[:fields], e.entries[:entries], e.keys[:keys]
	return odd, nil
}

func (e *encoder) keyOf(i int) []byte { return e.keys[e.entries[i].key:e.entries[i].keyEnd] }

// readEntry puts one entry on the stacks, of its fields those of the value. It
// reports whether that is all there is.
func (e *encoder) readEntry(t *fieldType, f field) (sound bool, err error) {
	from := len(e.fields)
	if e.fields, err = appendFields(e.fields, e.src, int(f.off), int(f.off)+int(f.bits)); err != nil {
		return false, err
	}
	key, at, sound := field{num: -1}, from, true
	for _, f := range e.fields[from:] {
		switch {
		case f.num == 1 && t.key.takes(f.typ):
			key = f
		case f.num == 2 && t.val.takes(f.typ):
			e.fields[at] = f
			at++
		default:
			sound = false
		}
	}
	e.fields = e.fields[:at]
	one := entry{key: len(e.keys), from: from, to: at}
	err = e.appendKey(t.key, key)
	one.keyEnd = len(e.keys)
	e.entries = append(e.entries, one)
	return sound, err
}

// appendKey puts the name that a key gives on the stack; a key that was not
// sent is the default.
func (e *encoder) appendKey(t *fieldType, f field) error {
	if t.kind != protoreflect.StringKind {
		e.keys = append(t.number(append(e.keys, '"'), f.bits), '"')
		return nil
	}
	data := f.data(e.src)
	if t.utf8 && !utf8.Valid(data) {
		return malformed(int(f.off), "the key of a map is a string and not UTF-8")
	}
	e.keys = appendString(e.keys, data)
	return nil
}

func (e *encoder) entryValue(t *fieldType, values []field) error {
	switch {
	case t.message != nil:
		return e.object(t.message, values)
	case len(values) == 0:
		e.out = t.zero(e.out)
		return nil
	}
	return e.scalar(t, values[len(values)-1])
}

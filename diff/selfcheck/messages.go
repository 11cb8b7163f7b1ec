package selfcheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"twinspect.dev/capture/grpcmsg"
	"twinspect.dev/diff"
)

// length is where a message or a string has its length in bytes: as a varint, or
// in four bytes as gRPC has it.
type length struct {
	at    span
	value uint64
	fixed bool
}

// wireField is one field of a message, as it is on the wire.
type wireField struct {
	whole, value span
	kind         protowire.Type
	text         bool
	// around are the lengths that count the field, the outermost first.
	around []length
	// own is that of its value.
	own length
}

// wireFields keeps for each path of numbers one of the fields there.
type wireFields struct {
	*maker
	around []length
	found  map[string]*foundField
	order  []*foundField
}

type foundField struct {
	path string
	wireField
	times uint64
}

// maxNesting is how deep messages may lie in each other before they are bytes, as
// protobuf allows.
const maxNesting = 100

// messages changes protobuf messages, which have the prefix of gRPC each if they
// are framed; it is false where the grammar is broken.
func (m *maker) messages(framed bool) bool {
	w := &wireFields{maker: m, found: make(map[string]*foundField)}
	if !framed {
		if !isMessage(m.body) {
			return false
		}
		w.message(span{0, len(m.body)}, "$", 0)
		return w.mutate()
	}
	at := 0
	for message, err := range grpcmsg.Split(m.body) {
		if err != nil {
			break // or the trailers of gRPC-Web
		}
		size := span{at + 1, at + grpcmsg.PrefixSize}
		at = size.end + len(message.Data)
		if !message.Compressed && isMessage(message.Data) {
			w.around = []length{{size, uint64(len(message.Data)), true}}
			w.message(span{size.end, at}, asRows.Path, 0)
		}
	}
	return w.mutate()
}

func isMessage(b []byte) bool {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// message enters the fields of what is known to be a message.
func (w *wireFields) message(s span, path string, depth int) {
	for at := s.start; at < s.end; {
		number, kind, tag := protowire.ConsumeTag(w.body[at:s.end])
		size := protowire.ConsumeFieldValue(number, kind, w.body[at+tag:s.end])
		f := wireField{whole: span{at, at + tag + size}, value: span{at + tag, at + tag + size}, kind: kind}
		at = f.whole.end
		below := fmt.Sprintf("%s['%d']", path, number)
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(w.body[f.value.start:f.value.end])
			f.own = length{at: span{f.value.start, f.value.end - len(value)}, value: uint64(len(value))}
			f.value.start = f.own.at.end
			f.text = isWords(value)
			if !f.text && len(value) > 0 && depth < maxNesting && isMessage(value) {
				w.around = append(w.around, f.own)
				w.message(f.value, below, depth+1)
				w.around = w.around[:len(w.around)-1]
			}
		}
		w.offer(below, &f)
	}
}

// isWords reports whether a value is a string of text; messages hold control
// characters, as the first numbers of fields are.
func isWords(b []byte) bool {
	return utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < ' ' }) < 0
}

func (w *wireFields) offer(path string, field *wireField) {
	f := w.found[path]
	if f == nil {
		if len(w.order) >= maxPlaces || len(path) > maxPath {
			w.beyond++
			return
		}
		f = &foundField{path: path}
		w.found[path] = f
		w.order = append(w.order, f)
	}
	if f.times++; w.rng.Uint64N(f.times) == 0 {
		f.wireField = *field
		f.around = slices.Clone(w.around)
	}
}

func (w *wireFields) mutate() bool {
	for _, f := range w.order {
		at := diff.Place{Part: diff.Body, Path: f.path}
		w.resized(at, Drop, f.around, edit{f.whole.start, f.whole.end, nil})
		value := w.body[f.value.start:f.value.end]
		become := func(name Mutation, text []byte) {
			w.resized(at, name, f.around, edit{f.value.start, f.value.end, text})
		}
		switch f.kind {
		case protowire.VarintType:
			n, _ := protowire.ConsumeVarint(value)
			become(Increment, protowire.AppendVarint(nil, n+1))
			become(Decrement, protowire.AppendVarint(nil, n-1))
		case protowire.Fixed32Type:
			become(Increment, binary.LittleEndian.AppendUint32(nil, binary.LittleEndian.Uint32(value)+1))
		case protowire.Fixed64Type:
			become(Increment, binary.LittleEndian.AppendUint64(nil, binary.LittleEndian.Uint64(value)+1))
		case protowire.BytesType:
			w.bytesField(at, f, value)
		}
	}
	return len(w.order) > 0
}

// bytesField changes a string, bytes or a message.
func (w *wireFields) bytesField(at diff.Place, f *foundField, value []byte) {
	if len(value) == 0 {
		return
	}
	w.resized(at, Empty, append(slices.Clip(f.around), f.own), edit{f.value.start, f.value.end, nil})
	switch changed := w.character(value, nil); {
	case f.text && changed != nil:
		w.add(at, Character, edit{f.value.start, f.value.end, changed})
	case f.text || isMessage(value):
	default:
		i := w.rng.IntN(len(value))
		w.add(at, Character, edit{f.value.start + i, f.value.start + i + 1, []byte{value[i] ^ 1}})
	}
}

// resized adds a mutation by one edit and those of the lengths around it, each of
// which may itself become longer or shorter.
func (w *wireFields) resized(at diff.Place, name Mutation, around []length, e edit) {
	edits := []edit{e}
	grown := len(e.text) - (e.end - e.start)
	for _, l := range slices.Backward(around) {
		if grown == 0 {
			break
		}
		size := uint64(int64(l.value) + int64(grown))
		text := protowire.AppendVarint(nil, size)
		if l.fixed {
			text = binary.BigEndian.AppendUint32(nil, uint32(size))
		}
		grown += len(text) - (l.at.end - l.at.start)
		edits = append(edits, edit{l.at.start, l.at.end, text})
	}
	slices.Reverse(edits)
	w.add(at, name, edits...)
}

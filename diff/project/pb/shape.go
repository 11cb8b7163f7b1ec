package pb

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// reading is what a length-delimited value is taken for.
type reading uint8

const (
	asBytes reading = iota
	asText
	asMessage
)

// shape is how the values of one path in the wire view are read.
type shape struct {
	reading          reading
	float32, float64 bool
	fields           map[int32]*shape
}

// sample is one value, and which of the sources it points into.
type sample struct {
	field
	src int32
}

// poolKey names what has one shape: a field that a message type does not know, or
// with the number wholeMessage, a type that nobody knows.
type poolKey struct {
	name string
	num  int32
}

const wholeMessage = 0

// pools hold the values without description of all bodies that are compared,
// until their shapes are told.
type pools struct {
	sources [][]byte
	samples map[poolKey][]sample
	shapes  map[poolKey]*shape // nil while samples are collected
	left    int                // how many more samples may be held
}

// shape returns how values are read. While they are collected it returns nil.
func (p *pools) shape(key poolKey, src []byte, values ...field) *shape {
	if p.shapes != nil {
		return cmp.Or(p.shapes[key], &shape{})
	}
	if n := len(p.sources); n == 0 || !isSame(p.sources[n-1], src) {
		p.sources = append(p.sources, src)
	}
	if p.samples == nil {
		p.samples = make(map[poolKey][]sample)
	}
	p.samples[key] = p.add(p.samples[key], len(p.sources)-1, values)
	return nil
}

func isSame(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// add appends values. Beyond the bound they are left out, and have no say.
func (p *pools) add(samples []sample, src int, values []field) []sample {
	values = values[:min(len(values), p.left)]
	p.left -= len(values)
	samples = slices.Grow(samples, len(values))
	for _, f := range values {
		samples = append(samples, sample{f, int32(src)})
	}
	return samples
}

// settle decides on the shapes. It reports whether there is any.
func (p *pools) settle() bool {
	if len(p.samples) == 0 {
		return false
	}
	p.shapes = make(map[poolKey]*shape, len(p.samples))
	keys := slices.SortedFunc(maps.Keys(p.samples), func(a, b poolKey) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.num, b.num))
	})
	for _, key := range keys {
		p.shapes[key] = p.infer(p.samples[key], key.num == wholeMessage, 1)
	}
	p.samples = nil
	return true
}

// infer decides on the shape of values, which are known to be messages where
// whole is set.
func (p *pools) infer(samples []sample, whole bool, depth int) *shape {
	s := &shape{
		reading: p.read(samples, whole, depth),
		float32: looksLike(samples, protowire.Fixed32Type, isPlausible32),
		float64: looksLike(samples, protowire.Fixed64Type, isPlausible64),
	}
	children := p.children(samples, s.reading)
	for _, num := range slices.Sorted(maps.Keys(children)) {
		if s.fields == nil {
			s.fields = make(map[int32]*shape, len(children))
		}
		s.fields[num] = p.infer(children[num], false, depth+1)
	}
	return s
}

// children returns the fields of those values that are messages, by number.
func (p *pools) children(samples []sample, as reading) map[int32][]sample {
	var found map[int32][]sample
	var fields []field
	for _, v := range samples {
		if v.typ != protowire.StartGroupType && (v.typ != protowire.BytesType || as != asMessage) {
			continue
		}
		fields, _ = appendFields(fields[:0], p.sources[v.src], int(v.off), int(v.off)+int(v.bits))
		if found == nil && len(fields) > 0 {
			found = make(map[int32][]sample)
		}
		for from, to := 0, 0; from < len(fields); from = to {
			num := fields[from].num
			to = endOfRun(fields, from)
			found[num] = p.add(found[num], int(v.src), fields[from:to])
		}
	}
	return found
}

// read decides for all length-delimited values together. Short texts may be
// messages by chance ("hi" is field 13), and messages of text fields may be text:
// what is both is a message if all values are marked as such.
func (p *pools) read(samples []sample, whole bool, depth int) reading {
	messages, texts, marked, utf8s, some := depth < maxDepth, true, true, true, false
	for _, v := range samples {
		if v.typ != protowire.BytesType || v.bits == 0 {
			continue
		}
		data := v.data(p.sources[v.src])
		some = true
		utf8s = utf8s && utf8.Valid(data)
		texts = texts && utf8s && isText(data)
		if messages {
			var allBytes bool
			messages, allBytes = isMessage(data)
			marked = marked && (data[0] < ' ' || allBytes)
		}
	}
	switch {
	case whole && messages, some && messages && (marked || !texts):
		return asMessage
	case utf8s:
		return asText
	}
	return asBytes
}

// isText reports whether UTF-8 has no control characters but white space.
func isText(data []byte) bool {
	for _, c := range data {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isMessage reports whether data is a row of fields, and whether all of them are
// length-delimited.
func isMessage(data []byte) (sound, allBytes bool) {
	allBytes = true
	for at := 0; at < len(data); {
		f, next, err := readField(data, at, 0)
		if err != nil || f.typ == protowire.EndGroupType {
			return false, false
		}
		allBytes = allBytes && f.typ == protowire.BytesType
		at = next
	}
	return true, allBytes
}

// looksLike reports whether the fixed values are floats: all of them but zeros
// have a magnitude that floats have in practice and integers do not. A small
// integer is a denormal float, a negative one is not a number, and a time in
// nanoseconds is beyond 1e-190.
func looksLike(samples []sample, typ protowire.Type, plausible func(uint64) bool) bool {
	some := false
	for _, v := range samples {
		if v.typ != typ || v.bits == 0 {
			continue
		}
		if !plausible(v.bits) {
			return false
		}
		some = true
	}
	return some
}

func isPlausible32(bits uint64) bool {
	v := math.Abs(float64(math.Float32frombits(uint32(bits))))
	return v >= 1e-6 && v <= 1e9
}

func isPlausible64(bits uint64) bool {
	v := math.Abs(math.Float64frombits(bits))
	return v >= 1e-9 && v <= 1e15
}

package openapi

import "encoding/binary"

// outline knows the lines of the values of a file. It is made while the file is
// read, so that the text need not be kept. What has the same names at the same
// lines, seen from its own, has the same shape: a large document has few.
type outline struct {
	// shapes tell what is in a list or an object: for each part the number of its
	// name, that of its shape, and how many lines below the part before it stands.
	// Shape 0 has no parts.
	shapes []string
	names  map[string]int // 0 stands for an item of a list
	root   seen

	known map[string]int // shapes by what they tell
	open  []opened
	parts []seen // of those that are open
	next  int    // the name of the value that comes next
	key   []byte
}

// seen is a value: its name, its shape, and its line in the file.
type seen struct{ name, shape, line int }

// opened is a list or an object that is being read.
type opened struct {
	seen
	begin int // of its parts
}

func newOutline() *outline {
	return &outline{shapes: []string{""}, names: map[string]int{}, known: map[string]int{"": 0}}
}

// name says which field of an object comes next. Items of lists have none.
func (o *outline) name(s string) {
	id, ok := o.names[s]
	if !ok {
		id = len(o.names) + 1
		o.names[s] = id
	}
	o.next = id
}

// leaf adds a value that has no parts.
func (o *outline) leaf(line int) {
	o.parts = append(o.parts, seen{o.next, 0, line})
	o.next = 0
}

// begin opens a list or an object: what is added from now on is in it.
func (o *outline) begin(line int) {
	o.open = append(o.open, opened{seen{o.next, 0, line}, len(o.parts)})
	o.next = 0
}

// end closes the last that was opened.
func (o *outline) end() {
	last := len(o.open) - 1
	closed := o.open[last]
	o.open = o.open[:last]
	o.key = o.key[:0]
	line := closed.line
	for _, p := range o.parts[closed.begin:] {
		o.key = binary.AppendUvarint(o.key, uint64(p.name))
		o.key = binary.AppendUvarint(o.key, uint64(p.shape))
		o.key = binary.AppendVarint(o.key, int64(p.line-line)) // an alias may lead up
		line = p.line
	}
	shape, ok := o.known[string(o.key)]
	if !ok {
		shape = len(o.shapes)
		told := string(o.key)
		o.shapes = append(o.shapes, told)
		o.known[told] = shape
	}
	closed.shape = shape
	o.parts = append(o.parts[:closed.begin], closed.seen)
}

// finish says that the whole file was read.
func (o *outline) finish() {
	if len(o.parts) > 0 {
		o.root = o.parts[0]
	}
	o.known, o.open, o.parts, o.key = nil, nil, nil, nil
}

// at returns the line of what the path leads to, or of the last on the way.
func (o *outline) at(path []string) int {
	here := o.root
	for _, token := range path {
		next, ok := o.part(here, token)
		if !ok {
			break
		}
		here = next
	}
	return max(here.line, 1)
}

// part returns a field, the last one of a name that is there twice, or an item.
func (o *outline) part(of seen, token string) (found seen, ok bool) {
	name, known := o.names[token]
	index, isIndex := arrayIndex(token)
	here := seen{line: of.line}
	for i, told := 0, o.shapes[of.shape]; told != ""; i++ {
		here.name, told = uvarint(told)
		here.shape, told = uvarint(told)
		var step int
		step, told = uvarint(told)
		here.line += step>>1 ^ -(step & 1) // as binary.AppendVarint has it
		if known && here.name == name || here.name == 0 && isIndex && i == index {
			found, ok = here, true
		}
	}
	return found, ok
}

// uvarint reads a number and returns what comes after it.
func uvarint(s string) (n int, rest string) {
	for shift := 0; ; shift += 7 {
		b := s[0]
		s = s[1:]
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, s
		}
	}
}

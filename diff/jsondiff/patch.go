package jsondiff

import (
	"fmt"
	"strconv"
)

// DuplicateError reports an object with two members of the same name, which no
// JSON Pointer tells apart (RFC 6901 section 4).
type DuplicateError struct {
	Side   Side
	Offset int // of the second name, in bytes
	Name   string
}

// Error names the side and the member.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%s has two members called %q in one object, the second at offset %d", e.Side, e.Name, e.Offset)
}

// Patch returns the JSON Patch (RFC 6902) that makes other of base: what it gives
// is equal to other by the rules of the package. Of opt, MaxDepth alone counts. An
// element that changed its place is moved, a value is replaced where that is
// shorter than to patch what it holds; so the patch is small, though seldom the
// smallest there is.
//
// The error is what [Differ.Compare] gives, or a *[DuplicateError].
func Patch(base, other []byte, opt Options) ([]byte, error) {
	var d Differ
	return d.Patch(base, other, opt)
}

// Patch is the function Patch with the buffers of d.
func (d *Differ) Patch(base, other []byte, opt Options) ([]byte, error) {
	d.begin(base, other, Options{MaxDepth: opt.MaxDepth})
	if err := d.index(base, other); err != nil {
		return nil, err
	}
	for _, t := range [...]*tape{&d.a, &d.b} {
		if err := d.duplicates(t); err != nil {
			return nil, err
		}
	}
	p := patcher{d: d, out: []byte{'['}}
	p.value(ref{&d.a, 0}, ref{&d.b, 0})
	return append(p.out, ']'), nil
}

// duplicates returns an error for the first object of t that has two members of a
// name.
func (d *Differ) duplicates(t *tape) error {
	for i := range t.nodes {
		if n := &t.nodes[i]; n.kind != object || n.count < 2 {
			continue
		}
		x := ref{t, uint32(i)}
		mark := d.members.mark()
		list := d.sortedMembers(x.first(), int(x.node().count))
		d.members.release(mark)
		for k := 1; k < len(list); k++ {
			if d.compareMembers(t, list[k-1], t, list[k]) == 0 {
				name := x.at(list[k].name)
				return &DuplicateError{t.side, int(name.node().start), string(name.text(&d.text1))}
			}
		}
	}
	return nil
}

// patcher writes the operations of a patch.
type patcher struct {
	d    *Differ
	out  []byte
	path []byte // the JSON Pointer to the value at hand, escaped as in a string
}

// value writes what makes y of x.
func (p *patcher) value(x, y ref) {
	if p.d.equal(x, y) {
		return
	}
	k, mark := x.node().kind, len(p.out)
	if k == y.node().kind && k >= array {
		if k == object {
			p.object(x, y)
		} else {
			p.array(x, y)
		}
		if len(p.out)-mark <= len(`,{"op":"replace","path":"","value":}`)+len(p.path)+len(y.raw()) {
			return
		}
		p.out = p.out[:mark]
	}
	p.op("replace")
	p.with(y)
}

func (p *patcher) object(x, y ref) {
	d := p.d
	mark := d.ints.mark()
	defer d.ints.release(mark)
	countX, countY := int(x.node().count), int(y.node().count)
	names := d.nameNodes(y.first(), countY)
	mates := d.mateMembers(x.first(), y.first(), countX, countY)
	name := x.first()
	for _, mate := range mates {
		end := p.enterMember(name)
		if mate == none {
			p.op("remove")
			p.close()
		} else {
			p.value(name.value(), y.at(uint32(names[mate])).value())
			names[mate] = none
		}
		p.path = p.path[:end]
		name = name.value().next()
	}
	for _, n := range names {
		if n != none {
			end := p.enterMember(y.at(uint32(n)))
			p.op("add")
			p.with(y.at(uint32(n)).value())
			p.path = p.path[:end]
		}
	}
}

// op begins an operation at the path.
func (p *patcher) op(name string) {
	if p.out[len(p.out)-1] != '[' {
		p.out = append(p.out, ',')
	}
	p.out = append(append(p.out, `{"op":"`...), name...)
	p.out = append(append(p.out, `","path":"`...), p.path...)
}

// close ends an operation.
func (p *patcher) close() { p.out = append(p.out, `"}`...) }

// with ends an operation with its value.
func (p *patcher) with(y ref) {
	p.out = append(append(append(p.out, `","value":`...), y.raw()...), '}')
}

func (p *patcher) enterElement(i int) (end int) {
	end = len(p.path)
	p.path = strconv.AppendInt(append(p.path, '/'), int64(i), 10)
	return end
}

// enterMember appends a reference token (RFC 6901 section 3 and 5).
func (p *patcher) enterMember(name ref) (end int) {
	end = len(p.path)
	p.path = append(p.path, '/')
	text := name.text(&p.d.text1)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '~':
			p.path = append(p.path, "~0"...)
		case c == '/':
			p.path = append(p.path, "~1"...)
		case c == '"' || c == '\\':
			p.path = append(p.path, '\\', c)
		case c < 0x20:
			p.path = fmt.Appendf(p.path, `\u%04x`, c)
		case c == 0xED && i+2 < len(text) && text[i+1] >= 0xA0:
			// A lone surrogate; see appendUnicode.
			p.path = fmt.Appendf(p.path, `\u%04x`, 0xD000|int(text[i+1]&0x3F)<<6|int(text[i+2]&0x3F))
			i += 2
		default:
			p.path = append(p.path, c)
		}
	}
	return end
}

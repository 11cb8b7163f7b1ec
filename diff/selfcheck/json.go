package selfcheck

import (
	"bytes"
	"math/big"

	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
)

// byteOrderMark may stand before JSON (RFC 8259 section 8.1).
var byteOrderMark = []byte("\ufeff")

// document changes a body that is JSON; it is false where it is not.
func (m *maker) document() bool {
	at := span{len(m.body) - len(bytes.TrimPrefix(m.body, byteOrderMark)), len(m.body)}
	if !m.isJSON(at) {
		return false
	}
	c := newCursor(m.rng, m.folds)
	c.text(m.body, at, "$")
	m.values(c)
	return true
}

func (m *maker) isJSON(at span) bool {
	return at.start < at.end && m.folds.differ.Check(m.body[at.start:at.end], jsondiff.Options{}) == nil
}

// values makes the mutations of all that a cursor found.
func (m *maker) values(c *cursor) {
	m.beyond += c.beyond
	d := &document{maker: m, doc: m.body}
	for _, p := range c.order {
		d.place = diff.Place{Part: diff.Body, Path: p.path}
		d.all(&p.value)
	}
}

// document is a body with JSON while its mutations are made.
type document struct {
	*maker
	doc   []byte
	place diff.Place
}

func (d *document) edit(name Mutation, edits ...edit) { d.add(d.place, name, edits...) }

// become puts text in the place of the value.
func (d *document) become(v *value, name Mutation, text string) {
	d.edit(name, edit{v.start, v.end, []byte(text)})
}

// all makes the mutations of one value.
func (d *document) all(v *value) {
	d.member(v)
	text := d.doc[v.start:v.end]
	if text[0] != 'n' {
		d.become(v, Null, "null")
	}
	switch text[0] {
	case 'n':
		d.become(v, Retype, "0")
	case 't':
		d.become(v, Flip, "false")
		d.become(v, Retype, `"true"`)
	case 'f':
		d.become(v, Flip, "true")
		d.become(v, Retype, `"false"`)
	case '"':
		d.string(v, text)
	case '{':
		d.object(v, text)
	case '[':
		d.array(v, text)
	default:
		d.number(v, string(text))
	}
}

// member leaves the value out, gives it another name, or repeats it.
func (d *document) member(v *value) {
	switch {
	case v.inside == 0:
		return
	case v.before >= 0:
		d.edit(Drop, edit{v.before, v.end, nil})
	case v.after >= 0:
		d.edit(Drop, edit{v.from(), v.after, nil})
	default:
		d.edit(Drop, edit{v.from(), v.end, nil})
	}
	if v.inside == '{' {
		d.edit(Rename, edit{v.nameEnd - 1, v.nameEnd, []byte(`Renamed"`)})
		return
	}
	d.edit(Repeat, edit{v.end, v.end, append([]byte{','}, d.doc[v.start:v.end]...)})
}

func (d *document) string(v *value, text []byte) {
	d.become(v, Retype, "0")
	if len(text) == 2 {
		return
	}
	d.become(v, Empty, `""`)
	if changed := d.character(text, unescaped(text)); changed != nil {
		d.edit(Character, edit{v.start, v.end, changed})
	}
	d.become(v, Reclass, `"`+string(reclassed(text))+`"`)
}

func (d *document) object(v *value, text []byte) {
	d.become(v, Retype, "[]")
	const added = `"addedByTheSelfCheck":true`
	if len(bytes.TrimSpace(text[1:len(text)-1])) == 0 {
		d.edit(Add, edit{v.start + 1, v.start + 1, []byte(added)})
		return
	}
	d.edit(Add, edit{v.start + 1, v.start + 1, []byte(added + ",")})
	d.become(v, Empty, "{}")
}

func (d *document) array(v *value, text []byte) {
	d.become(v, Retype, "{}")
	list := elements(text)
	if len(list) == 0 {
		return
	}
	d.become(v, Empty, "[]")
	first := d.rng.IntN(len(list))
	for k := range len(list) - 1 {
		i := (first + k) % (len(list) - 1)
		x, y := text[list[i].start:list[i].end], text[list[i+1].start:list[i+1].end]
		if !bytes.Equal(x, y) {
			d.edit(Swap, edit{v.start + list[i].start, v.start + list[i].end, y},
				edit{v.start + list[i+1].start, v.start + list[i+1].end, x})
			return
		}
	}
}

// maxDigits bounds the numbers that are reckoned with; longer ones, and those
// with an exponent, change their sign alone.
const maxDigits = 64

func (d *document) number(v *value, text string) {
	d.become(v, Retype, `"`+text+`"`)
	r, ok := decimal(text)
	if !ok {
		d.negate(v, text)
		return
	}
	_, fraction, _ := bytes.Cut([]byte(text), []byte{'.'})
	one := big.NewRat(1, 1)
	d.become(v, Increment, new(big.Rat).Add(r, one).FloatString(len(fraction)))
	d.become(v, Decrement, new(big.Rat).Sub(r, one).FloatString(len(fraction)))
	if r.Sign() != 0 {
		d.negate(v, text)
		d.become(v, Tenfold, new(big.Rat).Mul(r, big.NewRat(10, 1)).FloatString(len(fraction)))
	}
}

// negate is no change for a 0, of whatever form: the trial finds that out.
func (d *document) negate(v *value, text string) {
	if text[0] == '-' {
		d.become(v, Negate, text[1:])
		return
	}
	d.become(v, Negate, "-"+text)
}

func decimal(text string) (*big.Rat, bool) {
	if len(text) > maxDigits || bytes.ContainsAny([]byte(text), "eE") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

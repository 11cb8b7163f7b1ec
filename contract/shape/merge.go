package shape

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"twinspect.dev/contract"
	"twinspect.dev/contract/pointer"
)

// Merge returns the fields that a builder of all samples would have given: it does
// not matter which list is which, nor in which groups several are merged. Neither
// list is changed.
//
// How many messages there were is taken from the parts of the lists; where a
// message may have had no part at all, use [MergeOf].
func Merge(a, b []contract.Field) []contract.Field { return MergeOf(a, 0, b, 0) }

// MergeOf is [Merge] of lists out of so many messages each, which counts where a
// list is empty.
func MergeOf(a []contract.Field, ofA uint64, b []contract.Field, ofB uint64) []contract.Field {
	t := tree{roots: map[contract.Place]*node{}}
	t.load(a, ofA)
	t.load(b, ofB)
	t.adopt()
	for _, n := range t.roots {
		n.fold()
	}
	return t.fields()
}

// tree is a list of fields by what holds them.
type tree struct {
	roots    map[contract.Place]*node
	messages uint64
}

// load adds the fields of a list.
func (t *tree) load(list []contract.Field, messages uint64) {
	own := tree{roots: make(map[contract.Place]*node, 8)}
	known := make(map[contract.Place]*node, len(list))
	of := uint64(0)
	for _, f := range sorted(list) {
		n := nodeOf(&f)
		if again := known[f.At]; again != nil {
			again.merge(n)
			continue
		}
		known[f.At] = n
		if up, key, ok := holder(known, &f); ok {
			up.hold(key, n)
			continue
		}
		own.roots[f.At] = n
		if f.Seen > 0 { // else it may be declared alone
			of = max(of, f.Of)
		}
	}
	if of == 0 {
		of = messages
	}
	t.messages += of
	for at, n := range own.roots {
		if there := t.roots[at]; there != nil {
			there.merge(n)
		} else {
			t.roots[at] = n
		}
	}
}

// adopt puts parts into what holds them where only the other list had that, as it is
// with fields that a document declares.
func (t *tree) adopt() {
	for _, at := range slices.Sorted(maps.Keys(t.roots)) {
		up, key, ok := Up(at)
		if !ok {
			continue
		}
		n, holder := t.roots[at], t.node(up)
		if holder == nil || n.seen > 0 && holder.types[isObject]+holder.types[isArray] == 0 {
			continue
		}
		delete(t.roots, at)
		switch there := holder.at(key); {
		case there != nil:
			there.merge(n)
		default:
			holder.hold(key, n)
		}
	}
}

// node returns the node of a place, nil where there is none.
func (t *tree) node(at contract.Place) *node {
	if n := t.roots[at]; n != nil {
		return n
	}
	up, key, ok := Up(at)
	if !ok {
		return nil
	}
	if holder := t.node(up); holder != nil {
		return holder.at(key)
	}
	return nil
}

func (n *node) at(key string) *node {
	if key == star {
		return n.star
	}
	return n.kids[key]
}

// sorted returns the list by place, what holds a field before it.
func sorted(list []contract.Field) []contract.Field {
	byPlace := func(a, b contract.Field) int { return cmp.Compare(a.At, b.At) }
	if slices.IsSortedFunc(list, byPlace) {
		return list
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, byPlace)
	return list
}

// holder returns what holds a field, and by which key. A slash in the name of a
// parameter does not make it a part of another.
func holder(known map[contract.Place]*node, f *contract.Field) (up *node, key string, ok bool) {
	at, key, ok := Up(f.At)
	if !ok {
		return nil, "", false
	}
	up = known[at]
	if up == nil || f.Seen > 0 && up.types[isObject]+up.types[isArray] == 0 {
		return nil, "", false
	}
	return up, key, true
}

func (n *node) hold(key string, kid *node) {
	if key == star {
		n.star = kid
		return
	}
	n.put(key, kid)
}

const star = "*"

// Up returns the place of what holds a place, and the key in it, "*" for any. False
// says that the place is a whole part of a message.
func Up(at contract.Place) (up contract.Place, key string, ok bool) {
	i := strings.LastIndexByte(string(at), '/')
	if i <= 0 {
		return "", "", false
	}
	names := pointer.Split(string(at[i:]))
	return contract.Place(strings.TrimSuffix(string(at[:i]), " ")), names[0], true
}

// Down returns the place of what a key names in what stands at a place; "*" stands
// for any item or key.
func Down(at contract.Place, key string) contract.Place {
	if !strings.Contains(string(at), " ") {
		at += " "
	}
	return contract.Place(pointer.Join(string(at), key))
}

// nodeOf makes a node of what a field says.
func nodeOf(f *contract.Field) *node {
	n := newNode()
	n.seen, n.usage = f.Seen, f.Usage
	for k, name := range kindNames {
		n.types[k] = f.Types[name]
	}
	if n.types[isString] > 0 {
		n.texts = words{forms: classForms(f.Class), values: maps.Clone(f.Values), many: f.Many}
		if f.Many {
			n.texts.values = nil
		}
	}
	if n.measured() > 0 {
		n.shortest, n.longest = f.MinLen, f.MaxLen
	}
	n.min, n.max = boundOf(f.Min), boundOf(f.Max)
	return n
}

func boundOf(text string) decimal {
	d, ok := parseDecimal(text)
	if !ok {
		return decimal{}
	}
	return d
}

// fields returns the fields of the tree, sorted by place.
func (t *tree) fields() []contract.Field {
	var out []contract.Field
	for at, n := range t.roots {
		out = n.fields(out, at, t.messages)
	}
	slices.SortFunc(out, func(a, b contract.Field) int { return cmp.Compare(a.At, b.At) })
	return out
}

func (n *node) fields(out []contract.Field, at contract.Place, of uint64) []contract.Field {
	out = append(out, n.field(at, of))
	for key, kid := range n.kids {
		out = kid.fields(out, Down(at, key), n.types[isObject])
	}
	if n.star != nil {
		out = n.star.fields(out, Down(at, star), n.star.seen)
	}
	return out
}

func (n *node) field(at contract.Place, of uint64) contract.Field {
	f := contract.Field{At: at, Seen: n.seen, Of: of, Min: n.min.text, Max: n.max.text, Usage: n.usage}
	for k, count := range n.types {
		if count > 0 {
			if f.Types == nil {
				f.Types = make(map[string]uint64, 1)
			}
			f.Types[kindNames[k]] = count
		}
	}
	if n.measured() > 0 {
		f.MinLen, f.MaxLen = n.shortest, n.longest
	}
	if n.types[isString] > 0 {
		f.Class, f.Many, f.Values = n.texts.forms.className(), n.texts.many, maps.Clone(n.texts.values)
	}
	return f
}

// Locate returns the field that a place in one message belongs to: an index of an
// array, and a key of an object that is used as a map, become "*". A false says that
// there is no such field. at may be of the form of fields already.
func Locate(list []contract.Field, at contract.Place) (contract.Place, bool) {
	has := func(p contract.Place) bool {
		_, ok := slices.BinarySearchFunc(list, p, func(f contract.Field, p contract.Place) int { return cmp.Compare(f.At, p) })
		return ok
	}
	part, rest, ok := strings.Cut(string(at), " /")
	if has(at) || !ok {
		return at, has(at)
	}
	found := contract.Place(part)
	for _, key := range pointer.Split("/" + rest) {
		next := Down(found, key)
		if !has(next) {
			next = Down(found, star)
		}
		if !has(next) {
			return "", false
		}
		found = next
	}
	return found, true
}

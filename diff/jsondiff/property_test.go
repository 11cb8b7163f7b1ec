package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff"
)

// members is an object. The other values are nil, bool, string, json.Number and
// []any.
type members []entry

type entry struct {
	name  string
	value any
}

func scalars() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.StringN(0, 12, -1), func(s string) any { return s }),
		rapid.Map(rapid.SampledFrom([]string{"0", "1", "-1", "1.5", "100", "0.001", "1e400", "12345678901234567890", "1e-99999999999999999999"}),
			func(s string) any { return json.Number(s) }),
	)
}

// documents returns documents whose arrays may have a key.
func documents(depth int) *rapid.Generator[any] {
	return documentsOf(depth, []string{"a", "b", "c", "d e", "é", "", "'", "id", "user_id", "\n"})
}

// keyless returns documents whose arrays have none.
func keyless(depth int) *rapid.Generator[any] {
	return documentsOf(depth, []string{"a", "b", "c", "d e", "é", "", "'", "\n"})
}

func documentsOf(depth int, names []string) *rapid.Generator[any] {
	if depth == 0 {
		return scalars()
	}
	return rapid.OneOf(
		scalars(),
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return documentsOf(depth-1, names) }), 0, 5), func(s []any) any { return s }),
		rapid.Custom(func(t *rapid.T) any {
			drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 6, rapid.ID).Draw(t, "names")
			var m members
			for _, name := range drawn {
				m = append(m, entry{name, documentsOf(depth-1, names).Draw(t, "member")})
			}
			return m
		}),
	)
}

// writer writes a document; with a source of choices in as many ways as JSON
// has for it.
type writer struct {
	bytes.Buffer
	t *rapid.T // nil for the plain form
}

func write(t *rapid.T, v any) []byte {
	w := writer{t: t}
	w.value(v)
	return w.Bytes()
}

func (w *writer) choose(n int) int {
	if w.t == nil {
		return 0
	}
	return rapid.IntRange(0, n-1).Draw(w.t, "form")
}

func (w *writer) space() { w.WriteString([]string{"", " ", "\n\t", "\r\n  "}[w.choose(4)]) }

func (w *writer) value(v any) {
	w.space()
	switch v := v.(type) {
	case nil:
		w.WriteString("null")
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case string:
		w.text(v)
	case json.Number:
		w.number(string(v))
	case []any:
		w.list('[', ']', len(v), func(i int) { w.value(v[i]) })
	case members:
		if w.choose(2) == 1 {
			v = rapid.Permutation(v).Draw(w.t, "order")
		}
		w.list('{', '}', len(v), func(i int) {
			w.space()
			w.text(v[i].name)
			w.space()
			w.WriteByte(':')
			w.value(v[i].value)
		})
	}
	w.space()
}

func (w *writer) list(opening, closing byte, n int, element func(int)) {
	w.WriteByte(opening)
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		element(i)
	}
	w.space()
	w.WriteByte(closing)
}

func (w *writer) text(s string) {
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r < 0x20 || w.choose(4) == 1:
			if r > 0xFFFF {
				r -= 0x10000
				fmt.Fprintf(w, `\u%04x\u%04X`, 0xD800+r>>10, 0xDC00+r&0x3FF)
			} else {
				fmt.Fprintf(w, `\u%04X`, r)
			}
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

func (w *writer) number(s string) {
	integer := !strings.ContainsAny(s, ".e")
	switch form := w.choose(4); {
	case form == 1 && integer:
		w.WriteString(s + ".00")
	case form == 2 && integer && s != "0":
		w.WriteString(s + "0E-1")
	case form == 3 && integer && s != "0":
		w.WriteString(s + ".0e+000")
	case form == 1 && s == "1e400":
		w.WriteString("0.001e403")
	case s == "0" && form == 3:
		w.WriteString("-0.0e9")
	default:
		w.WriteString(s)
	}
}

func compare(t *rapid.T, base, other []byte) []Change {
	return collect(t, &Differ{}, base, other)
}

func collect(t *rapid.T, d *Differ, base, other []byte) []Change {
	var changes []Change
	require.NoError(t, d.Compare(base, other, Options{}, func(c Change) {
		c.Path = slices.Clone(c.Path)
		changes = append(changes, c)
	}), "%s\n%s", base, other)
	return changes
}

func TestOtherFormsOfADocumentAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents(4).Draw(t, "document")
		base, other := write(nil, doc), write(t, doc)
		require.Empty(t, compare(t, base, other), "%s\n%s", base, other)
		require.Empty(t, compare(t, other, base), "%s\n%s", other, base)
	})
}

// mutate changes one value somewhere in v and returns the new document, and
// where and how it was changed.
func mutate(t *rapid.T, v any, path Path) (any, Path, diff.Kind) {
	switch v := v.(type) {
	case members:
		if len(v) > 0 && rapid.Bool().Draw(t, "inside") {
			i := rapid.IntRange(0, len(v)-1).Draw(t, "member")
			at := slices.Concat(path, Path{{Name: v[i].name, Index: -1}})
			c := slices.Clone(v)
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				return slices.Delete(c, i, i+1), at, diff.Removed
			}
			var where Path
			var kind diff.Kind
			c[i].value, where, kind = mutate(t, v[i].value, at)
			return c, where, kind
		}
		fresh := !slices.ContainsFunc(v, func(e entry) bool { return e.name == "new" })
		if fresh && rapid.Bool().Draw(t, "add") {
			i := rapid.IntRange(0, len(v)).Draw(t, "place")
			at := slices.Concat(path, Path{{Name: "new", Index: -1}})
			return slices.Insert(slices.Clone(v), i, entry{"new", documents(1).Draw(t, "value")}), at, diff.Added
		}
	case []any:
		if len(v) > 0 && rapid.IntRange(0, 3).Draw(t, "inside") > 0 {
			i := rapid.IntRange(0, len(v)-1).Draw(t, "element")
			c := slices.Clone(v)
			var where Path
			var kind diff.Kind
			c[i], where, kind = mutate(t, v[i], slices.Concat(path, Path{{Index: i}}))
			return c, where, kind
		}
	case json.Number:
		if rapid.Bool().Draw(t, "same type") {
			return json.Number("4711"), path, diff.Changed
		}
	case string:
		if rapid.Bool().Draw(t, "same type") {
			return v + "x", path, diff.Changed
		}
	case bool:
		return !v, path, diff.Changed
	}
	if _, ok := v.(json.Number); ok {
		return "fresh", path, diff.Retyped
	}
	return json.Number("4711"), path, diff.Retyped
}

func TestOneMutationIsToldWhereItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := keyless(4).Draw(t, "document")
		mutant, where, kind := mutate(t, doc, nil)
		base, other := write(nil, doc), write(t, mutant)
		changes := compare(t, base, other)
		require.Len(t, changes, 1, "%s\n%s", base, other)
		require.Equal(t, where.String(), changes[0].Path.String(), "%s\n%s", base, other)
		require.Equal(t, kind, changes[0].Kind)
	})
}

// canonical writes v so that equal documents have the same form.
func canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		return canonicalNumber(string(v))
	case []any:
		list := make([]string, len(v))
		for i := range v {
			list[i] = canonical(v[i])
		}
		return "[" + strings.Join(list, ",") + "]"
	case map[string]any:
		list := make([]string, 0, len(v))
		for name, value := range v {
			list = append(list, strconv.Quote(name)+":"+canonical(value))
		}
		slices.Sort(list)
		return "{" + strings.Join(list, ",") + "}"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// canonicalNumber does with big integers what the package does without.
func canonicalNumber(s string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	exp, ok := new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
	if !ok {
		exp = new(big.Int)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exp.Sub(exp, big.NewInt(int64(len(fraction))))
	digits := strings.TrimLeft(strings.TrimPrefix(whole, "-")+fraction, "0")
	if digits == "" {
		return "0"
	}
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign = "-"
	}
	short := strings.TrimRight(digits, "0")
	exp.Add(exp, big.NewInt(int64(len(digits)-len(short))))
	return sign + short + "e" + exp.String()
}

func TestAgreesWithCanonicalForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := documents(2).Draw(t, "a"), documents(2).Draw(t, "b")
		if rapid.Bool().Draw(t, "related") {
			b, _, _ = mutate(t, a, nil)
		}
		base, other := write(t, a), write(t, b)
		same := canonical(decode(t, base)) == canonical(decode(t, other))
		require.Equal(t, same, len(compare(t, base, other)) == 0, "%s\n%s", base, other)
	})
}

func decode(t require.TestingT, doc []byte) any {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v))
	return v
}

func TestSwappedDocumentsGiveSwappedChanges(t *testing.T) {
	mirror := map[diff.Kind]diff.Kind{diff.Added: diff.Removed, diff.Removed: diff.Added}
	rapid.Check(t, func(t *rapid.T) {
		base, other := drawPair(t)
		there, back := map[string]int{}, map[string]int{}
		for _, c := range compare(t, base, other) {
			there[fmt.Sprintf("%s %s %s %s", c.Kind, c.Path.Fold(), c.Base, c.Other)]++
		}
		for _, c := range compare(t, other, base) {
			kind := c.Kind
			if m, ok := mirror[kind]; ok {
				kind = m
			}
			back[fmt.Sprintf("%s %s %s %s", kind, c.Path.Fold(), c.Other, c.Base)]++
		}
		require.Equal(t, there, back)
	})
}

// drawPair returns two documents, the second often the first with a few
// mutations.
func drawPair(t *rapid.T) (base, other []byte) {
	if rapid.Bool().Draw(t, "lists") {
		a, b := drawLists(t)
		return write(t, members{{"items", a}}), write(t, members{{"items", b}})
	}
	a, b := documents(4).Draw(t, "a"), documents(3).Draw(t, "b")
	if rapid.IntRange(0, 3).Draw(t, "related") > 0 {
		b = a
		for range rapid.IntRange(1, 4).Draw(t, "mutations") {
			b, _, _ = mutate(t, b, nil)
		}
	}
	return write(t, a), write(t, b)
}

// list renders the changes, one a line.
func list(changes []Change) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = fmt.Sprintf("%s %s %s %s %s %d", c.Kind, c.Path, c.Path.Fold(), c.Base, c.Other, c.To)
	}
	return lines
}

func TestWalkAndTapesTellTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, other := drawPair(t)
		require.Equal(t, list(collect(t, &Differ{onTape: true}, base, other)), list(collect(t, &Differ{}, base, other)), "%s\n%s", base, other)
	})
}

// drawLists returns two lists, the second the first with elements moved, removed,
// added, changed and renumbered.
func drawLists(t *rapid.T) (a, b []any) {
	keyed, size := rapid.IntRange(0, 3).Draw(t, "form"), rapid.IntRange(0, 14).Draw(t, "size")
	element := func(n int) any {
		id := json.Number(strconv.Itoa(n))
		value := json.Number(strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "value")))
		switch keyed {
		case 0:
			return value
		case 1:
			return members{{"v", value}}
		case 2:
			return members{{"id", id}, {"v", value}}
		}
		return members{{"code", json.Number(strconv.Itoa(n / 2))}, {"size", strconv.Itoa(n % 2)}, {"user_id", value}}
	}
	for n := range size {
		a = append(a, element(n))
	}
	b = slices.Clone(a)
	for range rapid.IntRange(0, 4).Draw(t, "edits") {
		at := rapid.IntRange(0, len(b)).Draw(t, "at")
		if at == len(b) {
			b = append(b, element(size+at))
			continue
		}
		switch rapid.IntRange(0, 4).Draw(t, "edit") {
		case 0:
			b = slices.Delete(b, at, at+1)
		case 1:
			b[at] = element(at)
		case 2:
			b = rapid.Permutation(b).Draw(t, "order")
		default:
			e := b[at]
			b = slices.Delete(b, at, at+1)
			b = slices.Insert(b, rapid.IntRange(0, len(b)).Draw(t, "to"), e)
		}
	}
	if keyed == 2 && rapid.IntRange(0, 3).Draw(t, "renumber") == 0 {
		for i, e := range b {
			c := slices.Clone(e.(members))
			c[0].value = "77" + c[0].value.(json.Number)
			b[i] = c
		}
	}
	return a, b
}

func TestUnorderedDoesNotSeeTheOrder(t *testing.T) {
	opt := Options{Array: func(Path) ArrayRule { return ArrayRule{Unordered: true} }}
	tell := func(t *rapid.T, base, other []byte) map[string]int {
		var d Differ
		told := map[string]int{}
		require.NoError(t, d.Compare(base, other, opt, func(c Change) {
			told[fmt.Sprintf("%s %s", c.Kind, c.Path.Fold())]++
		}))
		return told
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawLists(t)
		shuffled := rapid.Permutation(slices.Clone(a)).Draw(t, "shuffled")
		require.Empty(t, tell(t, write(t, a), write(t, shuffled)))
		// What has no equal is paired in its order where there is no key, so that
		// only the number of elements that differ stays the same for any order.
		count := func(told map[string]int) int { return told["removed $[*]"] - told["added $[*]"] }
		require.Equal(t, count(tell(t, write(t, a), write(t, b))), count(tell(t, write(t, shuffled), write(t, b))))
	})
}

func TestAgreesWithGoCmpOnEquality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, other := drawPair(t)
		same := cmp.Equal(decode(t, base), decode(t, other), cmp.Comparer(func(x, y json.Number) bool {
			return canonicalNumber(string(x)) == canonicalNumber(string(y))
		}))
		require.Equal(t, same, len(compare(t, base, other)) == 0, "%s\n%s", base, other)
	})
}

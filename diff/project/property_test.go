package project

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/diff/jsondiff"
)

// alike checks that two bodies do not differ by their projections.
func alike(t require.TestingT, contentType, x, y string) {
	a, err := Append(nil, []byte(x), contentType)
	require.NoError(t, err, "%q", x)
	b, err := Append(nil, []byte(y), contentType)
	require.NoError(t, err, "%q", y)
	var d jsondiff.Differ
	require.NoError(t, d.Compare(a, b, jsondiff.Options{}, func(c jsondiff.Change) {
		t.Errorf("%s %s: %s, %s\n%s\n%s", c.Kind, c.Path, c.Base, c.Other, x, y)
	}))
}

// drawn is an element that can be written in many ways.
type drawn struct {
	name    string
	attrs   map[string]string
	classes []string
	kids    []drawn
	text    string
}

func element(names []string, depth int) *rapid.Generator[drawn] {
	word := rapid.StringMatching(`[a-z]{1,3}`)
	return rapid.Custom(func(t *rapid.T) drawn {
		e := drawn{name: rapid.SampledFrom(names).Draw(t, "name")}
		e.attrs = rapid.MapOfN(rapid.SampledFrom([]string{"id", "title", "lang"}), word, 0, 3).Draw(t, "attributes")
		e.classes = rapid.SliceOfN(word, 0, 3).Draw(t, "classes")
		if depth > 0 && rapid.Bool().Draw(t, "deeper") {
			e.kids = rapid.SliceOfN(element(names, depth-1), 1, 4).Draw(t, "children")
			return e
		}
		e.text = word.Draw(t, "text")
		return e
	})
}

// write writes the element in a way that r chooses.
func (e *drawn) write(b *strings.Builder, r *rand.Rand) {
	attrs := []string{}
	for name, value := range e.attrs { // in random order
		quote := []string{`"`, `'`}[r.Intn(2)]
		attrs = append(attrs, name+"="+quote+value+quote)
	}
	if len(e.classes) > 0 {
		attrs = append(attrs, `class="`+strings.Join(e.classes, " ")+`"`)
	}
	r.Shuffle(len(attrs), func(i, j int) { attrs[i], attrs[j] = attrs[j], attrs[i] })
	b.WriteString("<" + e.name)
	for _, a := range attrs {
		b.WriteString(strings.Repeat(" ", 1+r.Intn(2)) + a)
	}
	b.WriteString(">" + e.text)
	for i := range e.kids {
		b.WriteString([]string{"", "\n  ", "<!-- c -->", " <!-- c -->\n"}[r.Intn(4)])
		e.kids[i].write(b, r)
	}
	if len(e.kids) > 0 {
		b.WriteString([]string{"", "\n"}[r.Intn(2)])
	}
	b.WriteString("</" + e.name + ">")
}

func TestWhatCarriesNoMeaningInElementsIsNotCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Int64().Draw(t, "seed")
		r := rand.New(rand.NewSource(seed))
		twice := func(e drawn) (x, y string) {
			var a, b strings.Builder
			e.write(&a, r)
			e.write(&b, r)
			return a.String(), b.String()
		}
		x, y := twice(element([]string{"a", "b", "item"}, 3).Draw(t, "XML"))
		alike(t, "text/xml", x, y)
		page := element([]string{"div", "section", "ul"}, 3).Draw(t, "HTML")
		x, y = twice(page)
		shuffleClasses(&page, r)
		z, _ := twice(page)
		alike(t, "text/html", x, y)
		alike(t, "text/html", x, z)
	})
}

func shuffleClasses(e *drawn, r *rand.Rand) {
	r.Shuffle(len(e.classes), func(i, j int) { e.classes[i], e.classes[j] = e.classes[j], e.classes[i] })
	for i := range e.kids {
		shuffleClasses(&e.kids[i], r)
	}
}

func TestTheOrderOfFieldsOfOtherNamesIsNotCompared(t *testing.T) {
	field := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOf(field, rapid.SliceOfN(rapid.StringMatching(`[a-z%+]{0,3}`), 1, 3)).Draw(t, "fields")
		order := rapid.Permutation([]string{"a", "b", "c"})
		form := func() string {
			var list []string
			for _, name := range order.Draw(t, "order") {
				for _, v := range values[name] {
					list = append(list, name+"="+v)
				}
			}
			return strings.Join(list, "&")
		}
		parts := func(order []string) string {
			var b strings.Builder
			for _, name := range order {
				for _, v := range values[name] {
					fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=%s\r\nX-A: 1\r\n\r\n%s\r\n", name, v)
				}
			}
			return b.String() + "--b--\r\n"
		}
		alike(t, "application/x-www-form-urlencoded", form(), form())
		alike(t, "multipart/form-data; boundary=b", parts(order.Draw(t, "x")), parts(order.Draw(t, "y")))
	})
}

func TestProjectionsAreDeterministic(t *testing.T) {
	for contentType, body := range corpus(t) {
		x, err := Append(nil, body, contentType)
		require.NoError(t, err)
		y, err := Append([]byte("["), bytes.Clone(body), contentType)
		require.NoError(t, err)
		require.Equal(t, string(x), string(y[1:]))
	}
}

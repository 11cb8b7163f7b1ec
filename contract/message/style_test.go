package message

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// one is an operation with one parameter, which is written "in style schema", an
// asterisk after the style for explode.
func one(how string) (*openapi.Operation, *openapi.Parameter) {
	words := strings.Fields(how)
	style, explode := strings.CutSuffix(words[1], "*")
	p := &openapi.Parameter{Name: "color", In: words[0], Style: style, Explode: explode, Schema: component(words[2])}
	for _, w := range words[3:] {
		if w == "reserved" {
			p.AllowReserved = true
		} else {
			p.MediaType = w
		}
	}
	op := &openapi.Operation{Method: "GET", Path: "/p", Parameters: []*openapi.Parameter{p}}
	if p.In == "path" {
		op.Path = "/p/{color}"
	}
	return op, p
}

// with returns a request with the one value.
func with(in string, v any) *contract.Request {
	values := map[string]any{"color": v}
	switch in {
	case "path":
		return &contract.Request{Path: values}
	case "query":
		return &contract.Request{Query: values}
	case "header":
		return &contract.Request{Header: values}
	}
	return &contract.Request{Cookie: values}
}

func TestStyles(t *testing.T) {
	const rgb = `{"R":100,"G":200,"B":150}`
	const list = `["blue","black","brown"]`
	c := codec(t, usual)
	for _, row := range []struct{ how, value, want string }{
		{"path simple Text", `"blue"`, "/p/blue"},
		{"path simple Int", `5`, "/p/5"},
		{"path simple Int", `"five"`, "/p/five"},
		{"path simple Text", `"a/b c?d#é"`, "/p/a%2Fb%20c%3Fd%23%C3%A9"},
		{"path simple Text", `"."`, "/p/%2E"},
		{"path simple Text", `".."`, "/p/%2E%2E"},
		{"path simple Text", `"..."`, "/p/..."},
		{"path simple Texts", list, "/p/blue,black,brown"},
		{"path simple* Texts", `["a,b","c"]`, "/p/a%2Cb,c"},
		{"path simple Color", rgb, "/p/B,150,G,200,R,100"},
		{"path simple* Color", rgb, "/p/B=150,G=200,R=100"},
		{"path label Text", `"blue"`, "/p/.blue"},
		{"path label Text", `""`, "/p/%2E"},
		{"path label Text", `"."`, "/p/%2E%2E"},
		{"path label Texts", list, "/p/.blue,black,brown"},
		{"path label* Texts", `["blue","b.c"]`, "/p/.blue.b%2Ec"},
		{"path label* Texts", `["",""]`, "/p/%2E%2E"},
		{"path label Color", rgb, "/p/.B,150,G,200,R,100"},
		{"path label* Color", rgb, "/p/.B=150.G=200.R=100"},
		{"path matrix Text", `"blue"`, "/p/;color=blue"},
		{"path matrix Text", `""`, "/p/;color"},
		{"path matrix Texts", list, "/p/;color=blue,black,brown"},
		{"path matrix* Texts", list, "/p/;color=blue;color=black;color=brown"},
		{"path matrix Color", rgb, "/p/;color=B,150,G,200,R,100"},
		{"path matrix* Color", rgb, "/p/;B=150;G=200;R=100"},
		{"query form* Text", `"a b&c=d+e"`, "/p?color=a%20b%26c%3Dd%2Be"},
		{"query form* Text", `""`, "/p?color="},
		{"query form* Int", `-1.5e400`, "/p?color=-1.5e400"},
		{"query form* Int", `"x"`, "/p?color=x"},
		{"query form* Flag", `true`, "/p?color=true"},
		{"query form* MaybeInt", `null`, "/p?color="},
		{"query form* Any", `5`, "/p?color=5"},
		{"query form* Texts", list, "/p?color=blue&color=black&color=brown"},
		{"query form* Texts", `[""]`, "/p?color="},
		{"query form Texts", list, "/p?color=blue,black,brown"},
		{"query form Texts", `["","a,b"]`, "/p?color=,a%2Cb"},
		{"query form Ints", `[1,"x"]`, "/p?color=1,x"},
		{"query form Color", rgb, "/p?color=B,150,G,200,R,100"},
		{"query form* Color", rgb, "/p?B=150&G=200&R=100"},
		{"query form* Open", `{"x y":1}`, "/p?x%20y=1"},
		{"query form* Union", `{"kind":"b","n":"5"}`, "/p?kind=b&n=5"},
		{"query form* Union", `{"kind":"a","n":5}`, "/p?kind=a&n=5"},
		{"query form* TextOrList", `["a","b"]`, "/p?color=a&color=b"},
		{"query spaceDelimited Texts", list, "/p?color=blue%20black%20brown"},
		{"query spaceDelimited Color", rgb, "/p?color=B%20150%20G%20200%20R%20100"},
		{"query pipeDelimited Texts", list, "/p?color=blue%7Cblack%7Cbrown"},
		{"query pipeDelimited* Texts", `["a|b"]`, "/p?color=a%7Cb"},
		{"query deepObject* Color", rgb, "/p?color%5BB%5D=150&color%5BG%5D=200&color%5BR%5D=100"},
		{"query deepObject* Filter", `{"a":{"b":1},"tags":["x"],"sort":[{"by":"n"}]}`,
			"/p?color%5Ba%5D%5Bb%5D=1&color%5Bsort%5D%5B0%5D%5Bby%5D=n&color%5Btags%5D=x"},
		{"query form* Text reserved", `"a/b?c:d@e=f&g+h#i%j[k]"`, "/p?color=a/b?c:d@e=f%26g%2Bh%23i%25j%5Bk%5D"},
		{"query form Texts reserved", `["a,b","/c"]`, "/p?color=a%2Cb,/c"},
		{"query form* Filter application/json", `{"a":{"b":1}}`, "/p?color=%7B%22a%22%3A%7B%22b%22%3A1%7D%7D"},
		{"header simple Text", `"a, \"b\" é"`, "a, \"b\" é"},
		{"header simple Text", `""`, ""},
		{"header simple Texts", list, "blue,black,brown"},
		{"header simple Color", rgb, "B,150,G,200,R,100"},
		{"header simple* Color", rgb, "B=150,G=200,R=100"},
		{"header simple Ints application/json", `[1,[2]]`, "[1,[2]]"},
		{"cookie form* Text", `"a;b c"`, "color=a%3Bb%20c"},
		{"cookie form Texts", list, "color=blue,black,brown"},
		{"cookie form* Texts", list, "color=blue; color=black; color=brown"},
		{"cookie cookie* Text", `"a%20=b"`, "color=a%20=b"},
		{"cookie form* Color", rgb, "B=150; G=200; R=100"},
	} {
		op, p := one(row.how)
		v := tree(t, row.value)
		req, err := c.Encode(op, with(p.In, v))
		require.NoError(t, err, row.how+" "+row.value)
		switch p.In {
		case "header":
			assert.Equal(t, row.want, req.Header.Get("color"), row.how)
		case "cookie":
			assert.Equal(t, row.want, req.Header.Get("Cookie"), row.how)
		default:
			assert.Equal(t, row.want, req.Target, row.how)
		}
		back, problems := c.Decode(op, &req)
		assert.Empty(t, problems, row.how)
		assert.Equal(t, *with(p.In, v), back, "%s: %s", row.how, row.want)
		assert.Empty(t, c.Undeclared(op, &req), row.how)
	}
}

func TestValuesWithoutAForm(t *testing.T) {
	c := codec(t, usual)
	for _, row := range []struct{ how, value string }{
		{"path simple Text", `""`}, {"path simple Texts", `[""]`}, {"path simple Texts", `[]`},
		{"path simple Color", `{}`}, {"path simple Filter", `{"a":{"b":1}}`},
		{"query form* Texts", `[]`}, {"query form Texts", `[]`}, {"query form* Color", `{}`},
		{"query form* MaybeText", `null`}, {"query form* Either", `"5"`}, {"query form* TextOrList", `["a"]`},
		{"query form* Color", `{"X":1}`}, {"query form* Texts", `[["a"]]`}, {"query form* Any", `"5"`},
		{"query spaceDelimited Texts", `["a b"]`}, {"query pipeDelimited Texts", `["a|b","c"]`},
		{"query deepObject* Filter", `{"a":{}}`}, {"query deepObject* Filter", `{"tags":[]}`}, {"query deepObject* Filter", `{"a]":1}`}, {"query deepObject* Any", `{"a":["x"]}`},
		{"header simple Texts", `["a,b"]`}, {"header simple Text", `" a"`}, {"header simple Texts", `["a"," b"]`},
		{"header simple* Color", `{"a=b":1}`}, {"cookie form* Texts", `[]`}, {"cookie cookie* Text", `"a;b"`},
	} {
		op, p := one(row.how)
		v := tree(t, row.value)
		_, err := c.Encode(op, with(p.In, v))
		if row.how == "query form* MaybeText" {
			require.NoError(t, err, "the empty text is too short: only null is left")
			continue
		}
		require.ErrorIs(t, err, ErrNoForm, row.how+" "+row.value)
		var problem Problem
		require.ErrorAs(t, err, &problem)
		assert.Equal(t, contract.At(p.In, "color"), problem.At)
	}
}

func TestFieldsThatCannotBeOnAWire(t *testing.T) {
	c := codec(t, usual)
	op, _ := one("header simple Text")
	for _, text := range []string{"a\r\nX: y", "a\nb", "a\x00b", "\x7f"} {
		_, err := c.Encode(op, with("header", text))
		require.ErrorIs(t, err, ErrField, "%q", text)
		assert.Contains(t, err.Error(), "control character")
	}
	_, err := c.Encode(op, &contract.Request{Header: map[string]any{"a b": "c"}})
	require.ErrorIs(t, err, ErrField)
	_, err = c.Encode(op, &contract.Request{Method: "GET /"})
	require.ErrorIs(t, err, ErrField)
	_, err = c.Encode(op, &contract.Request{Target: "/a b"})
	require.ErrorIs(t, err, ErrField)
	_, err = c.Encode(op, &contract.Request{Path: map[string]any{"x": "c"}})
	require.ErrorIs(t, err, ErrUndeclared)
}

func TestPathsOfSeveralParameters(t *testing.T) {
	c := codec(t, usual)
	p := func(name string) *openapi.Parameter {
		return &openapi.Parameter{Name: name, In: "path", Style: "simple", Schema: component("Text")}
	}
	op := &openapi.Operation{Method: "GET", Path: "/r/{from}..{to}/x y.json", BasePaths: []string{"/api/v2"},
		Parameters: []*openapi.Parameter{p("from"), p("to")}}
	values := map[string]any{"from": "2026", "to": "a..b"}
	req, err := c.Encode(op, &contract.Request{Path: values})
	require.NoError(t, err)
	assert.Equal(t, "/api/v2/r/2026..a..b/x%20y.json", req.Target)
	for _, target := range []string{req.Target, "/r/2026..a..b/x%20y.json/", "http://h/api/v2/r/2026..a%2E.b/x%20y%2Ejson?q"} {
		req.Target = target
		back, problems := c.Decode(op, &req)
		assert.Empty(t, problems, target)
		assert.Equal(t, values, back.Path, target)
	}
	_, err = c.Encode(op, &contract.Request{Path: map[string]any{"from": "a..b", "to": "c"}})
	require.ErrorIs(t, err, ErrNoForm)
	_, err = c.Encode(op, &contract.Request{Path: map[string]any{"from": "a"}})
	require.ErrorIs(t, err, ErrNoForm)
	req.Target = "/other"
	_, problems := c.Decode(op, &req)
	require.Len(t, problems, 1)
	assert.Equal(t, contract.Place("target"), problems[0].At)
}

func TestRecordedFormsAreUnderstood(t *testing.T) {
	c := codec(t, usual)
	for _, row := range []struct{ how, target, want string }{
		{"query form Ints", "/p?color=1%2C2", `[1,2]`},
		{"query form* Text", "/p?color=a+b", `"a b"`},
		{"query form* Int", "/p?color=007", `"007"`},
		{"query form* Int", "/p?color=1&color=2", `[1,2]`},
		{"query pipeDelimited Texts", "/p?color=a|b", `["a","b"]`},
		{"query spaceDelimited Texts", "/p?color=a+b", `["a","b"]`},
		{"query deepObject* Filter", "/p?color[a][b]=1&color[tags][]=x&color[tags][]=y", `{"a":{"b":1},"tags":["x","y"]}`},
		{"query deepObject* Filter", "/p?color=x", `"x"`},
	} {
		op, _ := one(row.how)
		req, err := c.Encode(op, &contract.Request{Target: row.target})
		require.NoError(t, err)
		back, problems := c.Decode(op, &req)
		assert.Empty(t, problems, row.target)
		assert.Equal(t, tree(t, row.want), back.Query["color"], row.target)
	}
}

func TestWhatCannotBeReadHasItsPlace(t *testing.T) {
	c := codec(t, usual)
	for _, row := range []struct{ how, target string }{
		{"query form* Text", "/p?color=%zz"},
		{"query form Color", "/p?color=R,1,G"},
		{"query deepObject* Filter", "/p?color[a=1"},
		{"query form* Any application/json", "/p?color={"},
		{"path label Text", "/p/x"},
		{"path matrix Text", "/p/;size=1"},
	} {
		op, p := one(row.how)
		req, err := c.Encode(op, &contract.Request{Target: row.target})
		require.NoError(t, err)
		_, problems := c.Decode(op, &req)
		require.Len(t, problems, 1, row.target)
		assert.Equal(t, contract.At(p.In, "color"), problems[0].At)
		require.ErrorIs(t, problems[0], ErrSyntax)
	}
}

func TestWhatIsNotDeclaredIsToldOnce(t *testing.T) {
	c := codec(t, usual)
	op, _ := one("query form* Color")
	req, err := c.Encode(op, &contract.Request{Target: "/p?x=1&R=1&y%20z&x=2"})
	require.NoError(t, err)
	assert.Equal(t, []contract.Place{"query x", "query y z"}, c.Undeclared(op, &req))
	back, _ := c.Decode(op, &req)
	assert.Equal(t, map[string]any{"color": map[string]any{"R": number("1")}}, back.Query)
}

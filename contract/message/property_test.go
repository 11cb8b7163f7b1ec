package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// drawn is a schema with a value that keeps to it.
type drawn struct {
	schema map[string]any
	value  any
}

var letters = rapid.StringOfN(rapid.SampledFrom([]rune("ab ,.;:=&+%/?#[]|\"'<>\\{}~-_é0123456789\r\n\t\u0001")), 0, 6, -1)

// drawText now and then gives texts that look like something else.
func drawText(t *rapid.T, label string) string {
	return rapid.OneOf(letters, rapid.SampledFrom([]string{"", ".", "..", "5", "true", "null", "a,b", "%41", "a b"})).Draw(t, label)
}

func drawScalar(t *rapid.T) drawn {
	text := drawText(t, "text")
	n := json.Number(strconv.Itoa(rapid.IntRange(-99, 99).Draw(t, "number")))
	switch rapid.IntRange(0, 6).Draw(t, "scalar") {
	case 0:
		return drawn{map[string]any{"type": "string"}, text}
	case 1:
		return drawn{map[string]any{"type": "integer"}, n}
	case 2:
		return drawn{map[string]any{"type": "boolean"}, rapid.Bool().Draw(t, "bool")}
	case 3:
		return drawn{map[string]any{"type": []any{"string", "null"}}, rapid.SampledFrom([]any{nil, text}).Draw(t, "maybe")}
	case 4:
		return drawn{map[string]any{"type": []any{"string", "integer"}}, rapid.SampledFrom([]any{n, text}).Draw(t, "either")}
	case 5:
		branches := []any{map[string]any{"type": "integer"}, map[string]any{"type": "string", "maxLength": json.Number("3")}}
		return drawn{map[string]any{"anyOf": branches}, n}
	}
	return drawn{map[string]any{}, rapid.SampledFrom([]any{n, text, true}).Draw(t, "any")}
}

func drawValue(t *rapid.T, depth int) drawn {
	kind := rapid.IntRange(0, 2).Draw(t, "kind")
	if depth == 0 {
		kind = 0
	}
	switch kind {
	case 1:
		item := drawValue(t, depth-1)
		items := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range items {
			items[i] = item.value
		}
		return drawn{map[string]any{"type": "array", "items": item.schema}, items}
	case 2:
		properties, members := map[string]any{}, map[string]any{}
		for i := range rapid.IntRange(0, 3).Draw(t, "size") {
			v := drawValue(t, depth-1)
			name := rapid.SampledFrom([]string{"x", "y z", "k=", "l,m", "n" + strconv.Itoa(i)}).Draw(t, "name")
			properties[name], members[name] = v.schema, v.value
		}
		s := map[string]any{"type": "object", "properties": properties}
		if rapid.Bool().Draw(t, "union") {
			s = map[string]any{"oneOf": []any{map[string]any{"type": "null"}, s}}
		}
		return drawn{s, members}
	}
	return drawScalar(t)
}

// written returns the codec of a document with the one schema.
func written(s map[string]any) *Codec {
	root := map[string]any{"openapi": "3.1.0", "components": map[string]any{"schemas": map[string]any{"A": s}}}
	return &Codec{nodes: document{root}, schemas: schema.Of("3.1.0", map[string]any{"file:///d.json": root})}
}

var everyStyle = []string{
	"path simple", "path simple*", "path label", "path label*", "path matrix", "path matrix*",
	"query form", "query form*", "query spaceDelimited", "query pipeDelimited", "query deepObject*",
	"query form* A reserved", "query form A reserved", "query form A application/json",
	"header simple", "header simple*", "header simple A application/json", "cookie form", "cookie form*",
}

// What Encode writes is read as the same, in any style, or it is not written.
func TestParametersComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		how := rapid.SampledFrom(everyStyle).Draw(t, "style")
		if len(how) < 26 && how[len(how)-1] != 'd' && how[len(how)-1] != 'n' || how == "query spaceDelimited" || how == "query pipeDelimited" {
			how += " A"
		}
		roundTrip(t, how, v)
	})
}

func roundTrip(t *rapid.T, how string, v drawn) {
	c := written(v.schema)
	op, p := one(how)
	if !c.valid(p.Schema, schema.Request, v.value) {
		t.Skip("not valid")
	}
	in := with(p.In, v.value)
	req, err := c.Encode(op, in)
	if err != nil {
		if !errors.Is(err, ErrNoForm) && !errors.Is(err, ErrField) {
			t.Fatalf("%v", err)
		}
		return
	}
	back, problems := c.Decode(op, &req)
	require.Empty(t, problems, "%s %v", req.Target, req.Header)
	require.Equal(t, *in, back, "%s %v", req.Target, req.Header)
}

func TestBodiesComeBackAsTheyWere(t *testing.T) {
	media := []string{"application/json", "application/x-ndjson", "application/json-seq", "application/x-www-form-urlencoded",
		"multipart/form-data", "application/xml"}
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 3)
		name := rapid.SampledFrom(media).Draw(t, "media")
		c := written(v.schema)
		op := posting(name, "A", nil)
		if !c.valid(component("A"), schema.Request, v.value) {
			t.Skip("not valid")
		}
		in := contract.Request{Body: &contract.Body{MediaType: name, Value: v.value}}
		req, err := c.Encode(op, &in)
		if err != nil {
			require.ErrorIs(t, err, ErrNoForm)
			return
		}
		back, problems := c.Decode(op, &req)
		require.Empty(t, problems, "%q", req.Body)
		require.Equal(t, in, back, "%q", req.Body)
	})
}

func fuzzCodec(f *testing.F) *Codec {
	f.Helper()
	return codec(f, usual[:len(usual)-1]+","+strings.Replace(bodies[1:], `"Text":{"type":"string"},"Int":{"type":"integer"},`, "", 1))
}

func FuzzDecode(f *testing.F) {
	f.Add("/p/.%2E?color=1,2&color[a][0]=x&R=1", "a=1,b=%zz", "color=\"x\"; R=1")
	f.Add("/p/;color=1;R=2?color=%7B%7D", "[1]", ";;=")
	c := fuzzCodec(f)
	var operations []*openapi.Operation
	for _, how := range everyStyle {
		for _, name := range []string{"Any", "Filter", "Union", "TextOrList", "Ints", "Open", "MaybeText", "Tree"} {
			var in, style, more string
			_, _ = fmt.Sscan(how, &in, &style)
			if i := len(in) + len(style) + 3; len(how) > i {
				more = how[i:]
			}
			op, _ := one(in + " " + style + " " + name + " " + more)
			operations = append(operations, op)
		}
	}
	f.Fuzz(func(t *testing.T, target, field, cookie string) {
		for _, op := range operations {
			req := requestOf(op, target, field, cookie)
			back, _ := c.Decode(op, &req)
			c.Undeclared(op, &req)
			back.Target = ""
			out, err := c.Encode(op, &back)
			if err != nil || !c.valid(op.Parameters[0].Schema, schema.Request, valueOf(&back)) {
				continue
			}
			again, problems := c.Decode(op, &out)
			require.Empty(t, problems, "%v %v", out.Target, back)
			require.Equal(t, back, again, "%v %v", op.Parameters[0], out.Target)
		}
	})
}

func FuzzBody(f *testing.F) {
	types := []string{"application/json", "application/xml", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded",
		"application/x-ndjson", "application/json-seq", "text/plain; charset=utf-16", "application/yaml", "image/png"}
	f.Add(0, []byte(`{"id":1,"tags":[1e400]}`))
	f.Add(1, []byte(`<?xml version="1.0"?><pet id="1"><tag><id>1</id></tag><x:y xmlns:x="z"/></pet>`))
	f.Add(2, []byte("--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n--b--\r\n"))
	f.Add(3, []byte("id=1&tags=x&address=%7B%7D"))
	c := fuzzCodec(f)
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		name := types[uint(which)%uint(len(types))]
		for _, schemaName := range []string{"Order", "Pet", "Tree", "Union", "List", "Any"} {
			m := &openapi.Media{Type: name, Schema: component(schemaName)}
			v, err := c.Body(m, schema.Response, name, body)
			if err != nil {
				require.True(t, errors.Is(err, ErrSyntax) || errors.Is(err, ErrTooDeep) || errors.Is(err, ErrTooMany) || errors.Is(err, ErrMedia), "%v", err)
				continue
			}
			_, err = c.Encode(posting(name, schemaName, nil), &contract.Request{Body: &contract.Body{MediaType: name, Value: v}})
			require.True(t, err == nil || errors.Is(err, ErrNoForm) || errors.Is(err, ErrTooDeep), "%v", err)
		}
	})
}

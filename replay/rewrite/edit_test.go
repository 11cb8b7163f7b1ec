package rewrite

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/theory/jsonpath"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/jsonquery"
)

func decoded(t require.TestingT, text []byte) any {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), "%s", text)
	return v
}

// document draws a JSON text with white space of all kinds and without repeated
// names.
func document(t *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", " ", "\n\t"})
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	var out string
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		out = rapid.SampledFrom([]string{"0", "-1.50", "1e400", "12345678901234567890"}).Draw(t, "number")
	case 1:
		out = rapid.SampledFrom([]string{`""`, `"x"`, `"\u0041\n"`, `"ä,]}"`}).Draw(t, "string")
	case 2:
		out = "true"
	case 3:
		out = "null"
	case 4:
		var list []string
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			list = append(list, document(t, depth-1))
		}
		out = "[" + strings.Join(list, ",") + space.Draw(t, "s") + "]"
	default:
		var list []string
		for _, name := range []string{`"a"`, `"b"`, `"\u0063"`, `"d e"`}[:rapid.IntRange(0, 4).Draw(t, "n")] {
			list = append(list, space.Draw(t, "s")+name+space.Draw(t, "s")+":"+document(t, depth-1))
		}
		out = "{" + strings.Join(list, ",") + space.Draw(t, "s") + "}"
	}
	return space.Draw(t, "before") + out + space.Draw(t, "after")
}

var paths = rapid.SampledFrom([]string{
	"$", "$.a", "$.b.a", "$..a", "$.*", "$[*]", "$[0]", "$[-1]", "$[1:]", "$[::-1]", "$..[0]", "$.a.*", "$..*", "$['c']", "$[?@.a]", "$..[?@ == 'x']", "$.a[0,2]", "$..b..a",
})

func edited(text, path string, a *alter) (out []byte, left capture.Reason) {
	q, err := jsonquery.Parse(path)
	if err != nil {
		panic(err)
	}
	edits := []jsonEdit{{query: q, alter: a}}
	if out = editJSON([]byte(text), edits); out == nil {
		out = []byte(text)
	}
	return out, edits[0].left
}

func TestWhatIsSetIsReadAgainAndAllElseStays(t *testing.T) {
	const mark = `"\u0000mark"`
	rapid.Check(t, func(t *rapid.T) {
		text, path := document(t, 3), paths.Draw(t, "path")
		value := mark
		out, left := edited(text, path, &alter{set: &value})
		// The reference sets the outermost values that the query selects in the
		// decoded document.
		root := decoded(t, []byte(text))
		nodes := jsonpath.MustParse(path).SelectLocated(root)
		nodes.Sort()
		var done []string
		for _, n := range nodes {
			where := n.Path.Pointer()
			if isBelow(where, done) {
				continue
			}
			done = append(done, where)
			root = setAt(root, where, "\x00mark")
		}
		require.Equal(t, root, decoded(t, out))
		require.Equal(t, len(nodes) > 0, left == "", "%s in %s: %s", path, text, left)
		// What stands between the marks are parts of the text in their order.
		rest := text
		for _, part := range strings.Split(string(out), mark) {
			i := strings.Index(rest, part)
			require.GreaterOrEqual(t, i, 0, "%s in %s gave %s", path, text, out)
			rest = rest[i+len(part):]
		}
	})
}

func isBelow(where string, done []string) bool {
	for _, d := range done {
		if where == d || strings.HasPrefix(where, d+"/") {
			return true
		}
	}
	return false
}

func setAt(root any, pointer string, value any) any {
	if pointer == "" {
		return value
	}
	name, rest, found := strings.Cut(pointer[1:], "/")
	if found {
		rest = "/" + rest
	}
	switch v := root.(type) {
	case map[string]any:
		v[name] = setAt(v[name], rest, value)
	case []any:
		i := int(name[0] - '0') // no drawn array is longer
		v[i] = setAt(v[i], rest, value)
	}
	return root
}

func TestWhatIsRemovedIsGoneAndTheRestIsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := document(t, 3)
		path := paths.Filter(func(p string) bool { return p != "$" }).Draw(t, "path")
		before := jsonpath.MustParse(path).Select(decoded(t, []byte(text)))
		out, left := edited(text, path, &alter{remove: true})
		root := decoded(t, out)
		require.Equal(t, len(before) > 0, left == "")
		switch path {
		case "$.a", "$.*", "$[*]", "$..a", "$.b.a", "$['c']", "$..*":
			require.Empty(t, jsonpath.MustParse(path).Select(root), "%s in %s gave %s", path, text, out)
		}
		if len(before) == 0 {
			require.Equal(t, text, string(out))
		}
	})
}

func TestPairsAreReadAgainAndOthersStay(t *testing.T) {
	pair := rapid.SampledFrom([]string{"", "a", "a=1", "%61=2", "b=%7e", "b=~", "c=+", "x=%zz", "=", "a="})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(pair, 0, 6).Draw(t, "pairs")
		text, value := strings.Join(list, "&"), rapid.String().Draw(t, "value")
		out, _ := editPairs(text, "a", &alter{set: &value})
		require.Equal(t, others(text), others(out))
		got := ""
		for part := range strings.SplitSeq(out, "&") {
			if name, v, _ := strings.Cut(part, "="); isA(name) && part != "" {
				plain, err := url.QueryUnescape(v)
				require.NoError(t, err)
				got += plain
			}
		}
		require.Equal(t, value, got)
		out, _ = editPairs(text, "a", &alter{remove: true})
		require.Equal(t, others(text), others(out))
	})
}

func isA(name string) bool { return name == "a" || name == "%61" }

// others are the pairs that are not called a, where there are any.
func others(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, "&") {
		if name, _, _ := strings.Cut(part, "="); !isA(name) && part != "" {
			list = append(list, part)
		}
	}
	return list
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":2}]}`, `[1,2,3]`, `{"a":1,"a":2}`, `{"a":1`, ` "x" `, `{"\u0061":"\ud800"}`, "\xef\xbb\xbf{}", `[[[[]]]]`} {
		f.Add(seed, "$.a", "$..b")
		f.Add(seed, "$[?@.b]", "$[-1:]")
	}
	f.Fuzz(func(t *testing.T, text, one, two string) {
		first, err := jsonquery.Parse(one)
		if err != nil {
			return
		}
		second, err := jsonquery.Parse(two)
		if err != nil {
			return
		}
		set := "17"
		edits := []jsonEdit{{query: first, alter: &alter{set: &set}}, {query: second, alter: &alter{remove: !second.IsRoot()}}}
		if second.IsRoot() {
			edits = edits[:1]
		}
		out := editJSON([]byte(text), edits)
		changed := false
		for _, e := range edits {
			changed = changed || e.left == ""
		}
		require.Equal(t, changed, out != nil)
		if out != nil {
			require.True(t, json.Valid(bytes.ToValidUTF8(out, []byte("?"))) || !json.Valid([]byte(text)), "%q", out)
		}
	})
}

func FuzzForms(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--b--", "b", "a", "new")
	f.Add("--b\nContent-Disposition: form-data; name=a\n\n\n--b--\n", "b", "a", "")
	f.Add("--b--", "b", "x", "y")
	f.Add("--b\r\n\r\n--b\r\n--b--", "b", "", "y")
	f.Fuzz(func(t *testing.T, body, boundary, name, value string) {
		for _, a := range []*alter{{set: &value}, {remove: true}, {rename: "z"}} {
			out, left := editMultipart([]byte(body), boundary, name, a)
			require.Equal(t, left == "", out != nil)
			if out != nil && a.set != nil && boundary != "" && !strings.ContainsAny(boundary, "\r\n-") {
				list, ok := parts(out, boundary)
				require.True(t, ok, "%q", out)
				require.NotEmpty(t, list)
			}
			text, left := editPairs(body, name, a)
			require.True(t, left == "" || text == body)
			editQuery(body, name, a)
			editPath(body, a)
		}
	})
}

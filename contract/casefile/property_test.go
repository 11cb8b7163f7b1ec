package casefile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"twinspect.dev/contract"
)

// hostile are texts that writers and readers of YAML stumble over.
var hostile = []string{
	"", " ", "a", "a b", " a", "a ", "1", "1.0", "-1", "+1", ".5", "0x1f", "0o7", "1_000", "1e3", "1e400", ".inf", ".nan", "-.inf", "12:30:45",
	"null", "Null", "~", "true", "yes", "No", "ON", "off", "y", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "<<", "=", "---", "...", "--- a", "- a", "-",
	"? a", "?", ": a", ":", "a:", "a: b", "a:b", "a #b", "#a", "a#b", "&a", "*a", "!a", "!!str", "%a", "@a", "`a", "|", ">", "'", "\"", "'a'", "\"a\"", "it's",
	"[", "]", "{", "}", "[a]", "{a: b}", "a,b", "a, b", ",", "\\", "\\n", "a\nb", "a\n", "a\n\n", "\na", "\n", " a\nb", "a\n b\n  c", "a \nb\t", "a\r\nb", "\r", "\t", "a\tb",
	"a\n\nb\n", "a\n#b\n- c\nd: e", "a\n---\nb", "a\n   \nb", "\x00", "\x01\x1f\x7f", "\u0080\u0085\u00a0", "\u2028\u2029", "\ufeff", "a\ufeffb", "\ufffd\ufffe\uffff", "é", "日本語", "👩‍👩‍👧", "\u202eabc", "e\u0301", "\U0010ffff",
	"\xff", "a\xc3", "\xed\xa0\x80", "$repeat", "$text", "$base64", "$item", "$members", "${a}", "times", "value", "../..", "/products/{id}", "GET /a", "a\u00a0", "é: b", "é #b", "日,本",
}

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(hostile), rapid.String(),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string {
			unit := rapid.SampledFrom([]string{"a", "ab", "字", "👩", "\n", "\x00", " ", "[", "é\xff", "12345678", "a b: #"}).Draw(t, "unit")
			return rapid.SampledFrom(hostile).Draw(t, "before") + strings.Repeat(unit, rapid.IntRange(0, 500).Draw(t, "times")) + rapid.SampledFrom(hostile).Draw(t, "after")
		}),
	)
}

func anyNumber() *rapid.Generator[json.Number] {
	return rapid.OneOf(
		rapid.SampledFrom([]json.Number{"0", "-0", "1.0", "1e400", "-1E+5", "12345678901234567890", "0.1e-7"}),
		rapid.Custom(func(t *rapid.T) json.Number {
			return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?`).Draw(t, "number"))
		}),
	)
}

func anyValue(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), toAny[bool]), rapid.Map(anyNumber(), toAny[json.Number]), rapid.Map(anyText(), toAny[string]),
	)
	if depth == 0 {
		return leaf
	}
	deeper := rapid.Deferred(func() *rapid.Generator[any] { return anyValue(depth - 1) })
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(deeper, 0, 4), toAny[[]any]),
		rapid.Map(rapid.MapOfN(anyText(), deeper, 0, 4), toAny[map[string]any]),
		rapid.Custom(func(t *rapid.T) any {
			item := deeper.Draw(t, "item")
			out := make([]any, rapid.IntRange(0, 30).Draw(t, "times"))
			for i := range out {
				out[i] = item
			}
			return out
		}),
	)
}

func toAny[T any](v T) any { return v }

func anyMap() *rapid.Generator[map[string]any] { return rapid.MapOfN(anyText(), anyValue(2), 0, 3) }

func anyRequest(t *rapid.T) contract.Request {
	r := contract.Request{
		Method: anyText().Draw(t, "method"), Target: anyText().Draw(t, "target"),
		Path: anyMap().Draw(t, "path"), Query: anyMap().Draw(t, "query"), Header: anyMap().Draw(t, "header"), Cookie: anyMap().Draw(t, "cookie"),
		Credentials: rapid.SampledFrom([]contract.Credentials{"", contract.NoCredentials, contract.WrongCredentials}).Draw(t, "credentials"),
	}
	if rapid.Bool().Draw(t, "body") {
		r.Body = &contract.Body{MediaType: anyText().Draw(t, "media"), Value: anyValue(3).Draw(t, "value")}
		if rapid.Bool().Draw(t, "raw") {
			r.Body.Raw = []byte(anyText().Draw(t, "bytes"))
		}
	}
	return r
}

func anyUse(t *rapid.T) contract.Use {
	return contract.Use{Step: anyText().Draw(t, "step"), From: contract.Place(anyText().Draw(t, "from")), Into: contract.Place(anyText().Draw(t, "into"))}
}

func anyStep(t *rapid.T) contract.Step {
	s := contract.Step{
		Name: rapid.OneOf(rapid.Just(usual), anyText()).Draw(t, "name"), Operation: rapid.OneOf(rapid.Just("GET /a"), anyText()).Draw(t, "operation"),
		Request: anyRequest(t), Use: rapid.SliceOfN(rapid.Custom(anyUse), 0, 2).Draw(t, "use"),
		Expect: contract.Expect{
			Check:  rapid.SampledFrom(append([]contract.Check{""}, contract.Checks...)).Draw(t, "check"),
			Status: rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{"404", "2XX", "099", "-12"}), anyText()), 0, 3).Draw(t, "status"),
			Kept:   anyText().Draw(t, "kept"), Same: anyText().Draw(t, "same"), Listed: anyText().Draw(t, "listed"), Unlisted: anyText().Draw(t, "unlisted"),
		},
	}
	if rapid.Bool().Draw(t, "pages") {
		s.Pages = &contract.Pages{
			Into: contract.Place(anyText().Draw(t, "into")), Next: contract.Place(anyText().Draw(t, "next")), Items: contract.Place(anyText().Draw(t, "items")),
			Step: rapid.Int().Draw(t, "by"), Max: rapid.Int().Draw(t, "max"),
		}
	}
	return s
}

func anyPart(t *rapid.T) contract.Part {
	p := contract.Part{Operation: rapid.OneOf(rapid.Just("GET /a"), anyText()).Draw(t, "operation")}
	steps := rapid.SliceOfN(rapid.Custom(anyStep), 0, 2)
	if rapid.Bool().Draw(t, "setup") {
		p.Setup = &contract.Setup{Operation: anyText().Draw(t, "for"), Steps: steps.Draw(t, "steps"), Use: rapid.SliceOfN(rapid.Custom(anyUse), 0, 2).Draw(t, "use")}
	}
	ids := rapid.SliceOfNDistinct(anyText(), 0, 3, rapid.ID[string]).Draw(t, "ids")
	for _, id := range ids {
		p.Cases = append(p.Cases, contract.Case{
			ID: id, Operation: rapid.OneOf(rapid.Just(p.Operation), anyText()).Draw(t, "operation"),
			Kind: rapid.SampledFrom([]contract.Kind{"", contract.Positive, contract.Negative, contract.Sequence}).Draw(t, "kind"),
			Rule: contract.Rule(anyText().Draw(t, "rule")), At: contract.Place(anyText().Draw(t, "at")),
			Source: contract.Source(anyText().Draw(t, "source")), Why: anyText().Draw(t, "why"), Steps: steps.Draw(t, "steps"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "gaps") {
		p.Gaps = append(p.Gaps, contract.Gap{
			Operation: anyText().Draw(t, "operation"), At: contract.Place(anyText().Draw(t, "at")), Rule: contract.Rule(anyText().Draw(t, "rule")), Why: anyText().Draw(t, "why"),
		})
	}
	return p
}

// alike counts nil and empty as equal, but for raw bodies: an empty one is sent.
var alike = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() != ".Raw" }, cmpopts.EquateEmpty()),
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(base, "d", "suite")
		require.NoError(t, os.RemoveAll(dir))
		h := Header{Seed: rapid.Uint64().Draw(t, "seed"), Tool: anyText().Draw(t, "tool")}
		h.Document = contract.DocumentInfo{Title: anyText().Draw(t, "title"), Version: anyText().Draw(t, "version"), OpenAPI: "3.0.3", SHA256: "00"}
		want := anyPart(t)
		w, err := NewWriter(dir, h)
		require.NoError(t, err)
		require.NoError(t, w.Write(&want))
		require.NoError(t, w.Close())
		d, err := Read(dir)
		require.NoError(t, err)
		defer d.Close()
		require.Empty(t, cmp.Diff(h, d.Header))
		require.Equal(t, []string{want.Operation}, d.Operations())
		got, err := d.Part(want.Operation)
		require.NoError(t, err, written(t, dir))
		require.Empty(t, cmp.Diff(want, got, alike), "%s", written(t, dir))
	})
}

func TestOtherReadersReadWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(3).Draw(t, "value")
		enc := &encoder{}
		n := &node{kind: object, block: true}
		n.add("value", enc.value(value))
		require.NoError(t, enc.err)
		em := &emitter{}
		em.members(n, 0)
		var tree yaml.Node
		require.NoError(t, yaml.Unmarshal(em.buf, &tree), "%s", em.buf)
		require.Empty(t, cmp.Diff(plainTree(n), libraryTree(tree.Content[0]), cmpopts.EquateEmpty()), "%s", em.buf)
	})
}

// plainTree is a node as maps, lists and texts, each with whether it is a text.
func plainTree(n *node) any {
	switch n.kind {
	case plain:
		return "plain " + n.text
	case text:
		return "text " + n.text
	case list:
		out := []any{}
		for _, item := range n.items {
			out = append(out, plainTree(item))
		}
		return out
	}
	out := map[string]any{}
	for _, m := range n.members {
		out[m.key] = plainTree(m.value)
	}
	return out
}

func libraryTree(n *yaml.Node) any {
	switch n.Kind {
	case yaml.ScalarNode:
		// A number beyond float64 is a text to the library.
		if n.Tag == "!!str" && !(n.Style == 0 && isNumber(n.Value)) {
			return "text " + n.Value
		}
		return "plain " + n.Value
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, libraryTree(item))
		}
		return out
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = libraryTree(n.Content[i+1])
	}
	return out
}

// written is all that stands in a folder.
func written(t require.TestingT, dir string) string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		b.WriteString("--- " + e.Name() + "\n" + string(data))
	}
	return b.String()
}

func diffParts(a, b contract.Part) string { return cmp.Diff(a, b, alike) }

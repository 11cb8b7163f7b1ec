package correlate

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
)

const sample = `
rewrite:
  whatever: [1, 2]
correlate:
  auto: true
  cookies: false
  rules:
    - from: {operation: POST /orders, body: $.id}
      to:   {operation: "GET /orders/{id}", path: 2}
      reason: the order that was placed
    - from: {operation: "*", header: ETag}
      to:   {operation: PUT *, header: If-Match}
      reason: versions
    - to: {operation: POST /cart, body: $.quantity}
      ignore: true
      reason: a number that is no id
`

func TestTheSectionIsRead(t *testing.T) {
	want := &Rules{Auto: true, List: []Rule{
		{From: End{"POST /orders", Place{Kind: Body, Name: "$.id"}}, To: End{"GET /orders/{id}", Place{Kind: Path, Segment: 2}}, Reason: "the order that was placed"},
		{From: End{"*", Place{Kind: Header, Name: "etag"}}, To: End{"PUT *", Place{Kind: Header, Name: "if-match"}}, Reason: "versions"},
		{To: End{"POST /cart", Place{Kind: Body, Name: "$.quantity"}}, Ignore: true, Reason: "a number that is no id"},
	}}
	assert.Equal(t, want, parse(t, sample))
	file, err := parser.ParseBytes([]byte(sample), 0)
	require.NoError(t, err)
	got, err := ParseNode(file.Docs[0].Body, "f")
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, want, parse(t, string(want.YAML())))
}

func TestWithoutTheSectionTheDefaultsHold(t *testing.T) {
	for _, text := range []string{"", "rewrite: {}\n", "correlate:\n"} {
		assert.Equal(t, Defaults(), parse(t, text), "%q", text)
	}
}

func TestMistakesAreToldWithTheirPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"correlate: 5\n":              `f:1:12: correlate is a mapping with the keys auto, cookies or rules; this is "5"`,
		"correlate:\n  auto: maybe\n": `f:2:9: auto is true or false, not "maybe"`,
		"correlate:\n  rules:\n  - reason: x\n    ignore: true\n":                                                                 "f:3:5: to is missing",
		"correlate:\n  rules:\n  - to: {operation: A, path: 2}\n    reason: x\n":                                                  "f:3:5: from is missing",
		"correlate:\n  rules:\n  - to: {operation: A, path: 0}\n    ignore: true\n    reason: x\n":                                "f:3:30: path is the number of a path segment",
		"correlate:\n  rules:\n  - to: {operation: A, body: $..id}\n    ignore: true\n    reason: x\n":                            "f:3:30: body $..id: the path of a value has names",
		"correlate:\n  rules:\n  - to: {operation: A, body: id}\n    ignore: true\n    reason: x\n":                               "f:3:30: body id: not a JSONPath query (RFC 9535)",
		"correlate:\n  rules:\n  - to: {operation: A, path: 1, query: b}\n    ignore: true\n    reason: x\n":                      "f:3:5: to names one place, with one of path, query, header, cookie, body or form; this has 2",
		"correlate:\n  rules:\n  - from: {operation: A, path: 1}\n    to: {operation: A, path: 1}\n    reason: x\n":               `f:3:26: unknown key "path" in from`,
		"correlate:\n  rules:\n  - from: {operation: POST /orders, body: $.id}\n    to: {operation: GET /orders/{id}, path: 2}\n": `inside of {...} a path with a brace needs quotation marks: "GET /orders/{id}"`,
		"correlate:\n  rules:\n  - from: {operation: A, body: $.id}\n    to: {operation: B, path: 2}\n":                           "f:3:5: reason is missing",
		"correlate: {}\ncorrelate: {}\n": "f:2:1: correlate is given twice",
		"- a\n":                          "f:1:1: the rule file is a mapping",
		"a: &x 1\n":                      "anchor is not supported",
		strings.Repeat("[", 100) + "\n":  "nested deeper than",
	} {
		_, err := Parse([]byte(text), "f")
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), want, text)
	}
	_, err := Parse(make([]byte, rulefile.MaxSize+1), "f")
	assert.ErrorContains(t, err, "larger")
}

func TestWrittenRulesOverrideLearnedOnes(t *testing.T) {
	place := Place{Kind: Body, Name: "$.quantity"}
	learned := &Rules{List: []Rule{
		{From: End{"POST /orders", Place{Kind: Body, Name: "$.id"}}, To: End{"POST /cart", place}, Learned: &Support{}},
		{From: End{"POST /orders", Place{Kind: Body, Name: "$.id"}}, To: End{"GET /orders/{id}", Place{Kind: Path, Segment: 2}}, Learned: &Support{}},
		{From: End{"GET /orders/{id}", Place{Kind: Header, Name: "etag"}}, To: End{"PUT /orders/{id}", Place{Kind: Header, Name: "if-match"}}, Learned: &Support{}},
	}}
	written := parse(t, sample)
	sum := written.With(learned)
	assert.Equal(t, written.List, sum.List[:3], "what is written comes first")
	assert.Empty(t, sum.List[3:], "forbidden, or written too")
	assert.Len(t, Defaults().With(learned).List, 3)
	assert.Empty(t, (&Rules{}).With(learned).List, "not automatic")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := Parse(data, "f")
		if err != nil {
			return
		}
		again, err := Parse(rules.YAML(), "f")
		require.NoError(t, err, "%s", rules.YAML())
		require.Equal(t, len(rules.List), len(again.List))
	})
}

package casefile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
)

const listOfOne = "format: 1\nseed: 7\noperations:\n  - {operation: GET /a, file: get-a.yaml, cases: 1}\n"

// folder makes a folder with these files.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
	}
	return dir
}

// mistakes are what is wrong with the only operation of a suite, without the folder.
func mistakes(t testing.TB, file string) []string {
	t.Helper()
	dir := folder(t, map[string]string{suiteFile: listOfOne, "get-a.yaml": file})
	d, err := Read(dir)
	require.NoError(t, err)
	defer d.Close()
	_, err = d.Part("GET /a")
	require.Error(t, err)
	var all rulefile.Errors
	require.ErrorAs(t, err, &all)
	lines := []string{}
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Msg))
	}
	return lines
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"nothing":             {"# only this\n", "1:1: there is nothing in it"},
		"a list":              {"- a\n", "1:1: a file of cases is an object with operation, setup, cases or gaps, not a list"},
		"no operation":        {"cases: []\n", "1:1: operation is missing"},
		"an unknown key":      {"operation: GET /a\ncasess: []\n", `2:1: unknown key "casess" in a file of cases (did you mean "cases"?); allowed are operation, setup, cases or gaps`},
		"a key twice":         {"operation: GET /a\noperation: GET /a\n", `2:1: the key "operation" is there twice`},
		"another operation":   {"operation: GET /b\n", "1:1: it is about GET /b, and suite.yaml says about GET /a"},
		"no id":               {"operation: GET /a\ncases:\n  - kind: positive\n", "3:5: a case needs an id"},
		"an id twice":         {"operation: GET /a\ncases:\n  - id: x\n  - id: x\n", `4:5: the id "x" is that of a case in`},
		"an unknown kind":     {"operation: GET /a\ncases:\n  - {id: x, kind: positiv}\n", `3:19: unknown kind "positiv" (did you mean "positive"?); allowed are positive, negative or sequence`},
		"an unknown check":    {"operation: GET /a\ncases:\n  - {id: x, expect: {check: idempotant}}\n", `3:29: unknown check "idempotant" (did you mean "idempotent"?)`},
		"credentials":         {"operation: GET /a\ncases:\n  - {id: x, request: {credentials: right}}\n", `3:36: unknown credentials "right"`},
		"steps and a request": {"operation: GET /a\ncases:\n  - {id: x, steps: [], request: {}}\n", "3:33: request stands in a case of one request, or in each of its steps"},
		"a list for a map":    {"operation: GET /a\ncases:\n  - {id: x, request: {query: [a]}}\n", "3:30: query is an object of names and values, not a list"},
		"a hexadecimal":       {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: 0x1F}}}\n", "3:34: 0x1F is written as JSON has it"},
		"an infinity":         {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: -.inf}}}\n", "3:34: -.inf is written as JSON has it"},
		"base64":              {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$base64: '*'}}}}\n", "3:44: $base64 is base64 with padding"},
		"no times":            {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$repeat: b}}}}\n", "3:34: $repeat needs times"},
		"negative times":      {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$repeat: b, times: -1}}}}\n", "3:54: times is a whole number from 0 on"},
		"too many times":      {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$repeat: b, times: 9000000000000}}}}\n", "3:34: the repetitions of a file come to 268435456 bytes at most"},
		"too many items":      {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: [{$item: b, times: 90000000}]}}}\n", "3:35: the repetitions of a file come to"},
		"repeats of repeats":  {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$repeat: {$repeat: {$repeat: b, times: 10000}, times: 10000}, times: 10000}}}}\n", "3:34: the repetitions of a file come to"},
		"an item in no list":  {"operation: GET /a\ncases:\n  - {id: x, request: {query: {a: {$item: b, times: 9}}}}\n", "3:34: $item stands in a list"},

		"an anchor":             {"operation: &a GET /a\n", "1:12: anchors are not read"},
		"an alias":              {"operation: *a\n", "1:12: aliases are not read"},
		"a tag":                 {"operation: !!str a\n", "1:12: tags are not read"},
		"a merge":               {"<<: {operation: GET /a}\n", "1:1: merge keys are not read"},
		"a complex key":         {"? operation\n: GET /a\n", "1:1: keys of several lines are not read"},
		"two documents":         {"operation: GET /a\n---\noperation: GET /b\n", "2:1: a key and a colon are expected here"},
		"a tab":                 {"operation: GET /a\ncases:\n\t- id: x\n", "3:2: an indent is made of spaces"},
		"no UTF-8":              {"operation: \xff\n", "1:12: the byte 0xff is not UTF-8"},
		"a control character":   {"operation: GET /a\ngaps: \x01\n", "2:7: the character U+0001 cannot stand in YAML"},
		"a quote":               {"operation: \"GET /a\n", "1:12: this quote is not closed"},
		"a brace":               {"operation: {a: b\n", "2:1: } is missing"},
		"a colon":               {"operation: GET: a\n", "1:15: a text with a colon before a space needs quotes"},
		"an escape":             {"operation: \"\\q\"\n", `1:13: \q is no escape of YAML`},
		"half a character":      {"operation: \"\\ud800\"\n", `1:13: \ud800 is half a character`},
		"too far in":            {"operation: GET /a\n  cases: []\n", "2:3: this cannot stand below the text before it"},
		"more after a comment":  {"operation: GET /a\ncases:\n  - id: a # b\n      c\n", "4:7: this is indented by 6 where 4 is expected"},
		"too far out":           {"operation: GET /a\ncases:\n    - id: x\n  - id: y\n", "4:3: this is indented by 2 where 0 is expected"},
		"nested without end":    {"operation: " + strings.Repeat("[", 100_000), "nested deeper than"},
		"nested dashes":         {strings.Repeat("- ", 100_000), "nested deeper than"},
		"braces without an end": {"operation: {", "1:13: } is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			all := strings.Join(mistakes(t, c.file), "\n")
			assert.Contains(t, all, c.want)
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	assert.Equal(t, []string{
		`3:5: unknown key "idd" in a case (did you mean "id"?); allowed are id, operation, kind, rule, at, source, why, steps, request, use, pages or expect`,
		"3:5: a case needs an id",
		`5:11: unknown kind "bad"; allowed are positive, negative or sequence`,
		"6:21: path is an object of names and values, not \"1\"",
	}, mistakes(t, "operation: GET /a\ncases:\n  - idd: x\n  - id: y\n    kind: bad\n    request: {path: 1}\n")[:4][:4:4])
	many := mistakes(t, "operation: GET /a\ngaps:\n"+strings.Repeat("  - {whi: a}\n", 300))
	assert.Len(t, many, maxMistakes+1)
	assert.Contains(t, many[maxMistakes], "and 200 more mistakes")
}

func TestWhatAPersonWritesIsRead(t *testing.T) {
	const file = `---
# mine
operation: GET /a   # this one
cases:
- id: 'it''s'
  kind: positive
  why: a sentence that goes on
    over lines

    and paragraphs # of which this is said
  request:
    query: {a: 1, "b": [x, 'y', "\u00e9\uD83D\uDE00"],
            c: }
    header:
        X-Plain: 2001-01-01
        X-Quoted: "1"
    body:
      media-type: text/plain
      raw: |2
          two more
        end
- id: folded
  request:
    body: {media-type: text/plain, raw: "a
      b

      c\
      d"}
- id: other
  request:
    body:
      media-type: text/plain
      raw: >+
        one
        line

        and
         more

  expect: {status: [201, 4XX]}
`
	dir := folder(t, map[string]string{suiteFile: listOfOne, "get-a.yaml": strings.ReplaceAll(file, "\n", "\r\n")})
	d, err := Read(dir)
	require.NoError(t, err)
	defer d.Close()
	p, err := d.Part("GET /a")
	require.NoError(t, err)
	require.Len(t, p.Cases, 3)
	first := p.Cases[0]
	assert.Equal(t, "it's", first.ID)
	assert.Equal(t, "a sentence that goes on over lines\nand paragraphs", first.Why)
	assert.Equal(t, []any{"x", "y", "é😀"}, first.Steps[0].Request.Query["b"])
	assert.Nil(t, first.Steps[0].Request.Query["c"])
	assert.Equal(t, map[string]any{"X-Plain": "2001-01-01", "X-Quoted": "1"}, first.Steps[0].Request.Header)
	assert.Equal(t, "  two more\nend\n", string(first.Steps[0].Request.Body.Raw))
	assert.Equal(t, "a b\ncd", string(p.Cases[1].Steps[0].Request.Body.Raw))
	assert.Equal(t, "one line\nand\n more\n\n", string(p.Cases[2].Steps[0].Request.Body.Raw))
	assert.Equal(t, []string{"201", "4XX"}, p.Cases[2].Steps[0].Expect.Status)
}

func TestSuitesThatCannotBeReadSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no list":           {nil, "no such file"},
		"no format":         {map[string]string{suiteFile: "seed: 1\n"}, "format is missing"},
		"a later format":    {map[string]string{suiteFile: "format: 2\nwhatever: 1\n"}, "format 2 is unknown, this program reads format 1: take a newer program"},
		"a way out":         {map[string]string{suiteFile: "format: 1\noperations:\n  - {operation: a, file: ../../etc.yaml}\n"}, `suite.yaml:3:26: "../../etc.yaml" is no name of a file of cases`},
		"a file twice":      {map[string]string{suiteFile: "format: 1\noperations:\n  - {operation: a, file: a.yaml}\n  - {operation: b, file: a.yaml}\n"}, "the file a.yaml is there twice"},
		"an operation":      {map[string]string{suiteFile: "format: 1\noperations:\n  - {operation: a, file: a.yaml}\n  - {operation: a, file: b.yaml}\n"}, "the operation a is there twice"},
		"a negative seed":   {map[string]string{suiteFile: "format: 1\nseed: -1\n"}, "seed is a whole number from 0 on"},
		"one's own mistake": {map[string]string{suiteFile: listOfOne, "a.own.yaml": "x: 1\n", "b.own.yaml": "y: 1\n"}, "b.own.yaml:1:1: operation is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(folder(t, c.files))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOwnCasesAreReadWithTheGenerated(t *testing.T) {
	dir := folder(t, map[string]string{
		suiteFile:        listOfOne,
		"get-a.yaml":     "operation: GET /a\nsetup: {}\ncases: [{id: x}]\n",
		"get-a.own.yaml": "operation: GET /a\nsetup: {use: [{step: s}]}\ncases: [{id: y}]\n",
		"more.own.yaml":  "operation: GET /b\ncases: [{id: z}]\n",
	})
	d, err := Read(dir)
	require.NoError(t, err)
	defer d.Close()
	assert.Equal(t, []string{"GET /a", "GET /b"}, d.Operations())
	for range 2 {
		p, err := d.Part("GET /a")
		require.NoError(t, err)
		require.Len(t, p.Cases, 2)
		assert.Equal(t, "y", p.Cases[1].ID)
		assert.Equal(t, []contract.Use{{Step: "s"}}, p.Setup.Use)
	}
	n := 0
	for p, err := range d.Parts() {
		require.NoError(t, err)
		n += len(p.Cases)
	}
	assert.Equal(t, 3, n)
	_, err = d.Part("GET /c")
	require.ErrorContains(t, err, "has no operation GET /c")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "twin.own.yaml"), []byte("operation: GET /b\nsetup: {}\ncases: [{id: x}]\n"), 0o600))
	again, err := Read(dir)
	require.NoError(t, err)
	defer again.Close()
	_, err = again.Part("GET /a")
	require.NoError(t, err)
	_, err = again.Part("GET /b")
	require.ErrorContains(t, err, `twin.own.yaml:3:9: the id "x" is that of a case in`)
}

func TestALinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	dir := folder(t, map[string]string{suiteFile: listOfOne})
	outside := folder(t, map[string]string{"secret.yaml": "operation: GET /a\n"})
	if err := os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "get-a.yaml")); err != nil {
		t.Skip("no links here:", err)
	}
	d, err := Read(dir)
	require.NoError(t, err)
	defer d.Close()
	_, err = d.Part("GET /a")
	require.ErrorContains(t, err, "escapes")
}

func FuzzRead(f *testing.F) {
	p := many(1)
	p.Cases = p.Cases[:2]
	f.Add(encoded(&p))
	for _, s := range hostile {
		f.Add([]byte("operation: GET /a\ncases:\n  - id: x\n    request:\n      query:\n        a: " + s + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "times") && len(data) > 1<<12 {
			return
		}
		n, mistake := parse("f", data)
		if mistake != nil {
			if mistake.Line < 1 || mistake.Column < 1 {
				t.Fatalf("no place: %v", mistake)
			}
			return
		}
		if n == nil {
			return
		}
		d := &decoder{file: "f", expanded: MaxExpanded - 1<<16}
		part := d.part(n)
		if d.err() != nil {
			return
		}
		var enc encoder
		tree := enc.part(&part.Part)
		require.NoError(t, enc.err)
		em := emitter{}
		em.members(tree, 0)
		again, mistake := parse("g", em.buf)
		if mistake != nil {
			t.Fatalf("%v\n%s", mistake, em.buf)
		}
		d = &decoder{file: "g"}
		back := d.part(again)
		require.NoError(t, d.err())
		if d := diffParts(part.Part, back.Part); d != "" {
			t.Fatalf("%s\n%s", d, em.buf)
		}
	})
}

package contractfile

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/contract"
	"twinspect.dev/contract/shape"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "run with -update where this is right")
}

func decode(t testing.TB, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), text)
	return v
}

func fields(t testing.TB, bodies ...string) []contract.Field {
	t.Helper()
	b := shape.NewBuilder()
	for _, body := range bodies {
		b.Begin()
		b.Value("header Content-Type", "application/json")
		b.Value("body", decode(t, body))
	}
	return b.Fields()
}

// sample is a contract with something of everything.
func sample(t testing.TB) *contract.Contract {
	t.Helper()
	var bodies []string
	for i := range 20 {
		body := fmt.Sprintf(`{"id":"3f2b8c1e-5d4a-4e6f-9a7b-0123456789%02d","price":%d.50,"status":"%s","tags":["a"],"customer name":"x: y"`, i, i, []string{"active", "closed"}[i%2])
		if i%4 == 0 {
			body += `,"note":null`
		}
		bodies = append(bodies, body+"}")
	}
	ok := fields(t, bodies...)
	for i := range ok {
		ok[i].Usage = contract.Usage{State: contract.Seen, Of: ok[i].Seen}
		if ok[i].At == "body /price" {
			ok[i].Usage = contract.Usage{State: contract.Used, Calls: 19, Of: 20, Confidence: 0.99975, Evidence: []contract.Evidence{
				{How: contract.Exact, Into: "answer GET /cart body /lines/*/price", Matched: 19, Chance: 1, Samples: 20},
				{How: contract.Substring, Into: "request mail POST /mails/{id} body /text", Matched: 3, Samples: 20},
			}}
		}
	}
	ok = shape.Merge(ok, []contract.Field{{At: "body /old", Of: 20, Usage: contract.Usage{State: contract.Never}}})
	b := shape.NewBuilder()
	for range 22 {
		b.Begin()
		b.Value("path id", "17")
	}
	return &contract.Contract{
		Schema: contract.ContractSchema, Version: contract.ContractVersion, Consumer: "Checkout", Provider: "catalog",
		Document: &contract.DocumentInfo{Path: "openapi/catalog.yaml", Title: "Catalog: products", Version: "1.2", OpenAPI: "3.1.0", SHA256: strings.Repeat("ab", 32)},
		From:     time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 20, 11, 0, 0, 120_000_000, time.UTC),
		Interactions: []contract.Interaction{
			{Operation: "DELETE /products/{id}", Calls: 1, For: map[string]uint64{"": 1}},
			{
				Operation: "GET /products/{id}", OperationID: "getProduct", Calls: 22, For: map[string]uint64{"GET /cart": 20, "": 2},
				Request: b.Fields(),
				Responses: []contract.Answer{
					{Status: 200, Calls: 20, MediaType: "application/json", Fields: ok,
						Example: &contract.Sample{
							Target: "/products/17?q=a%20b", RequestHeader: map[string]string{"Accept": "*/*"},
							Response: decode(t, `{"id":"x","price":1.50,"odd":"\u0085\u001b😀 ${a}: - #","list":[]}`),
						}},
					{Status: 404, Calls: 2},
				},
			},
		},
	}
}

func TestAContractIsReadBackAsItWasWritten(t *testing.T) {
	dir := t.TempDir()
	c := sample(t)
	require.NoError(t, Write(dir, c))
	path := filepath.Join(dir, "%43heckout", "catalog.yaml")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	golden(t, "catalog.yaml", data)
	got, err := ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, c, got)
	all, err := Read(dir)
	require.NoError(t, err)
	assert.Equal(t, []*contract.Contract{c}, all)
	require.NoError(t, Write(dir, c))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing temporary is left")
}

func TestAnyTextIsReadBack(t *testing.T) {
	odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "~", "null", "1", "1.5e3", "a: b", "a #b", "- a", "{a}", "[a]", "a,b", "'", `"`, "\\", "a\nb", " a", "a ",
		"a  b", "\t", "\r\n", "0x1f", "2026-11-20", "!a", "&a", "*a", "|", ">", "%a", "@a", "`a`", "\ufeff", "\u0085", "\u2028", "\x00", "😀", "<<", "=", "a:", "? a", "---", "...", "\x7f"}))
	rapid.Check(t, func(t *rapid.T) {
		text := odd.Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
		place := contract.Place(text.Draw(t, "place"))
		value := text.Draw(t, "value")
		in := contract.Interaction{Operation: text.Draw(t, "operation"), OperationID: text.Draw(t, "id"), Calls: 3, For: map[string]uint64{text.Draw(t, "for"): 2},
			Responses: []contract.Answer{{Status: 200, Calls: 2, MediaType: text.Draw(t, "media"), Fields: []contract.Field{
				{At: place, Seen: 2, Of: 2, Types: map[string]uint64{"string": 2}, Values: map[string]uint64{value: 2}, MinLen: 1, MaxLen: 3, Class: "uuid",
					Usage: contract.Usage{State: contract.Used, Evidence: []contract.Evidence{{How: contract.Exact, Into: text.Draw(t, "into")}}}}},
				Example: &contract.Sample{Target: text.Draw(t, "target"), RequestHeader: map[string]string{text.Draw(t, "name"): value},
					Request: map[string]any{text.Draw(t, "key"): []any{value, json.Number("1.50"), nil, true}}, Response: value},
			}}}
		c := &contract.Contract{Schema: contract.ContractSchema, Version: contract.ContractVersion, Consumer: text.Draw(t, "consumer"), Provider: "p", Interactions: []contract.Interaction{in}}
		data, err := Encode(c)
		require.NoError(t, err)
		got, err := Decode("f", data)
		require.NoError(t, err, "%s", data)
		require.Equal(t, c, got, "%s", data)
	})
}

func TestMistakesAreToldWithTheirLines(t *testing.T) {
	data, err := Encode(sample(t))
	require.NoError(t, err)
	whole := string(data)
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":     {"    id: getProduct", "    idd: getProduct", `f:16:5: unknown key "idd" in an operation (did you mean "id"?)`},
		"later version":   {`version: "1.0"`, `version: "2.0"`, "f:3:1: version 2.0 is of a later program"},
		"other schema":    {"schema: twinspect.dev/contract/consumer", "schema: x", "f:2:1: this is no contract of a consumer"},
		"twice":           {"        404:\n          calls: 2\n", "        404:\n          calls: 2\n        404:\n", "is given twice in responses"},
		"field twice":     {"body /price: {type", "body /price: {type: null}\n          body /price: {type", "is given twice in fields, first in line"},
		"seen above of":   {"body /note: {seen: 5, of: 20", "body /note: {seen: 21, of: 20", "seen, 21, cannot be more than of, 20"},
		"optional":        {"body /note: {seen: 5, of: 20", "body /note: {seen: 5", "contradicts line"},
		"negative":        {"body /note: {seen: 5,", "body /note: {seen: -5,", `"seen" is a whole number`},
		"type":            {"body /note: {type: \"null\"", "body /note: {type: sting", `"sting" is no type (did you mean "string"?)`},
		"values":          {"values: {active: 10, closed: 10}", "values: {active: 10, open: 10}", "the values are not those of line"},
		"too many values": {"values: {active: 10, closed: 10}", "values: {active: 15, closed: 10}", "the values, 25, cannot be more than seen, 20"},
		"evidence":        {"{matched: 3, chance: 0, samples: 20}", "{matched: 30, chance: 0, samples: 20}", "matched, 30, cannot be more than samples, 20"},
		"less evidence":   {", {matched: 3, chance: 0, samples: 20}", "", "evidence for 1 places"},
		"confidence":      {"confidence: 0.99975", "confidence: 1.5", "confidence is a number from 0 to 1"},
		"uncounted":       {"            body /note: {seen: 5, of: 20, present: 5}\n", "", "the field has no counts"},
		"unshaped":        {"body /note: {seen:", "body /noet: {seen:", `(did you mean "body /note"?)`},
		"calls":           {"      calls: 22", "      calls: 3", "cannot be more than calls, 3"},
		"time":            {"  from: 2026-11-20T10", "  from: 2026-11-20X10", "from is a time such as"},
		"interval":        {"  from: 2026-11-20T10", "  from: 2027-11-20T10", "to is before from"},
		"status":          {"        404:\n          calls", "        4O4:\n          calls", "counts of a status that does not stand above"},
		"bound":           {"min: 0.50", "min: 0x50", "min is a number as JSON writes it"},
		"length":          {"length: 36", "length: 36..3", "length is a number, or two"},
		"anchor":          {"id: getProduct", "id: &a getProduct", "anchor is not supported"},
		"two documents":   {"\ncounts:", "\n---\ncounts:", "one YAML document"},
		"example":         {`"list": [],`, `"list": []`, "response is a text of JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, whole, c.from)
			i := strings.LastIndex(whole, c.from)
			_, err := Decode("f", []byte(whole[:i]+c.to+whole[i+len(c.from):]))
			assert.ErrorContains(t, err, c.want)
			var mistakes rulefile.Errors
			assert.True(t, errors.As(err, &mistakes))
		})
	}
	_, err = Decode("f", nil)
	assert.Error(t, err)
	_, err = Decode("f", []byte(strings.Repeat(" ", MaxFile+1)))
	assert.ErrorContains(t, err, "larger than")
}

func TestWhatContradictsItselfIsNotWritten(t *testing.T) {
	c := sample(t)
	c.Interactions[1].Responses[0].Fields[0].Seen = 99
	dir := t.TempDir()
	assert.ErrorContains(t, Write(dir, c), "cannot be more")
	c = sample(t)
	c.Interactions[1].OperationID = "\xff"
	assert.ErrorContains(t, Write(dir, c), "not UTF-8")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestAFolderMayHoldOtherThings(t *testing.T) {
	dir := t.TempDir()
	c := sample(t)
	require.NoError(t, Write(dir, c))
	consumer := filepath.Join(dir, "%43heckout")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(consumer, ".x.yaml"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".git"), 0o700))
	all, err := Read(dir)
	require.NoError(t, err)
	assert.Len(t, all, 1)
	require.NoError(t, os.WriteFile(filepath.Join(consumer, "bad.yaml"), []byte("a: 1\n"), 0o600))
	data, err := os.ReadFile(filepath.Join(consumer, "catalog.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(consumer, "other.yaml"), data, 0o600))
	all, err = Read(dir)
	assert.Len(t, all, 1, "what could be read is there")
	assert.ErrorContains(t, err, "bad.yaml:1:1")
	assert.ErrorContains(t, err, "other.yaml:1:1: the contract of this pair stands in")
	_, err = Read(filepath.Join(dir, "none"))
	assert.Error(t, err)
	_, err = ReadFile(dir)
	assert.ErrorContains(t, err, "is no file")
}

func TestNamesLeadNowhereElseAndAreReadBack(t *testing.T) {
	for name, want := range map[string]string{
		"checkout": "checkout", "": "%", "..": "%2E%2E", "a/b": "a%2Fb", `a\b`: "a%5Cb", "Shop": "%53hop", "con": "%63on", "nul.txt": "%6Eul.txt", "com1": "%63om1",
		"a.b": "a.b", ".git": "%2Egit", "a.": "a%2E", "a b": "a%20b", "%41": "%2541", "ä": "%C3%A4", "\x00": "%00", "-x": "-x",
	} {
		assert.Equal(t, want, FileName(name))
		back, ok := NameOf(want)
		assert.True(t, ok, name)
		assert.Equal(t, name, back)
	}
	long := FileName(strings.Repeat("long", 100))
	assert.LessOrEqual(t, len(long), maxName+2)
	assert.NotEqual(t, long, FileName(strings.Repeat("long", 101)))
	for _, bad := range []string{long, "%4", "%zz", "A", "%61", "..", ""} {
		_, ok := NameOf(bad)
		assert.False(t, ok, bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(0, 30, 30).Draw(t, "name")
		file := FileName(name)
		require.NotContains(t, file, "/")
		require.Regexp(t, `^[a-zA-Z0-9%._~-]+$`, file)
		if back, ok := NameOf(file); ok {
			require.Equal(t, name, back)
		} else {
			require.Greater(t, len(file), maxName)
		}
	})
}

func FuzzDecode(f *testing.F) {
	data, err := Encode(sample(f))
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte("schema: twinspect.dev/contract/consumer\nversion: \"1.0\"\nconsumer: a\nprovider: b\noperations:\ncounts:\n"))
	f.Add([]byte("{a: [}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode("f", data)
		if err != nil {
			return
		}
		again, err := Encode(c)
		if err != nil {
			return // what YAML has and a text of ours has not, such as bytes that are not UTF-8
		}
		got, err := Decode("f", again)
		require.NoError(t, err)
		require.Equal(t, current(c), got)
	})
}

// current is a contract with the version that is written.
func current(c *contract.Contract) *contract.Contract {
	out := *c
	out.Version = contract.ContractVersion
	return &out
}

package match_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
	"twinspect.dev/contract/pact/match"
)

// respond compares a body of JSON in a response with an expected one, by rules of a
// body in the form of version 3.
func respond(t testing.TB, rules, want, got string) []match.Mismatch {
	t.Helper()
	tree, err := pact.ParseJSON([]byte(want))
	require.NoError(t, err)
	expected := &pact.Response{
		Body:  pact.Body{Presence: pact.Present, ContentType: "application/json", Value: tree, IsJSON: true},
		Rules: rulesOf(t, `{"body": {`+rules+`}}`),
	}
	return match.Response(expected, answer("application/json", got))
}

func rulesOf(t testing.TB, rules string) pact.Rules {
	t.Helper()
	p, err := pact.Read(strings.NewReader(`{"interactions": [{"request": {}, "response": {"matchingRules": `+rules+`}}]}`), "rules")
	require.NoError(t, err)
	return p.Interactions[0].Response.Rules
}

func answer(contentType, body string) *capture.Response {
	return &capture.Response{Status: 200, Message: capture.Message{
		Header: capture.Header{{Name: "content-type", Value: contentType}}, Body: []byte(body), BodySize: int64(len(body)),
	}}
}

func one(rule string) string { return `"$.a": {"matchers": [` + rule + `]}` }

func TestRulesForOneValue(t *testing.T) {
	tests := []struct{ rule, want, yes, no string }{
		{`{"match": "type"}`, `1`, `1.5 -7 1e3`, `"1" null true [] {}`},
		{`{"match": "type"}`, `"x"`, `"" "y"`, `1 null`},
		{`{"match": "type"}`, `null`, `null`, `1 "null"`},
		{`{"match": "equality"}`, `1.0`, `1 1.00 10e-1`, `1.01 "1.0"`},
		{`{"match": "integer"}`, `1`, `100 -1 0 123456789012345678901234567890`, `100.0 1e2 "100" null`},
		{`{"match": "decimal"}`, `1.5`, `100.0 1e2 -0.5`, `100 "1.5"`},
		{`{"match": "number"}`, `1`, `100 100.0`, `"100" null true`},
		{`{"match": "boolean"}`, `true`, `true false`, `"true" 1 null`},
		{`{"match": "null"}`, `null`, `null`, `0 "" false`},
		{`{"match": "regex", "regex": "\\d{2}"}`, `"12"`, `"99" 42`, `"123" "1" null "x12"`},
		{`{"match": "regex", "regex": "(?i)abc|d"}`, `"abc"`, `"ABC" "d"`, `"abcd"`},
		{`{"match": "regex", "regex": "("}`, `"x"`, ``, `"x"`},
		{`{"match": "include", "value": "ell"}`, `"hello"`, `"bell" "ell"`, `"helo" null`},
		{`{"match": "semver"}`, `"1.0.0"`, `"1.2.3" "1.2.3-rc.1+b7" "0.0.0"`, `"1.2" "v1.2.3" "01.2.3" 1 "1.2.3-"`},
		{`{"match": "notEmpty"}`, `"x"`, `"y" 0 false`, `"" null`},
		{`{"match": "date"}`, `"2020-01-01"`, `"2024-02-29"`, `"2023-02-29" "2020-1-1" "x" 20200101`},
		{`{"match": "date", "date": "dd/MM/yyyy"}`, `"01/02/2020"`, `"31/12/1999"`, `"31/11/1999" "1999-12-31"`},
		{`{"match": "date", "format": "d MMM yy"}`, `"1 Jan 20"`, `"31_Dec_99"`, `"32_Dec_99" "1_Foo_20"`},
		{`{"match": "time", "time": "HH:mm:ss"}`, `"10:00:00"`, `"23:59:59"`, `"24:00:00" "10:00" "1:00:00"`},
		{`{"match": "time", "format": "h:mm a"}`, `"1:00 PM"`, `"12:59_am"`, `"13:00_PM"`},
		{`{"match": "timestamp", "timestamp": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"}`, `"2020-01-01T00:00:00.000Z"`, `"2020-01-01T00:00:00.123+01:00"`, `"2020-01-01T00:00:00Z" "2020-01-01_00:00:00.123Z"`},
		{`{"match": "datetime", "format": "EEE, dd MMM yyyy HH:mm:ss z"}`, `"x"`, `"Mon,_01_Jan_2020_00:00:00_GMT"`, `"2020"`},
		{`{"match": "timestamp", "timestamp": "yyyyMMdd[HHmm]"}`, `"x"`, `"20200101" "202001011200"`, `"2020" "2020010199"`},
		{`{"match": "timestamp"}`, `"x"`, `"2020-01-01T00:00:00Z" "2020-01-01T00:00:00+02:00"`, `"2020-01-01"`},
		{`{"match": "date", "date": "'oops"}`, `"x"`, ``, `"x"`},
		{`{"match": "nonsense"}`, `1`, ``, `1`},
		{`{"match": "contentType", "value": "application/json"}`, `"x"`, `"{}"`, `"{"`},
	}
	for _, test := range tests {
		for _, got := range strings.Fields(test.yes) {
			got = strings.ReplaceAll(got, "_", " ")
			assert.Empty(t, respond(t, one(test.rule), `{"a": `+test.want+`}`, `{"a": `+got+`}`), "%s %s", test.rule, got)
		}
		for _, got := range strings.Fields(test.no) {
			got = strings.ReplaceAll(got, "_", " ")
			assert.NotEmpty(t, respond(t, one(test.rule), `{"a": `+test.want+`}`, `{"a": `+got+`}`), "%s %s", test.rule, got)
		}
	}
}

func TestRulesForArraysAndObjects(t *testing.T) {
	tests := []struct {
		name, rules, want, got string
		at                     []contract.Place
	}{
		{"more items than the example", one(`{"match": "type"}`), `{"a": [1]}`, `{"a": [1, 2, 3]}`, nil},
		{"an item of another type", one(`{"match": "type"}`), `{"a": [{"b": 1}]}`, `{"a": [{"b": 2}, {"b": "x"}]}`, []contract.Place{"body /a/1/b"}},
		{"too few", one(`{"match": "type", "min": 2}`), `{"a": [1]}`, `{"a": [1]}`, []contract.Place{"body /a"}},
		{"too many", one(`{"match": "type", "max": 2}`), `{"a": [1]}`, `{"a": [1, 2, 3]}`, []contract.Place{"body /a"}},
		{"the size is for the array alone", one(`{"match": "type", "min": 2}`), `{"a": [[1]]}`, `{"a": [[1], [2]]}`, nil},
		{"equality ends a rule from above", `"$": {"matchers": [{"match": "type"}]}, "$.a": {"matchers": [{"match": "equality"}]}`, `{"a": [1], "b": 1}`, `{"a": [2], "b": 2}`, []contract.Place{"body /a/0"}},
		{"the most specific rule wins", `"$.*": {"matchers": [{"match": "type"}]}, "$.a": {"matchers": [{"match": "regex", "regex": "x"}]}`, `{"a": "x", "b": "y"}`, `{"a": "y", "b": "z"}`, []contract.Place{"body /a"}},
		{"and", one(`{"match": "type"}, {"match": "regex", "regex": "x+"}`), `{"a": "x"}`, `{"a": "y"}`, []contract.Place{"body /a"}},
		{"or", `"$.a": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "regex", "regex": "x+"}]}`, `{"a": "x"}`, `{"a": null}`, nil},
		{"neither", `"$.a": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "regex", "regex": "x+"}]}`, `{"a": "x"}`, `{"a": "y"}`, []contract.Place{"body /a", "body /a"}},
		{"values", one(`{"match": "values"}`) + `, "$.a.*": {"matchers": [{"match": "type"}]}`, `{"a": {"k": 1}}`, `{"a": {"x": 2, "y": "3"}}`, []contract.Place{"body /a/y"}},
		{"each key", one(`{"match": "eachKey", "rules": [{"match": "regex", "regex": "k\\d"}]}`), `{"a": {"k1": 1}}`, `{"a": {"k2": 5, "x": 1}}`, []contract.Place{"body /a/x"}},
		{"each key, whatever the values", one(`{"match": "eachKey", "rules": [{"match": "regex", "regex": "k\\d"}]}`), `{"a": {"k1": 1}}`, `{"a": {"k1": "x"}}`, nil},
		{"each value of an object", one(`{"match": "eachValue", "rules": [{"match": "integer"}]}`), `{"a": {"k": 1}}`, `{"a": {"x": 2, "y": 3.0}}`, []contract.Place{"body /a/y"}},
		{"each value of an array", one(`{"match": "eachValue", "rules": [{"match": "regex", "regex": "x+"}]}`), `{"a": ["x"]}`, `{"a": ["xx", "y"]}`, []contract.Place{"body /a/1"}},
		{"keys and values of nothing", one(`{"match": "eachKey", "rules": [{"match": "regex", "regex": "k\\d"}]}, {"match": "eachValue", "rules": [{"match": "type"}]}`), `{"a": null}`, `{"a": null}`, nil},
		{"keys and values where nothing is expected", one(`{"match": "eachValue", "rules": [{"match": "type"}]}`), `{"a": null}`, `{"a": {"k": 1}}`, []contract.Place{"body /a"}},
		{"keys and values", one(`{"match": "eachKey", "rules": [{"match": "regex", "regex": "k\\d"}]}, {"match": "eachValue", "rules": [{"match": "type"}]}`), `{"a": {"k1": {"b": 1}}}`, `{"a": {"k2": {"b": 7}, "k3": {"b": "7"}}}`, []contract.Place{"body /a/k3/b"}},
		{"array contains", one(`{"match": "arrayContains", "variants": [{"index": 0, "rules": {"$.v": {"matchers": [{"match": "integer"}]}}}, {"index": 1}]}`), `{"a": [{"n": "x", "v": 1}, {"n": "y"}]}`, `{"a": [{"n": "q"}, {"n": "y", "v": 1}, {"n": "x", "v": 99}]}`, nil},
		{"array lacks one", one(`{"match": "arrayContains", "variants": [{"index": 0, "rules": {"$.v": {"matchers": [{"match": "integer"}]}}}, {"index": 1}]}`), `{"a": [{"n": "x", "v": 1}, {"n": "y"}]}`, `{"a": [{"n": "x", "v": "99"}, {"n": "y"}]}`, []contract.Place{"body /a"}},
		{"not empty", one(`{"match": "notEmpty"}`), `{"a": [1]}`, `{"a": []}`, []contract.Place{"body /a"}},
		{"not empty, of another type", one(`{"match": "notEmpty"}`), `{"a": [1]}`, `{"a": 1}`, []contract.Place{"body /a"}},
		{"not empty, with more items", one(`{"match": "notEmpty"}`), `{"a": [1]}`, `{"a": [2, 3, ""]}`, []contract.Place{"body /a/2"}},
		{"a path that cannot be read", `"$.a..b": {"matchers": [{"match": "type"}]}`, `{"a": 1}`, `{"a": 1}`, []contract.Place{"body"}},
		{"a rule for a text at an array", one(`{"match": "regex", "regex": ".*"}`), `{"a": []}`, `{"a": []}`, []contract.Place{"body /a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var at []contract.Place
			found := respond(t, test.rules, test.want, test.got)
			for _, m := range found {
				at = append(at, m.At)
			}
			assert.Equal(t, test.at, at, "%v", found)
		})
	}
}

func TestMismatchesTellWhatAndWhere(t *testing.T) {
	found := respond(t, ``, `{"a": [1, {"b": "x"}], "c": 1}`, `{"a": [1, {"b": 2}]}`)
	assert.Equal(t, []match.Mismatch{
		{At: "body /a/1/b", Expected: "x", Actual: "2", Message: "a string is expected, it is a number"},
		{At: "body /c", Expected: "1", Message: "it is missing"},
	}, found)
}

func TestStatusesFitClassesAndLists(t *testing.T) {
	for rule, statuses := range map[string][2]int{
		`"success"`: {204, 302}, `"info"`: {101, 200}, `"redirect"`: {304, 400}, `"clientError"`: {404, 500},
		`"serverError"`: {503, 404}, `"nonError"`: {302, 400}, `"error"`: {500, 200}, `[200, 201]`: {201, 202}, `"odd"`: {0, 200},
	} {
		expected := &pact.Response{Status: 200, Rules: rulesOf(t, `{"status": {"matchers": [{"match": "statusCode", "status": `+rule+`}]}}`)}
		if statuses[0] > 0 {
			assert.Empty(t, match.Response(expected, &capture.Response{Status: statuses[0]}), rule)
		}
		assert.NotEmpty(t, match.Response(expected, &capture.Response{Status: statuses[1]}), rule)
	}
}

func TestBodiesByContentType(t *testing.T) {
	const multi = "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n%s\r\n--b--\r\n"
	tests := []struct {
		name, contentType, want, got string
		fits                         bool
	}{
		{"a form in another order", "application/x-www-form-urlencoded", "a=1&b=2", "b=2&a=1", true},
		{"a form with another value", "application/x-www-form-urlencoded", "a=1&a=2", "a=1&a=3", false},
		{"a part", `multipart/form-data; boundary="b"`, fmt.Sprintf(multi, "x"), fmt.Sprintf(multi, "x"), true},
		{"another part", `multipart/form-data; boundary="b"`, fmt.Sprintf(multi, "x"), fmt.Sprintf(multi, "y"), false},
		{"no multipart", `multipart/form-data; boundary="b"`, fmt.Sprintf(multi, "x"), "y", false},
		{"bytes", "image/png", "\x89PNG1", "\x89PNG1", true},
		{"other bytes", "image/png", "\x89PNG1", "\x89PNG2", false},
		{"broken JSON", "application/json", "{}", "{", false},
		{"broken XML", "application/xml", "<a/>", "<a>", false},
		{"JSON with a suffix", "application/hal+json", `{"a":1}`, `{ "a" : 1 }`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expected := &pact.Response{Body: pact.Body{Presence: pact.Present, ContentType: test.contentType, Text: []byte(test.want)}}
			found := match.Response(expected, answer(test.contentType, test.got))
			assert.Equal(t, test.fits, len(found) == 0, "%v", found)
		})
	}
}

func TestARuleAboutTheContentTypeLooksAtTheFirstBytes(t *testing.T) {
	expected := &pact.Response{
		Body:  pact.Body{Presence: pact.Present, ContentType: "image/png", Text: []byte("\x89PNG\r\n\x1a\n...")},
		Rules: rulesOf(t, `{"body": {"$": {"matchers": [{"match": "contentType", "value": "image/png"}]}}}`),
	}
	assert.Empty(t, match.Response(expected, answer("image/png", "\x89PNG\r\n\x1a\nother")))
	assert.NotEmpty(t, match.Response(expected, answer("image/png", "GIF89a")))
}

func TestContentCodingsAreUndone(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(`{"a":1}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	expected := &pact.Response{Body: pact.Body{Presence: pact.Present, IsJSON: true, Value: map[string]any{"a": json.Number("1")}}}
	got := answer("application/json", packed.String())
	got.Header = append(got.Header, capture.Field{Name: "Content-Encoding", Value: "gzip"})
	assert.Empty(t, match.Response(expected, got))
	got.Body = got.Body[:10]
	assert.NotEmpty(t, match.Response(expected, got))
}

func TestABodyThatWasNotRecordedIsToldSo(t *testing.T) {
	expected := &pact.Response{Body: pact.Body{Presence: pact.Present, Text: []byte("x")}}
	got := &capture.Response{Message: capture.Message{Incomplete: "gap", BodySize: -1}}
	require.Len(t, match.Response(expected, got), 1)
	assert.Contains(t, match.Response(expected, got)[0].Message, "not recorded")
}

func TestHeadersAreComparedByTheirValues(t *testing.T) {
	tests := []struct {
		name      string
		want, got []string
		fits      bool
	}{
		{"Accept", []string{"a/b", "c/d"}, []string{"a/b, c/d"}, true},
		{"Accept", []string{"a/b; q=1"}, []string{"a/b;q=1"}, true},
		{"X", []string{"a, b"}, []string{"a", "b"}, true},
		{"X", []string{"a"}, []string{"a", "b"}, false},
		{"Date", []string{"Mon, 01 Jan 2020"}, []string{"Mon, 01 Jan 2020"}, true},
		{"X", []string{`"a,b"`}, []string{`"a,b"`}, true},
		{"X", []string{""}, []string{""}, true},
		{"X", []string{"a"}, nil, false},
	}
	for _, test := range tests {
		got := &capture.Response{}
		for _, v := range test.got {
			got.Header = append(got.Header, capture.Field{Name: strings.ToLower(test.name), Value: v})
		}
		expected := &pact.Response{Header: map[string][]string{test.name: test.want}}
		assert.Equal(t, test.fits, len(match.Response(expected, got)) == 0, "%v", test)
	}
}

func TestParametersAreComparedByRules(t *testing.T) {
	expected := &pact.Request{
		Method: "GET", Path: "/x", Query: map[string][]string{"id": {"1"}, "tag": {"a"}},
		Rules: rulesOf(t, `{"query": {"id": {"matchers": [{"match": "integer"}]}, "$.tag": {"matchers": [{"match": "type", "min": 1, "max": 2}]}}}`),
	}
	for target, fits := range map[string]bool{
		"/x?id=7&tag=b": true, "/x?id=7&tag=b&tag=c": true, "/x?id=7&tag=b&tag=c&tag=d": false, "/x?id=z&tag=b": false,
		"/x?tag=b": false, "http://host/x?id=7&tag=b": true, "/y?id=7&tag=b": false, "/%78?id=7&tag=b": true, "/x?id=7&tag=b&z": false,
	} {
		found := match.Request(expected, &capture.Request{Method: "get", Target: target})
		assert.Equal(t, fits, len(found) == 0, "%s %v", target, found)
	}
}

func TestMetadataIsComparedByRules(t *testing.T) {
	expected := &pact.Message{
		Metadata: map[string]any{"topic": "a", "contentType": "application/json", "n": json.Number("1")},
		Body:     pact.Body{Presence: pact.Present, ContentType: "application/json", IsJSON: true, Value: "x"},
		Rules:    rulesOf(t, `{"metadata": {"topic": {"matchers": [{"match": "regex", "regex": "[ab]"}]}}}`),
	}
	good := map[string]any{"topic": "b", "n": json.Number("1.0"), "more": true}
	assert.Empty(t, match.Message(expected, good, "application/json; charset=utf-8", []byte(`"x"`)))
	assert.Len(t, match.Message(expected, map[string]any{"topic": "c"}, "text/plain", []byte(`"x"`)), 4)
}

func TestTheWorkIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	variants := strings.TrimSuffix(strings.Repeat(`{"index": 0, "rules": {}},`, 3000), ",")
	list := "[" + strings.TrimSuffix(strings.Repeat("[1,2,3,4],", 3000), ",") + "]"
	found := respond(t, one(`{"match": "arrayContains", "variants": [`+variants+`]}`), `{"a": [[1,2,3,5]]}`, `{"a": `+list+`}`)
	assert.Contains(t, found[len(found)-1].Message, "not all was compared")
	found = respond(t, one(`{"match": "type"}`)+`, "$.a[*]": {"matchers": [{"match": "regex", "regex": "(x+x+)+y"}]}`, `{"a": [""]}`,
		`{"a": [`+strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 60)+`",`, 5000), ",")+`]}`)
	assert.NotEmpty(t, found)
	assert.LessOrEqual(t, len(found), match.MaxMismatches+2)
	deep := strings.Repeat("[", 500) + strings.Repeat("]", 500)
	assert.Empty(t, respond(t, `"$": {"matchers": [{"match": "type"}]}`, deep, deep))
	assert.NotEmpty(t, respond(t, ``, `{}`, strings.Repeat("[", 100000)))
}

func TestTextsOfMismatchesAreCut(t *testing.T) {
	found := respond(t, ``, `"ü"`, `"`+strings.Repeat("ü", 1000)+`"`)
	require.Len(t, found, 1)
	assert.LessOrEqual(t, len(found[0].Actual), match.MaxText+len("…"))
}

func FuzzResponse(f *testing.F) {
	f.Add("application/json", `{"a": [1]}`, `{"a": [1, "x"]}`, "$.a", `{"match": "type", "min": 1}`)
	f.Add("application/xml", `<a b="1"><c>x</c></a>`, `<a><c/></a>`, "$.a.c", `{"match": "regex", "regex": "x+"}`)
	f.Add("application/x-www-form-urlencoded", `a=1`, `a=2&a=3`, "$.a[*]", `{"match": "integer"}`)
	f.Add("multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--", "--b--", "$['0']", `{"match": "contentType", "value": "a/b"}`)
	f.Add("text/plain", `a`, `2020-01-01`, "$", `{"match": "date", "date": "yyyy-MM-dd"}`)
	f.Add("", `[{"k": 1}]`, `[{"j": 2}]`, "$[*]", `{"match": "eachKey", "rules": [{"match": "regex", "regex": "k"}]}`)
	f.Add("", `[1, 2]`, `[2, 1]`, "$", `{"match": "arrayContains", "variants": [{"index": 0, "rules": {"$": {"matchers": [{"match": "type"}]}}}]}`)
	f.Fuzz(func(t *testing.T, contentType, want, got, path, rule string) {
		quoted, err := json.Marshal(map[string]any{"body": map[string]any{path: map[string]any{"matchers": []any{json.RawMessage(rule)}}}})
		if err != nil {
			t.Skip()
		}
		p, err := pact.Read(strings.NewReader(`{"interactions": [{"request": {}, "response": {"matchingRules": `+string(quoted)+`}}]}`), "rules")
		if err != nil {
			t.Skip()
		}
		expected := p.Interactions[0].Response
		expected.Body = pact.Body{Presence: pact.Present, ContentType: contentType, Text: []byte(want)}
		found := match.Response(expected, answer(contentType, got))
		assert.LessOrEqual(t, len(found), match.MaxMismatches+2)
		assert.Equal(t, found, match.Response(expected, answer(contentType, got)), "it depends on the input alone")
		expected.Rules = nil
		if want != "" {
			for _, m := range match.Response(expected, answer(contentType, want)) {
				if !strings.Contains(m.Message, "well-formed") && !strings.Contains(m.Message, "boundary") && !strings.Contains(m.Message, "multipart") {
					t.Fatalf("a body does not match itself: %v", m)
				}
			}
		}
	})
}

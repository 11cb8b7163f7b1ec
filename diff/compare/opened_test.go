package compare

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
)

func quoted(s string) string {
	b, _ := json.Marshal(s) // of a string it never fails
	return string(b)
}

func inBase64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func token(header, payload, signature string) string {
	url := base64.RawURLEncoding.EncodeToString
	return url([]byte(header)) + "." + url([]byte(payload)) + "." + signature
}

const typedJSON = "Content-Type: application/json"

func TestComparesTheInsideOfStrings(t *testing.T) {
	in := func(s string) string { return `{"payload":` + quoted(s) + `}` }
	twice := func(s string) string { return `{"a":` + quoted(`{"b":`+quoted(s)+`}`) + `}` }
	tests := []struct {
		name, base, other string
		want              []string
	}{
		{"another member", in(`{"user":{"id":1},"x":0}`), in(`{"x":0.0,"user":{"id":2}}`), []string{`changed $.payload.user.id at $.payload.user.id: "1" -> "2"`}},
		{"another form of it", in(`{"a":1,"b":2}`), in(`{ "b":2, "a":1 }`), nil},
		{"an array", in(`[1,2]`), in(`[1,3]`), []string{`changed $.payload[*] at $.payload[1]: "2" -> "3"`}},
		{"one side", in(`{"a":1}`), in(`{"a":1`), []string{`changed $.payload at $.payload: "\"{\\\"a\\\":1}\"" -> "\"{\\\"a\\\":1\""`}},
		{"no containers", in(`1`), in(`1.0`), []string{`changed $.payload at $.payload: "\"1\"" -> "\"1.0\""`}},
		{"strings in strings", in(twice(`{"c":1}`)), in(twice(`{"c":2}`)), []string{`changed $.payload.a.b.c at $.payload.a.b.c: "1" -> "2"`}},
		{"base64", in(inBase64(`{"a":1}`)), in(inBase64(`{"a":2}`)), []string{`changed $.payload.a at $.payload.a: "1" -> "2"`}},
		{"base64 and not", in(inBase64(`{"a":1}`)), in(`{"a":1}`), []string{`changed $.payload at $.payload: "\"eyJhIjoxfQ==\"" -> "\"{\\\"a\\\":1}\""`}},
		{"padding", in(inBase64(`{"a":1}`)), in(strings.TrimRight(inBase64(`{"a":1}`), "=")), []string{`changed $.payload at $.payload: "\"eyJhIjoxfQ==\"" -> "\"eyJhIjoxfQ\""`}},
		{"what UTF-8 has not", `{"p":"{\"a\":\"\ud800\"}"}`, `{"p":"{\"a\":\"\udbff\"}"}`, []string{`changed $.p at $.p: "\"{\\\"a\\\":\\\"\\ud800\\\"}\"" -> "\"{\\\"a\\\":\\\"\\udbff\\\"}\""`}},
		{"token's header", in(token(`{"alg":"HS256"}`, `{}`, "s")), in(token(`{"alg":"none"}`, `{}`, "s")), []string{`changed $.payload.header.alg at $.payload.header.alg: "\"HS256\"" -> "\"none\""`}},
		{"token without signature", in(token(`{"alg":"HS256"}`, `{}`, "")), in(token(`{"alg":"HS256"}`, `{}`, "")) + " ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, append([]string{}, tt.want...), told(t, answer(200, tt.base, typedJSON), answer(200, tt.other, typedJSON)))
		})
	}
}

func TestStringsAreOpenedFourLevelsDeep(t *testing.T) {
	nest := func(leaf string, n int) string {
		for range n {
			leaf = `{"a":` + quoted(leaf) + `}`
		}
		return leaf
	}
	assert.Equal(t, []string{"changed $.a.a.a.a.b"}, places(answer(200, nest(`{"b":1}`, 4), typedJSON), answer(200, nest(`{"b":2}`, 4), typedJSON)))
	assert.Equal(t, []string{"changed $.a.a.a.a.a"}, places(answer(200, nest(`{"b":1}`, 5), typedJSON), answer(200, nest(`{"b":2}`, 5), typedJSON)))
}

func TestOpenedTokensShowNoSecrets(t *testing.T) {
	doc := func(payload, signature string) string {
		jwt := token(`{"alg":"HS256","kid":"k"}`, payload, signature)
		return `{"assertion":"` + jwt + `","token":"` + jwt + `","blob":"` + inBase64(`{"password":"hunter2`+signature+`","n":`+quoted(`{"api_key":"hunter2`+signature+`"}`)+`}`) + `"}`
	}
	got := told(t,
		answer(200, doc(`{"sub":"hunter2","n":["hunter2",{"x":"hunter2"}],"exp":1790000000,"gone":{"a":"hunter2"}}`, "hunter2"), typedJSON),
		answer(200, doc(`{"sub":"hunter2x","n":["hunter2y",{"x":"hunter2z"}],"exp":1790000001}`, "hunter2x"), typedJSON))
	assert.Len(t, got, 14)
	all := strings.Join(got, "\n")
	assert.NotContains(t, all, "hunter2")
	assert.NotContains(t, all, "179000000")
	for _, path := range []string{"$.assertion.payload.sub", "$.assertion.payload.exp", "$.assertion.signature", "$.token.payload.n[0]", "removed $.token.payload.gone", "$.blob.password", "$.blob.n.api_key"} {
		assert.Contains(t, all, path)
	}
}

func TestRulesSeeTheInsideOfStrings(t *testing.T) {
	set, err := rules.Parse("twinspect.yaml", []byte(`version: 1
rules:
  - {path: $.a.at, class: time, reason: the clock}
  - {path: $.a.tags, unordered: true, reason: a set}
  - {path: $.b, ignore: true, reason: unimportant}
`), time.Unix(0, 0))
	require.NoError(t, err)
	doc := func(at, tags, b string) string {
		return `{"a":` + quoted(`{"at":"`+at+`","tags":`+tags+`}`) + `,"b":` + quoted(`{"c":`+b+`}`) + `}`
	}
	var got []string
	compare := func(other string) {
		got = nil
		New(set).Compare("GET /", answer(200, doc("2026-11-21T09:41:00Z", "[1,2]", "1"), typedJSON), answer(200, other, typedJSON), func(ch diff.Change) { got = append(got, render(ch)) })
	}
	compare(doc("2026-11-21T09:41:01Z", "[2,1]", "2"))
	assert.Empty(t, got)
	compare(doc("now", "[2,1]", "2"))
	assert.Equal(t, []string{`class $.a.at at $.a.at: "\"2026-11-21T09:41:00Z\"" -> "\"now\""`}, got)
}

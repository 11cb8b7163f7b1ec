package compare

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/rules"
)

// answer returns a response with the header lines, "Name: value" each.
func answer(status int, body string, lines ...string) *capture.Response {
	r := &capture.Response{Status: status, Proto: "HTTP/1.1"}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header = append(r.Header, capture.Field{Name: name, Value: value})
	}
	r.Body, r.BodySize = []byte(body), int64(len(body))
	return r
}

// render writes a change in one line.
func render(c diff.Change) string {
	return fmt.Sprintf("%s %s at %s: %q -> %q", c.Kind, c.Place, c.At, c.Base, c.Other)
}

// told renders what differs between two answers, and checks that nothing else
// differs when they are swapped.
func told(t testing.TB, base, other *capture.Response) []string {
	t.Helper()
	return toldOf(t, "GET /", base, other)
}

func toldOf(t testing.TB, operation string, base, other *capture.Response) []string {
	t.Helper()
	c := New(nil)
	list := []string{}
	c.Compare(operation, base, other, func(ch diff.Change) {
		list = append(list, render(ch))
		assert.LessOrEqual(t, len(ch.Base), maxValue+40)
		assert.LessOrEqual(t, len(ch.Other), maxValue+40)
	})
	back := 0
	c.Compare(operation, other, base, func(diff.Change) { back++ })
	assert.Len(t, list, back, "swapped")
	c.Compare(operation, base, base, func(ch diff.Change) { t.Errorf("differs from itself: %s", render(ch)) })
	return list
}

func TestComparesStatus(t *testing.T) {
	assert.Equal(t, []string{`changed status at status: "200" -> "500"`}, told(t, answer(200, ""), answer(500, "")))
}

func TestComparesFields(t *testing.T) {
	lines := func(s ...string) []string { return append([]string{}, s...) }
	tests := []struct {
		name        string
		base, other []string
		want        []string
	}{
		{"case and order", lines("A: 1", "B: 2"), lines("b: 2", "a: 1"), lines()},
		{"another value", lines("X: 1"), lines("x: 2"), lines(`changed header x at x: "1" -> "2"`)},
		{"removed", lines("X: 1"), nil, lines(`removed header x at x: "1" -> ""`)},
		{"added and empty", nil, lines("X: "), lines(`added header x at x: "" -> ""`)},
		{"lines joined", lines("X: 1", "Y: 0", "X: 2"), lines("X: 1, 2", "Y: 0"), lines()},
		{"lines in another order", lines("X: 1", "X: 2"), lines("X: 2", "X: 1"), lines(`changed header x at x: "1, 2" -> "2, 1"`)},
		{"sets", lines("Vary: Accept, Origin", "Allow: GET", "Allow: PUT"), lines("Vary: origin,,accept", "Allow: PUT,GET"), lines()},
		{"methods have case", lines("Allow: GET"), lines("Allow: get"), lines(`changed header allow at allow: "GET" -> "get"`)},
		{"cache control", lines(`Cache-Control: max-age=1, private="a, b"`), lines(`Cache-Control: Private="a, b" , Max-Age=1`), lines()},
		{"cache control argument", lines(`Cache-Control: max-age=1`), lines(`Cache-Control: max-age=2`), lines(`changed header cache-control at cache-control: "max-age=1" -> "max-age=2"`)},
		{"media type", lines("Content-Type: text/HTML;charset=UTF-8"), lines(`Content-Type: text/html; charset="utf-8"`), lines()},
		{"charset", lines("Content-Type: text/html;charset=UTF-8"), lines(`Content-Type: text/html`), lines(`changed header content-type at content-type: "text/html;charset=UTF-8" -> "text/html"`)},
		{"media type that cannot be read", lines("Content-Type: ;;"), lines(`Content-Type: ;`), lines(`changed header content-type at content-type: ";;" -> ";"`)},
		{"connection", lines("Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Transfer-Encoding: chunked"), lines("Content-Length: 0", "Connection: keep-alive"), lines()},
		{"only coding", lines("Content-Encoding: gzip"), nil, lines(`removed header content-encoding at content-encoding: "gzip" -> ""`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, told(t, answer(200, "", tt.base...), answer(200, "", tt.other...)))
		})
	}
}

func TestComparesLengthOfAnswersWithoutContent(t *testing.T) {
	base, other := answer(200, "", "Content-Length: 1"), answer(200, "", "Content-Length: 2")
	assert.Equal(t, []string{`changed header content-length at content-length: "1" -> "2"`}, toldOf(t, "HEAD /", base, other))
	assert.Empty(t, toldOf(t, "GET /", base, other))
}

func TestLeavesOutContentThatIsNone(t *testing.T) {
	assert.Empty(t, toldOf(t, "HEAD /", answer(200, "a"), answer(200, "b")))
	assert.Empty(t, told(t, answer(304, "a"), answer(304, "b")))
	assert.Equal(t, []string{`changed status at status: "200" -> "204"`, `removed text at line 1: "a" -> ""`},
		told(t, answer(200, "a"), answer(204, "b")))
}

func TestComparesTrailers(t *testing.T) {
	base, other := answer(200, ""), answer(200, "")
	base.Trailer = capture.Header{{Name: "Grpc-Status", Value: "0"}, {Name: "X", Value: "1"}}
	other.Trailer = capture.Header{{Name: "grpc-status", Value: "5"}}
	assert.Equal(t, []string{
		`changed trailer grpc-status at grpc-status: "0" -> "5"`,
		`removed trailer x at x: "1" -> ""`,
	}, told(t, base, other))
}

func TestComparesJSON(t *testing.T) {
	const typed = "Content-Type: application/problem+json"
	tests := []struct {
		name, base, other string
		lines             []string
		want              []string
	}{
		{"structure", `{"a":[{"id":1,"v":1},{"id":2,"v":2}]}`, `{"a":[{"v":1.0,"id":1},{"id":2,"v":null}]}`, []string{typed}, []string{`retyped $.a[*].v at $.a[1].v: "2" -> "null"`}},
		{"without media type", `{"a":1}`, ` {"a":2}`, nil, []string{`changed $.a at $.a: "1" -> "2"`}},
		{"as HTML", `{"a":1,"b":2}`, ` {"b":2,"a":1.0}`, []string{"Content-Type: text/html; charset=UTF-8"}, []string{}},
		{"as text", `[1]`, ` [ 1 ]`, []string{"Content-Type: text/plain"}, []string{}},
		{"one side broken", `{"a":1}`, `{"a":1`, []string{typed}, []string{`malformed body at line 1: "JSON, 7 bytes" -> "not JSON at line 1, column 7: a comma or } is due in an object"`}},
		{"base broken", "{\n\"a\"", `{}`, []string{typed}, []string{`malformed body at line 2: "not JSON at line 2, column 4: a colon is due behind a member's name" -> "JSON, 2 bytes"`}},
		{"both broken", "{\nx}", "{\ny}", []string{typed}, []string{`changed text at line 2: "x}" -> "y}"`}},
		{"missing", `{"a":1}`, ``, []string{typed}, []string{`removed $ at $: "{\"a\":1}" -> ""`}},
		{"mark before both", "\ufeff[1]", "\ufeff[2]", []string{typed}, []string{`changed $[*] at $[0]: "1" -> "2"`}},
		{"mark before one", "\ufeff[1]", "[1]", []string{typed}, []string{`malformed body at line 1: "not JSON at line 1, column 1: a value is due" -> "JSON, 3 bytes"`}},
		{"too deep", strings.Repeat("[", 600) + strings.Repeat("]", 600), "[]", []string{typed}, []string{`changed bytes at bytes: "1200 bytes, sha256 51ac9c4e57882319 (not decoded: base has more than 512 levels of JSON at offset 512)" -> "2 bytes, sha256 4f53cda18c2baa0c (not decoded: base has more than 512 levels of JSON at offset 512)"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, told(t, answer(200, tt.base, tt.lines...), answer(200, tt.other, tt.lines...)))
		})
	}
}

func TestComparesTextByLines(t *testing.T) {
	tests := []struct {
		name, base, other string
		want              []string
	}{
		{"one line", "a\nb\nc\n", "a\nB\nc\n", []string{`changed text at line 2: "b\n" -> "B\n"`}},
		{"removed and added", "a\nb\nc\nd\n", "b\nc\nd\ne\n", []string{`removed text at line 1: "a\n" -> ""`, `added text at line 4: "" -> "e\n"`}},
		{"end of the last line", "a\nb", "a\nb\n", []string{`changed text at line 2: "b" -> "b\n"`}},
		{"line ends count", "a\r\nb\n", "a\nb\n", []string{`changed text at line 1: "a\r\n" -> "a\n"`}},
		{"emptied", "a\nb\n", "", []string{`removed text at line 1: "a\nb\n" -> ""`}},
		{"repeated", "x\nx\nx\n", "x\nx\n", []string{`removed text at line 3: "x\n" -> ""`}},
		{"not UTF-8", "\xff\n", "\xfe\n", []string{"changed text at line 1: \"\ufffd\\n\" -> \"\ufffd\\n\""}},
		{"long", strings.Repeat("é", 600), "e", []string{`changed text at line 1: "` + strings.Repeat("é", 256) + `… (1200 bytes)" -> "e"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const plain = "Content-Type: text/plain; charset=utf-8"
			assert.Equal(t, tt.want, told(t, answer(200, tt.base, plain), answer(200, tt.other, plain)))
		})
	}
}

func TestComparesOthersByHash(t *testing.T) {
	const png = "Content-Type: image/png"
	assert.Equal(t, []string{`changed bytes at bytes: "1 bytes, sha256 ca978112ca1bbdca" -> "2 bytes, sha256 fb8e20fc2e4c3f24"`},
		told(t, answer(200, "a", png), answer(200, "ab", png)))
	assert.Equal(t, []string{`changed bytes at bytes: "1 bytes, sha256 6e340b9cffb37a98" -> "1 bytes, sha256 4bf5122f344554c5"`},
		told(t, answer(200, "\x00"), answer(200, "\x01")))
	assert.Equal(t, []string{`removed bytes at bytes: "1 bytes, sha256 ca978112ca1bbdca" -> ""`},
		told(t, answer(200, "a", png), answer(200, "", png)))
}

func TestFormatsThatDifferAreComparedInTheCommonOne(t *testing.T) {
	got := told(t, answer(200, `{"a":1}`, "Content-Type: application/json"), answer(200, `oops`, "Content-Type: text/html"))
	assert.Equal(t, []string{
		`changed header content-type at content-type: "application/json" -> "text/html"`,
		`changed text at line 1: "{\"a\":1}" -> "oops"`,
	}, got)
}

func TestAMemberThatBranchCallsOtherwiseIsOne(t *testing.T) {
	set, err := rules.Parse("twinspect.yaml", []byte(`{version: 1, rules: [{path: "$.items[*].user", rename: owner, reason: renamed in 2.0}]}`), time.Now())
	require.NoError(t, err)
	c := New(set)
	var got []string
	tell := func(ch diff.Change) { got = append(got, string(ch.Kind)+" "+ch.Path) }
	base, other := answer(200, `{"items":[{"user":"a","n":1},{"user":"b"}]}`, "Content-Type: application/json"), answer(200, `{"items":[{"owner":"a","n":1},{"owner":"c"}]}`, "Content-Type: application/json")
	c.Compare("GET /", base, other, tell)
	assert.Equal(t, []string{"changed $.items[*].user"}, got)
	got = nil
	set.Control(true)
	c.Compare("GET /", base, other, tell)
	assert.NotContains(t, got, "changed $.items[*].user", "control keeps base's names")
}

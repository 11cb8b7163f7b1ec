package compare

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/diff"
	"twinspect.dev/diff/project/pb"
	"twinspect.dev/diff/rules"
)

func TestComparesProjectedBodies(t *testing.T) {
	tests := []struct {
		name, contentType, base, other string
		want                           []string
	}{
		{"XML in another form", "text/xml", `<a x="1" y="2"><b/></a>`, "<?xml version='1.0'?>\n<a y='2' x='1'>\n  <b></b><!-- c -->\n</a>", nil},
		{"prefixes", "application/soap+xml", `<s:a xmlns:s="u"><s:b/></s:a>`, `<a xmlns="u"><b/></a>`, nil},
		{"namespaces", "text/xml", `<a xmlns="u"/>`, `<a xmlns="v"/>`, []string{`changed $.a['#ns'] at $.a['#ns']: "\"u\"" -> "\"v\""`}},
		{"text of an element", "text/xml", `<a><b>1</b><b>2</b></a>`, `<a><b>1</b><b>3</b></a>`, []string{`changed $.a.b[*] at $.a.b[1]: "\"2\"" -> "\"3\""`}},
		{"an element more", "text/xml", `<a><b>1</b><c/></a>`, `<a><d/><b>1</b><c/></a>`, []string{`added $.a.d at $.a.d: "" -> "[\"\"]"`}},
		{"a first neighbour", "text/xml", `<a><b>1</b></a>`, `<a><b>1</b><c/></a>`, []string{`added $.a.c at $.a.c: "" -> "[\"\"]"`}},
		{"a second one", "text/xml", `<a><b>1</b><c/></a>`, `<a><b>0</b><b>1</b><c/></a>`, []string{`added $.a.b[*] at $.a.b[0]: "" -> "\"0\""`}},
		{"elements in another order", "text/xml", `<a><b/><c/></a>`, `<a><c/><b/></a>`, []string{`reordered $.a['#order'] at $.a['#order']: "[\"b\",\"c\"]" -> "[\"c\",\"b\"]"`}},
		{"another order and one more", "text/xml", `<a><b/><c/></a>`, `<a><c/><d/><b/></a>`, []string{
			`reordered $.a['#order'] at $.a['#order']: "[\"c\"]" -> "[\"c\"]"`, `added $.a.d at $.a.d: "" -> "[\"\"]"`}},
		{"broken on one side", "text/xml", `<a/>`, "<a>\n<b></a>", []string{`malformed body at line 2: "XML, 4 bytes" -> "not XML at line 2 (offset 11): element <b> closed by </a>"`}},
		{"broken on both", "text/xml", "<a>\n1", "<a>\n2", []string{`changed text at line 2: "1" -> "2"`}},
		{"broken and missing", "text/xml", "<a>", "", []string{`removed text at line 1: "<a>" -> ""`}},
		{"missing", "text/xml", "", "<a/>", []string{`added $ at $: "" -> "{\"a\":\"\"}"`}},
		{"too deep", "text/xml", strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300), "<a/>\n", []string{
			`changed text at line 1: "` + strings.Repeat("<a>", 170) + `<a… (2100 bytes)" -> "<a/>\n"`}},

		{"HTML in another form", "text/html", `<ul><li class="a b">x<li>y</ul>`, "<!-- c -->\n<ul>\n <li CLASS='b  a'>x</li>\n <li>y</li>\n</ul>", nil},
		{"a page's element more", "text/html", `<main><p>a</p><p>b</p></main>`, `<main><div>n</div><p>a</p><p>c</p></main>`, []string{
			`changed $.html.body.main[*].p[*] at $.html.body.main[0].p[1]: "\"b\"" -> "\"c\""`, `added $.html.body.main[*].div at $.html.body.main[0].div: "" -> "[\"n\"]"`}},
		{"a class", "text/html", `<p class="a b">`, `<p class="b c a">`, []string{`added $.html.body.p[*]['@class'][*] at $.html.body.p[0]['@class'][2]: "" -> "\"c\""`}},
		{"data of a page", "text/html", `<script type="application/json">{"a":1}</script>`, `<script type="application/json">{ "a": 2 }</script>`, []string{
			`changed $.html.head.script[*]['#json'].a at $.html.head.script[0]['#json'].a: "1" -> "2"`}},

		{"form", "application/x-www-form-urlencoded", "a=1&b=2&a=3", "b=2&a=1&a=4", []string{`changed $.a[*] at $.a[1]: "\"3\"" -> "\"4\""`}},
		{"events", "text/event-stream", "data: {\"a\":1,\"b\":2}\n\n", ": ping\n\ndata: {\"b\":3,\ndata: \"a\":1}\n\n", []string{`changed $[*].data.b at $[0].data.b: "2" -> "3"`}},
		{"records", "application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", "{\"a\": 1.0}\n{\"a\":3}\n", []string{`changed $[*].a at $[1].a: "2" -> "3"`}},
		{"sequence", "application/json-seq", "\x1e{\"a\":1}\n", "\x1e{\"a\":2}\n", []string{`changed $[*].a at $[0].a: "1" -> "2"`}},
		{"table", "text/csv", "a,b\n1,2\n", "b,a\r\n3,\"1\"\r\n", []string{`changed $[*].b at $[0].b: "\"2\"" -> "\"3\""`}},
		{"ragged tables", "text/csv", "a,b\n1\n", "a,b\n2\n", []string{`changed text at line 2: "1\n" -> "2\n"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line := "Content-Type: " + tt.contentType
			assert.Equal(t, append([]string{}, tt.want...), told(t, answer(200, tt.base, line), answer(200, tt.other, line)))
		})
	}
}

func TestBoundariesAreNotCompared(t *testing.T) {
	body := func(b, v string) *capture.Response {
		return answer(200, "--"+b+"\r\nContent-Disposition: form-data; name=n\r\n\r\n"+v+"\r\n--"+b+"--", "Content-Type: multipart/form-data; boundary="+b)
	}
	assert.Empty(t, told(t, body("x", "1"), body("yy", "1")))
	assert.Equal(t, []string{`changed $.n[*].body at $.n[0].body: "\"1\"" -> "\"2\""`}, told(t, body("x", "1"), body("yy", "2")))
	assert.Equal(t, []string{
		`malformed body at line 1: "multipart, 55 bytes" -> "not multipart at line 1 (offset 0): the media type has no boundary"`,
	}, told(t, body("x", "1"), answer(200, "1", "Content-Type: multipart/form-data")))
}

func TestProjectionsFollowTheRules(t *testing.T) {
	set, err := rules.Parse("twinspect.yaml", []byte(`version: 1
rules:
  - {path: "$.a.t[*]", class: time, reason: the clock}
  - {path: "$.a['#order']", ignore: true, reason: a set}
  - {path: "$.a.i", key: "@id", reason: identity}
  - {path: "$.a.i[?@['@id'] == '2'].v", ignore: true, reason: one of them}
`), time.Unix(0, 0))
	require.NoError(t, err)
	const typed = "Content-Type: text/xml"
	base := answer(200, `<a><t>2026-11-21T09:41:00Z</t><i id="1"><v>1</v></i><i id="2"><v>1</v></i></a>`, typed)
	other := answer(200, `<a><i id="0"/><i id="1"><v>2</v></i><i id="2"><v>2</v></i><t>2026-11-21T09:41:01Z</t></a>`, typed)
	var got []string
	New(set).Compare("GET /", base, other, func(ch diff.Change) { got = append(got, render(ch)) })
	assert.Equal(t, []string{`changed $.a.i[*].v[*] at $.a.i[0].v[0]: "\"1\"" -> "\"2\""`, `added $.a.i[*] at $.a.i[0]: "" -> "{\"@id\":\"0\"}"`}, got)
}

func TestCompressedMessagesAreComparedByWhatTheyAre(t *testing.T) {
	c := New(nil)
	c.SetProtobuf(&upper{})
	frame := func(flags string, data []byte) string {
		return flags + "\x00\x00\x00" + string(rune(len(data))) + string(data)
	}
	zip := func(s string) *capture.Response {
		data, err := coding.Encode([]string{"gzip"}, []byte(s))
		require.NoError(t, err)
		return answer(200, frame("\x01", data), "Content-Type: application/grpc", "Grpc-Encoding: gzip")
	}
	same, err := coding.Encode([]string{"gzip"}, nil)
	require.NoError(t, err)
	plain := answer(200, frame("\x00", []byte("a"))+frame("\x01", same), "Content-Type: application/grpc", "Grpc-Encoding: gzip")
	var got []string
	tell := func(ch diff.Change) { got = append(got, string(ch.Kind)+" "+ch.Place.String()) }
	c.Compare("POST /p.S/M", zip("a"), answer(200, frame("\x00", []byte("a")), "Content-Type: application/grpc", "Grpc-Encoding: gzip"), tell)
	assert.Empty(t, got)
	c.Compare("POST /p.S/M", plain, zip("b"), tell)
	assert.Equal(t, []string{"changed $.m"}, got)
	got = nil
	broken := answer(200, frame("\x01", []byte("b")), "Content-Type: application/grpc", "Grpc-Encoding: gzip")
	c.Compare("POST /p.S/M", plain, broken, tell)
	assert.Equal(t, []string{"malformed body"}, got)
}

// upper projects messages to their text, and takes an x for damage.
type upper struct{ method, contentType string }

func (u *upper) ProjectPair(baseDst, otherDst []byte, method, contentType string, base, other []byte) ([]byte, []byte, error) {
	u.method, u.contentType = method, contentType
	var failed pb.PairError
	baseDst, failed.Base = u.project(baseDst, base)
	otherDst, failed.Other = u.project(otherDst, other)
	if failed.Base != nil || failed.Other != nil {
		return baseDst, otherDst, &failed
	}
	return baseDst, otherDst, nil
}

func (u *upper) project(dst, body []byte) ([]byte, error) {
	if body[0] == 'x' {
		return dst, errors.New("an x")
	}
	return append(append(append(dst, `{"m":`...), quoted(string(body))...), '}'), nil
}

func TestProtobufIsComparedByItsJSON(t *testing.T) {
	p := &upper{}
	c := New(nil)
	c.SetProtobuf(p)
	list := func(operation, contentType, base, other string) (list []string) {
		line := "Content-Type: " + contentType
		c.Compare(operation, answer(200, base, line), answer(200, other, line), func(ch diff.Change) { list = append(list, render(ch)) })
		return list
	}
	assert.Equal(t, []string{`changed $.m at $.m: "\"a\"" -> "\"b\""`}, list("POST /p.S/M", "application/grpc+proto", "a", "b"))
	assert.Equal(t, upper{"/p.S/M", "application/grpc+proto"}, *p)
	assert.Equal(t, []string{`malformed body at body: "protobuf, 1 bytes" -> "an x"`}, list("GET /v1/{id}", "application/x-protobuf; a=b", "a", "x"))
	assert.Equal(t, upper{"", "application/x-protobuf; a=b"}, *p)
	assert.Equal(t, []string{`changed bytes at bytes: "2 bytes, sha256 ec31682fde561917" -> "1 bytes, sha256 2d711642b726b044"`}, list("POST /p.S/M", "application/grpc", "x1", "x"))
	c.SetProtobuf(nil)
	assert.Equal(t, []string{`changed bytes at bytes: "1 bytes, sha256 ca978112ca1bbdca" -> "1 bytes, sha256 3e23e8160039594a"`}, list("POST /p.S/M", "application/grpc-web", "a", "b"))
}

func TestAnswersOfTrailersAloneAreComparedAsAClientReadsThem(t *testing.T) {
	const typed = "Content-Type: application/grpc"
	alone, full := answer(200, "", typed, "Grpc-Status: 5", "Grpc-Message: none"), answer(200, "", typed)
	full.Trailer = capture.Header{{Name: "grpc-status", Value: "5"}, {Name: "grpc-message", Value: "none"}}
	assert.Empty(t, told(t, alone, full))
	ok := answer(200, "", typed, "Grpc-Status: 0")
	assert.Equal(t, []string{`added trailer grpc-message at grpc-message: "" -> "none"`, `changed trailer grpc-status at grpc-status: "0" -> "5"`}, told(t, ok, alone))
	assert.Equal(t, []string{`added trailer grpc-message at grpc-message: "" -> "none"`, `changed trailer grpc-status at grpc-status: "0" -> "5"`}, told(t, ok, full))
}

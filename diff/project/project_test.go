package project

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func projected(t testing.TB, contentType, body string) string {
	t.Helper()
	out, err := Append(nil, []byte(body), contentType)
	require.NoError(t, err)
	require.True(t, json.Valid(out), "%s", out)
	return string(out)
}

func TestProjections(t *testing.T) {
	const multi = "multipart/form-data; boundary=b"
	tests := []struct{ name, contentType, body, want string }{
		{"elements in arrays", "text/xml", `<order id="7"><item><price>12</price></item><item/></order>`, `{"order":{"@id":"7","item":[{"price":["12"]},""]}}`},
		{"order of names", "application/xml", `<a><x>1</x><y/><x>2</x></a>`, `{"a":{"x":["1","2"],"y":[""],"#order":["x","y","x"]}}`},
		{"mixed content", "text/xml", `<a>one <b>two</b> three</a>`, `{"a":{"#text":["one "," three"],"b":["two"],"#order":["#text","b","#text"]}}`},
		{"text beside attributes", "text/xml", `<a b="c">d</a>`, `{"a":{"@b":"c","#text":"d"}}`},
		{"namespaces", "application/soap+xml", `<s:E xmlns:s="urn:s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:B><m:G xmlns:m="urn:m" xsi:type="t" m:x="1" y="2"/></s:B></s:E>`,
			`{"E":{"#ns":"urn:s","B":[{"G":[{"#ns":"urn:m","@xsi:type":"t","@{urn:m}x":"1","@y":"2"}]}]}}`},
		{"what is left out", "text/xml", "<?xml version='1.0'?>\n<!DOCTYPE a>\n<!-- c --><a>x<!-- c --><![CDATA[<&]]>&amp;&#65;<?p i?></a>\n", `{"a":"x<&&A"}`},
		{"named values", "text/xml", `<a><p name="x">1</p><p key="y" value="2"/><p name="z">3<b/></p></a>`,
			`{"a":{"p":[{"@name":"x","#text":{"x":"1"}},{"@key":"y","@value":{"y":"2"}},{"@name":"z","#text":{"z":["3"]},"b":[""],"#order":["#text","b"]}]}}`},
		{"Latin-1", "text/xml", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>", `{"a":"é"}`},
		{"UTF-16", "text/xml", "\xff\xfe<\x00a\x00/\x00>\x00", `{"a":""}`},

		{"page", "text/html", "<!doctype html><html lang=en><head><title> A\n B </title></head><body class='b a b'>\n<p>x <b>y</b> z\n<p>w</body></html>",
			`{"#doctype":"html","html":{"@lang":"en","head":{"title":["A B"]},"body":{"@class":["a","b"],"p":[{"#text":["x "," z"],"b":["y"],"#order":["#text","b","#text"]},"w"]}}}`},
		{"controls", "text/html", `<input name=csrf value=s disabled><meta name=x content=y>`,
			`{"html":{"head":{},"body":{"input":[{"@name":"csrf","@value":{"csrf":"s"},"@disabled":true}],"meta":[{"@name":"x","@content":{"x":"y"}}],"#order":["input","meta"]}}}`},
		{"scripts", "text/html", `<script type="application/ld+json"> {"a": 1} </script><script>var a  = 1</script>`,
			`{"html":{"head":{"script":[{"@type":"application/ld+json","#json": {"a": 1} },"var a  = 1"]},"body":{}}}`},
		{"verbatim", "text/html", "<div><pre> a\n  b</pre>\n\n<textarea> x </textarea></div>", `{"html":{"head":{},"body":{"div":[{"pre":[" a\n  b"],"textarea":[" x "],"#order":["pre","textarea"]}]}}}`},
		{"a comment in a line", "text/html", "<p>a <!-- c --> b <svg><path/> <g></g></svg> c</p>",
			`{"html":{"head":{},"body":{"p":[{"#text":["a b "," c"],"svg":[{"path":[""],"g":[""],"#order":["path","g"]}],"#order":["#text","svg","#text"]}]}}}`},
		{"windows-1252", "text/html", "<p>\xe9\x80", `{"html":{"head":{},"body":{"p":["é€"]}}}`},
		{"not in its charset", "text/html; charset=utf-8", "<p>\xe9", "{\"html\":{\"head\":{},\"body\":{\"p\":[\"\xe9\"]}}}"},

		{"form", "application/x-www-form-urlencoded", "b=1&a=x+y%20z&b=2&&c&%zz=%4", `{"%zz":["%4"],"a":["x y z"],"b":["1","2"],"c":[""]}`},

		{"parts by name", multi, "pre\r\n--b\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x.json\"\r\nContent-Type: application/json\r\n\r\n{\"k\": [1]}\r\n--b--\r\npost",
			`{"a":[{"filename":"x.json","headers":{"content-type":"application/json"},"body":{"k": [1]}}],"b":[{"body":"1"}]}`},
		{"parts by position", "multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--c--\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n--b--",
			`{"#parts":[{"headers":{"content-type":"multipart/mixed"},"body":{"#parts":[{"headers":{"content-type":"text/xml"},"body":{"a":""}}]}},{"headers":{"content-transfer-encoding":"base64"},"body":{"bytes":1,"sha256":"a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89"}}]}`},

		{"events", "text/event-stream", ": c\n\nevent: x\ndata: {\"a\": 1}\nid: 7\nretry: 10\n\ndata:a\r\ndata: b\r\n\r\nevent: message\rdata: [DONE]\r\rdata: x",
			`[{"event":"x","data":{"a": 1},"id":"7","retry":"10"},{"data":"a\nb"},{"data":"[DONE]"},{"data":"x","unfinished":true}]`},
		{"lines", "application/x-ndjson", "{\"a\":1}\r\n\n2\n \n\"x\"", `[{"a":1},2,"x"]`},
		{"sequence", "application/geo+json-seq", "\x1e{\"a\":\n1}\n\x1e\x1e2\n", "[{\"a\":\n1},2]"},
		{"table", "text/csv; charset=utf-8", "a,\"b c\"\r\n1,\"x\"\"y\nz\"\r\n,\r\n", `[{"a":"1","b c":"x\"y\nz"},{"a":"","b c":""}]`},
		{"table without header", "text/csv; header=absent", "a,b\n1,2", `[["a","b"],["1","2"]]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, projected(t, tt.contentType, tt.body))
		})
	}
}

func TestWhatBreaksTheGrammarIsToldWithItsPlace(t *testing.T) {
	tests := []struct{ contentType, body, want string }{
		{"text/xml", "<a>\n<b></a>", "not XML at line 2 (offset 11): element <b> closed by </a>"},
		{"text/xml", "<a>", "not XML at line 1 (offset 3): unexpected EOF"},
		{"text/xml", "<a/>\n<b/>", "not XML at line 2 (offset 9): a second root element"},
		{"text/xml", "<a/>x", "not XML at line 1 (offset 5): text outside of the root element"},
		{"text/xml", " ", "not XML at line 1 (offset 1): there is no element"},
		{"text/xml", "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>", "not XML at line 1 (offset 60): invalid character entity &e;"},
		{"text/xml", "<a>\xff</a>", "not XML at line 1 (offset 4): invalid UTF-8"},
		{"multipart/mixed", "", "not multipart at line 1 (offset 0): the media type has no boundary"},
		{"multipart/mixed; boundary=b", "--b\r\n\r\nx", "not multipart at line 3 (offset 8): unexpected EOF"},
		{"application/jsonl", "{}\n{\"a\":}\n", "not JSON lines at line 2 (offset 8): invalid character '}' looking for beginning of value"},
		{"application/jsonl", "1,2", "not JSON lines at line 1 (offset 1): invalid character ',' after top-level value"},
		{"application/json-seq", "{}", "not JSON text sequence at line 1 (offset 0): a record separator is due"},
		{"text/csv", "a,b\n1\n", "not CSV at line 2 (offset 6): wrong number of fields"},
		{"text/csv", "a\n\"x", "not CSV at line 2 (offset 4): extraneous or missing \" in quoted-field"},
		{"image/png", "", "not none at line 1 (offset 0): the media type has no projection"},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			out, err := Append([]byte("x"), []byte(tt.body), tt.contentType)
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Equal(t, tt.want, err.Error())
			assert.Equal(t, "x", string(out))
		})
	}
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	mail := "x"
	for i := range maxParts + 1 {
		b := strings.Repeat("b", maxParts+1-i)
		mail = "--" + b + "\r\nContent-Type: multipart/mixed; boundary=" + b + "b\r\n\r\n" + mail + "\r\n--" + b + "--"
	}
	var open strings.Builder
	for i := range 600 {
		open.WriteString("<b class=x" + strings.Repeat("y", i) + ">")
	}
	tests := []struct{ name, contentType, body, want string }{
		{"deep XML", "text/xml", nested(MaxDepth + 1), "XML with more than 250 levels of elements"},
		{"deep HTML", "text/html", strings.Repeat("<div>", 300), "HTML with more than 250 levels of elements"},
		{"too deep for the parser", "text/html", strings.Repeat("<div>", 1000), "HTML with more than 250 levels of elements (html: open stack of elements exceeds 512 nodes)"},
		{"open formatting elements", "text/html", open.String() + strings.Repeat("<p>", 10000), "HTML with more than 3145728 nodes that a parser may need"},
		{"fields", "application/x-www-form-urlencoded", strings.Repeat("a&", maxPairs+1), "form with more than 1048576 fields"},
		{"long names", "text/csv", strings.Repeat("n", 10000) + ",b\n" + strings.Repeat(",\n", 10000), "CSV with more than 964192 bytes of projection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Append(nil, []byte(tt.body), tt.contentType)
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, tt.want, err.Error())
		})
	}
	projected(t, "text/xml", nested(MaxDepth))
	assert.Contains(t, projected(t, "multipart/mixed; boundary=b", mail), `"body":"--bbbbb\r\n`, "what lies too deep is text")
}

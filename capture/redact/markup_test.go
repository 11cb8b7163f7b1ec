package redact_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

func TestElementsAndAttributesOfXMLAreSecretByTheirNames(t *testing.T) {
	r := redactor(t, redact.Rules{Defaults: true, Names: redact.Names{XML: []string{"Holder", "c:Limit"}}, Keep: redact.Names{XML: []string{"PublicToken"}}})
	for in, want := range map[string]string{
		`<a><password>abc</password><b>abc</b></a>`:                      `^<a><password>[a-z]{3}</password><b>abc</b></a>$`,
		`<a xmlns:w="urn:x"><w:Pass-Word>a1</w:Pass-Word></a>`:           `^<a xmlns:w="urn:x"><w:Pass-Word>[a-z]\d</w:Pass-Word></a>$`,
		`<a b='1' accessToken = 'ab' c="ab"/>`:                           `^<a b='1' accessToken = '[a-z]{2}' c="ab"/>$`,
		`<secret><x>ab</x><y z="cd" value="cd">12</y></secret>`:          `^<secret><x>[a-z]{2}</x><y z="cd" value="[a-z]{2}">\d\d</y></secret>$`,
		"<password>\n\tab \n</password>":                                 `^<password>\n\t[a-z]{2} \n</password>$`,
		`<password><![CDATA[a<b]]></password>`:                           `^<password><!\[CDATA\[[a-z]<[a-z]]]></password>$`,
		`<password>a&amp;b&#x41;</password>`:                             `^<password>[a-z]&amp;[a-z][A-Z]</password>$`,
		`<a password="a&quot;b"/>`:                                       `^<a password="[a-z]&#34;[a-z]"/>$`,
		`<password/><b>ab</b>`:                                           `^<password/><b>ab</b>$`,
		`<password></password><b>ab</b>`:                                 `^<password></password><b>ab</b>$`,
		`<add key="ApiKey" value="ab"/>`:                                 `^<add key="ApiKey" value="[a-z]{2}"/>$`,
		`<add value="ab" key="ApiKey"/>`:                                 `^<add value="[a-z]{2}" key="ApiKey"/>$`,
		`<property name="db.password">ab<!-- x --></property>`:           `^<property name="db.password">[a-z]{2}<!-- x --></property>$`,
		`<xs:element name="password" type="xs:string"><d>ab</d></xs:el>`: `^<xs:element name="password" type="xs:string"><d>ab</d></xs:el>$`,
		`<a xmlns:token="urn:a" xmlns="urn:token">b</a>`:                 `^<a xmlns:token="urn:a" xmlns="urn:token">b</a>$`,
		`<PublicToken>ab<b secret="cd">a@b.org</b></PublicToken>`:        `^<PublicToken>ab<b secret="cd">a@b.org</b></PublicToken>$`,
		`<holder>ab</holder><c:limit>12</c:limit><limit>12</limit>`:      `^<holder>[a-z]{2}</holder><c:limit>\d\d</c:limit><limit>12</limit>$`,
		`<m>to jane@example.org, <b>4111 1111 1111 1111</b></m>`:         `^<m>to [a-z]{8}@redacted.invalid, <b>9999 \d{4} \d{4} \d{4}</b></m>$`,
		`<m to="mailto:jane@example.org"/>`:                              `^<m to="mailto:[a-z]{8}@redacted.invalid"/>$`,
		`<!-- jane@example.org --><?x jane@example.org?>`:                `^<!-- [a-z]{8}@redacted.invalid --><\?x [a-z]{8}@redacted.invalid\?>$`,
		`<!DOCTYPE a [<!ENTITY b "jane@example.org">]><a>b</a>`:          `^<!DOCTYPE a \[<!ENTITY b "[a-z]{8}@redacted.invalid">\]><a>b</a>$`,
		`<a>&lt;b&gt;&lt;pin&gt;12&lt;/pin&gt;&lt;/b&gt;</a>`:            `^<a>&lt;b&gt;&lt;pin&gt;\d\d&lt;/pin&gt;&lt;/b&gt;</a>$`,
		`<a><![CDATA[<b><pin>12</pin></b>]]></a>`:                        `^<a><!\[CDATA\[<b><pin>\d\d</pin></b>]]></a>$`,
		`<a>{"pin":"12"}</a>`:                                            `^<a>{"pin":"\d\d"}</a>$`,
		`<a href="/x?a=1&amp;token=ab&amp;c=d">e</a>`:                    `^<a href="/x\?a=1&amp;token=[a-z]{2}&amp;c=d">e</a>$`,
		`<password>&#228;b</password>`:                                   `^<password>&#\d+;[a-z]</password>$`,
		`<a>a@b.org &nbsp; &copy;</a>`:                                   `^<a>[a-z]{8}@redacted.invalid &nbsp; &copy;</a>$`,
		`<a>1 < 2 a@b.org`:                                               `^<a>1 &lt; 2 [a-z]{8}@redacted.invalid$`,
		`<a><password>ab</a><b>cd</b>`:                                   `^<a><password>[a-z]{2}</a><b>cd</b>$`,
		`</b></password><password>ab`:                                    `^</b></password><password>[a-z]{2}$`,
		`<password x="1>ab</password><c>de</c>`:                          `^<password x="1>[a-z]{2}</password><c>de</c>$`,
		`Jane <jane@example.org> wrote`:                                  `^Jane <[a-z]{8}@redacted.invalid> wrote$`,
	} {
		t.Run(in, func(t *testing.T) { assert.Regexp(t, want, body(t, r, "application/xml", in)) })
	}
}

func TestHeadersOfSOAPAreSecret(t *testing.T) {
	in := `<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" soap:mustUnderstand="1">
<wsse:UsernameToken><wsse:Username>jane</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">` + secret + `</wsse:Password><wsu:Created>2026-11-21T10:11:12Z</wsu:Created></wsse:UsernameToken>
<wsse:BinarySecurityToken ValueType="#X509v3">MIIabc</wsse:BinarySecurityToken></wsse:Security></soap:Header><soap:Body><a>b</a></soap:Body></soap:Envelope>`
	r := redactor(t, redact.Defaults())
	for _, media := range []string{"application/soap+xml; action=x", "text/xml", ""} {
		out := body(t, r, media, in)
		assert.Len(t, out, len(in))
		hidden := strings.TrimPrefix(body(t, r, "application/json", `{"token":"`+secret+`"}`), `{"token":"`)
		want := strings.ReplaceAll(in, secret, hidden[:len(secret)])
		want = strings.ReplaceAll(want, "MIIabc", between(t, out, `"#X509v3">`, "<"))
		assert.Equal(t, want, out)
		assert.NotContains(t, out, "MIIabc")
	}
}

func between(t testing.TB, s, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, from)
	require.True(t, ok, s)
	inside, _, ok := strings.Cut(rest, to)
	require.True(t, ok, s)
	return inside
}

func TestFieldsOfHTMLFormsAreSecretByTheirNames(t *testing.T) {
	r := redactor(t, redact.Defaults())
	for in, want := range map[string]string{
		`<input type=password name=x value=ab>`:                                                     `^<input type=password name=x value=[a-z]{2}>$`,
		`<INPUT VALUE="ab" NAME="_csrf" TYPE="hidden">`:                                             `^<INPUT VALUE="[a-z]{2}" NAME="_csrf" TYPE="hidden">$`,
		`<input name="authenticity_token" value="a+/b=="/>`:                                         `^<input name="authenticity_token" value="[a-z]\+/[a-z]=="/>$`,
		`<input name="__RequestVerificationToken" value='ab'>`:                                      `^<input name="__RequestVerificationToken" value='[a-z]{2}'>$`,
		`<input name="user[password]" value="ab"><input name="q" value="cd">`:                       `^<input name="user\[password\]" value="[a-z]{2}"><input name="q" value="cd">$`,
		`<meta name="csrf-token" content="ab"><meta name=author content=cd>`:                        `^<meta name="csrf-token" content="[a-z]{2}"><meta name=author content=cd>$`,
		`<meta name="csrf-param" content="token"><meta name="_csrf_header" content="X-CSRF-TOKEN">`: `^<meta name="csrf-param" content="token"><meta name="_csrf_header" content="X-CSRF-TOKEN">$`,
		`<div data-api-key="ab" class="secret">x</div>`:                                             `^<div data-api-key="[a-z]{2}" class="secret">x</div>$`,
		`<textarea name="api_key">a<b</textarea>c<textarea>d</textarea>`:                            `^<textarea name="api_key">[a-z]&lt;[a-z]</textarea>c<textarea>d</textarea>$`,
		`<script>if (a<b) { x = "jane@example.org" }</script><b>c`:                                  `^<script>if \(a<b\) { x = "[a-z]{8}@redacted.invalid" }</script><b>c$`,
		`<script type="application/json">{"pin":"12","a":"</b>"}</script>`:                          `^<script type="application/json">{"pin":"\d\d","a":"</b>"}</script>$`,
		`<script>var a = "<input type=password value=ab>"</SCRIPT><p>c</p>`:                         `^<script>var a = "<input type=password value=ab>"</SCRIPT><p>c</p>$`,
		`<p><br><code>ab</code><a href=/x?token=ab>y</a>`:                                           `^<p><br><code>ab</code><a href=/x\?token=[a-z]{2}>y</a>$`,
		`<label for="password">Password</label><b title="a@b.org">&nbsp;x</b>`:                      `^<label for="password">Password</label><b title="[a-z]{8}@redacted.invalid">&nbsp;x</b>$`,
		`<!doctype html><title>a@b.org</title>`:                                                     `^<!doctype html><title>[a-z]{8}@redacted.invalid</title>$`,
		`<style>a > b {}</style><p>x`:                                                               `^<style>a > b {}</style><p>x$`,
	} {
		t.Run(in, func(t *testing.T) { assert.Regexp(t, want, body(t, r, "text/html; charset=utf-8", in)) })
	}
}

func TestMarkupThatWasCutHidesItsEnd(t *testing.T) {
	r := redactor(t, redact.Defaults())
	for _, media := range []string{"text/html", "application/xml"} {
		whole := `<a><input type="hidden" value="` + secret + `" name="_csrf"/><password>` + secret + `</password><p title="x ` + secret + `">jane.doe@` + secret + `.org</p></a>`
		for n := range len(whole) {
			e := cut(request("/", media, whole[:n]))
			r.Redact(e)
			out := string(e.Request.Body)
			if media == "text/html" { // what precedes the name was secret by it
				out = strings.Replace(out, "<password>"+secret, "", 1)
				out = strings.Replace(out, "<password>"+secret[:min(len(secret), max(0, n-strings.Index(whole, "<password>")-10))], "", 1)
				out = strings.Replace(out, `title="x `+secret, "", 1)
			} else {
				out = strings.Replace(out, `value="`+secret+`" name="_csrf"`, "", 1)
				out = strings.Replace(out, `title="x `+secret, "", 1)
			}
			assert.NotContains(t, out, secret[:8], "%s cut at %d: %s", media, n, e.Request.Body)
		}
	}
}

func TestWideTextsAreWithheldThoughTheirTypeDoesNotSaySo(t *testing.T) {
	for _, text := range []string{"\xff\xfe<\x00p\x00", "\xfe\xff\x00<\x00p", "<\x00?\x00", "\x00<\x00?"} {
		e := request("/", "application/xml", text)
		assert.Equal(t, 1, redactor(t, redact.Defaults()).Redact(e))
		assert.Equal(t, capture.Withheld, e.Request.Incomplete)
	}
}

// document draws well-formed XML in which the planted secret stands in some
// places.
func document(t *rapid.T, planted string, depth int) string {
	names := rapid.SampledFrom([]string{"a", "b:c", "password", "w:accessToken", "x"})
	name := names.Draw(t, "element")
	hidden := name == "password" || name == "w:accessToken"
	var b strings.Builder
	b.WriteString("<" + name)
	if rapid.Bool().Draw(t, "attribute") {
		b.WriteString(` n="1 &lt; 2" apiKey="` + planted + `"`)
	}
	if rapid.Bool().Draw(t, "empty") {
		b.WriteString(rapid.SampledFrom([]string{"/>", " />"}).Draw(t, "end"))
		return b.String()
	}
	b.WriteString(">")
	for range rapid.IntRange(0, 3).Draw(t, "children") {
		switch kind := rapid.IntRange(0, 4).Draw(t, "child"); {
		case kind == 0 && depth < 4:
			b.WriteString(document(t, planted, depth+1))
		case kind == 1 && hidden:
			b.WriteString("<![CDATA[" + planted + "]]>")
		case kind == 2:
			b.WriteString("<!-- &x -->")
		case hidden:
			b.WriteString(" " + planted + "&amp;\n")
		default:
			b.WriteString(rapid.SampledFrom([]string{"text", " &gt; ", "é", "x > y"}).Draw(t, "text"))
		}
	}
	b.WriteString("</" + name + " >")
	return b.String()
}

// shape returns what of an XML text is no value.
func shape(text string) (string, error) {
	var b strings.Builder
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		t, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return b.String(), nil
		case err != nil:
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			b.WriteString("<" + t.Name.Space + ":" + t.Name.Local)
			for _, a := range t.Attr {
				b.WriteString(" " + a.Name.Local)
			}
		case xml.EndElement:
			b.WriteString(">")
		}
	}
}

func TestXMLOfAnyShapeStaysXMLAndClean(t *testing.T) {
	r := redactor(t, redact.Defaults())
	rapid.Check(t, func(t *rapid.T) {
		planted := rapid.StringMatching(`[A-Z]{4}[a-z]{6}[0-9]{4}[a-zA-Z0-9]{4,20}`).Draw(t, "secret")
		text := document(t, planted, 0)
		before, err := shape(text)
		require.NoError(t, err, text)
		e := request("/", "application/xml", text)
		changed := r.Redact(e)
		out := string(e.Request.Body)
		require.True(t, changed > 0 || !strings.Contains(text, planted), text)
		require.NotContains(t, out, planted)
		after, err := shape(out)
		require.NoError(t, err, out)
		require.Equal(t, before, after)
		require.Empty(t, r.Check(e))
	})
}

func FuzzMarkup(f *testing.F) {
	for _, text := range []string{
		`<?xml version="1.0"?><a b="c&amp;d" password='e'><!-- f --><![CDATA[g]]><pin>1</pin></a>`,
		`<!doctype html><input type=password value=a><script>b<c</script><textarea name=pin>d</textarea>`,
		`<a>&lt;pin&gt;1&lt;/pin&gt;{"pin":1}</a><!DOCTYPE x [<!ENTITY y "a@b.org">]>`,
		`<a b='c<d e=f><g`, `</a></a><`, `<a b=">`,
	} {
		f.Add([]byte(text), true, false)
		f.Add([]byte(text), false, true)
	}
	r := redactor(f, redact.Defaults())
	f.Fuzz(func(t *testing.T, data []byte, html, isCut bool) {
		media := "application/xml"
		if html {
			media = "text/html"
		}
		e := request("/", media, string(data))
		if isCut {
			e.Request.Incomplete = capture.BodyLimit
		}
		before, err := shape(string(data))
		r.Redact(e)
		r.Check(e)
		declares := strings.Contains(strings.NewReplacer("<!--", "", "<![CDATA[", "").Replace(string(data)), "<!") // which the decoder reads more freely than XML
		if err == nil && !declares && !html && !isCut && e.Request.Incomplete == "" && !strings.ContainsAny(before, "@.%:;=?&#") {
			after, err := shape(string(e.Request.Body))
			require.NoError(t, err, "%q became %q", data, e.Request.Body)
			require.Equal(t, before, after, "%q became %q", data, e.Request.Body)
		}
	})
}

package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/archive"
	"twinspect.dev/capture/redact"
)

const secret = "Zq8vPl3wXk2mRt7y"

func jwt(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256","kid":"k-17","typ":"JWT"}`)) + "." + enc([]byte(claims)) + "." + strings.Repeat("aB3_", 10)
}

func TestEveryPlaceHidesItsSecret(t *testing.T) {
	mail, card, token := "jane.doe@shop.example.org", "4111 1111 1111 1111", jwt(`{"sub":"jane","exp":1700000000}`)
	key := "sk_live_51HxQabcDEFghiJKLmn"
	for name, c := range map[string]struct {
		secret string
		e      *capture.Exchange
	}{
		"bearer":            {secret, request("/", "", "", capture.Field{Name: "authorization", Value: "Bearer " + secret})},
		"unknown scheme":    {secret, request("/", "", "", capture.Field{Name: "Authorization", Value: secret + " " + secret})},
		"digest":            {secret, request("/", "", "", capture.Field{Name: "Authorization", Value: `Digest username="a", response="` + secret + `"`})},
		"cookie":            {secret, request("/", "", "", capture.Field{Name: "Cookie", Value: "a=b; sid=" + secret})},
		"set-cookie":        {secret, request("/", "", "", capture.Field{Name: "Set-Cookie", Value: "sid=" + secret + "; Path=/; HttpOnly"})},
		"api key header":    {secret, request("/", "", "", capture.Field{Name: "X-API-KEY", Value: secret})},
		"referer":           {secret, request("/", "", "", capture.Field{Name: "Referer", Value: "https://x/cb?a=1&access_token=" + secret + "#f"})},
		"link fragment":     {secret, request("/", "", "", capture.Field{Name: "Location", Value: "https://x/cb#access_token=" + secret})},
		"userinfo":          {secret, request("/", "", "", capture.Field{Name: "X-Up", Value: "http://user:" + secret + "@db:80/"})},
		"query":             {secret, request("/a?b=1&password="+secret, "", "")},
		"bracketed query":   {secret, request("/a?user%5Bpassword%5D="+secret, "", "")},
		"json in query":     {secret, request(`/a?q=%7B%22password%22:%22`+secret+`%22%7D`, "", "")},
		"path mail":         {mail, request("/users/"+mail+"/x", "", "")},
		"encoded path mail": {"jane.doe%40shop", request("/users/jane.doe%40shop.example.org", "", "")},
		"path parameter":    {secret, request("/a;jsessionid="+secret+"?x=1", "", "")},
		"path token":        {token, request("/t/"+token, "", "")},
		"form":              {secret, request("/", "application/x-www-form-urlencoded", "a=1&client_secret="+secret)},
		"untyped form":      {secret, request("/", "", "a=1&client_secret="+secret)},
		"json":              {secret, request("/", "application/json", `{"a":{"accessToken":"`+secret+`"}}`)},
		"json below":        {secret, request("/", "application/json", `{"credentials":[{"x":"`+secret+`"}]}`)},
		"json number":       {"998877665544", request("/", "application/json", `{"pin": 998877665544}`)},
		"json string":       {secret, request("/", "application/json", `{"a":"{\"password\":\"`+secret+`\"}"}`)},
		"json cut":          {secret, cut(request("/", "application/json", `{"a":1,"text":"`+secret))},
		"json escaped name": {secret, request("/", "application/json", `{"pass\u0077ord":"`+secret+`"}`)},
		"json events":       {secret, request("/", "text/event-stream", "data: {\"token\":\""+secret+"\"}\n\n")},
		"mail in json":      {mail, request("/", "application/json", `["write to `+mail+`."]`)},
		"card in json":      {card, request("/", "application/json", `{"n":"`+card+`"}`)},
		"card number":       {"5555555555554444", request("/", "application/json", `{"n":5555555555554444}`)},
		"card before year":  {"4111111111111111", request("/", "text/plain", `4111111111111111 12/27`)},
		"token in text":     {token, request("/", "text/html", "<p>"+token+"</p>")},
		"key in xml":        {key, request("/", "application/xml", "<k>"+key+"</k>")},
		"private key":       {"MIIEpAIBAAKCAQEA7", request("/", "text/plain", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----\n")},
		"binary":            {mail, request("/", "application/octet-stream", "\x00\x01"+mail+"\x02")},
		"multipart":         {secret, request("/", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+secret+"\r\n--b--\r\n")},
		"multipart json":    {secret, request("/", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Type: application/json\r\n\r\n{\"token\":\""+secret+"\"}\r\n--b--\r\n")},
		"text cut":          {"jane.doe@sho", cut(request("/", "text/plain", "write to jane.doe@sho"))},
		"deep json":         {secret, request("/", "application/json", strings.Repeat("[", 2000)+`"`+secret+`"`)},
	} {
		t.Run(name, func(t *testing.T) {
			r := redactor(t, redact.Defaults())
			if c.e.Request.Incomplete == "" {
				assert.NotEmpty(t, r.Check(c.e))
			}
			assert.Positive(t, r.Redact(c.e))
			line := encode(t, c.e)
			assert.NotContains(t, line, c.secret)
			assert.NotContains(t, string(c.e.Request.Body), c.secret)
			assert.Empty(t, r.Check(c.e), "%s", line)
		})
	}
}

func cut(e *capture.Exchange) *capture.Exchange {
	e.Request.Incomplete = capture.BodyLimit
	return e
}

func encode(t testing.TB, e *capture.Exchange) string {
	t.Helper()
	var b strings.Builder
	w, err := archive.NewWriter(&b, archive.JSONL, archive.WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.WriteExchange(t.Context(), e))
	require.NoError(t, w.Close())
	return b.String()
}

func TestEqualValuesHaveEqualPseudonymsInEveryPlace(t *testing.T) {
	r := redactor(t, redact.Defaults())
	want, _ := strings.CutPrefix(header(t, r, "Authorization", "Bearer "+secret), "Bearer ")
	require.NotEqual(t, secret, want)
	assert.Equal(t, "sid="+want, header(t, r, "Cookie", "sid="+secret))
	assert.Equal(t, `{"token":"`+want+`"}`, body(t, r, "application/json", `{"token":"`+secret+`"}`))
	assert.Equal(t, "a=1&token="+want, body(t, r, "application/x-www-form-urlencoded", "a=1&token="+secret))
	e := request("/?token="+secret, "", "")
	e.Context.Session = "cookie:" + secret
	r.Redact(e)
	assert.Equal(t, "/?token="+want, e.Request.Target)
	assert.Equal(t, "cookie:"+want, e.Context.Session)
	basic := header(t, r, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("jane:"+secret)))
	pair, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(basic, "Basic "))
	require.NoError(t, err)
	assert.Equal(t, want, strings.SplitN(string(pair), ":", 2)[1])
}

func TestPseudonymsKeepTheShape(t *testing.T) {
	r := redactor(t, redact.Defaults())
	for name, c := range map[string]struct{ value, shape string }{
		"letters and digits": {"Zq8-vPl3", `^[A-Z][a-z]\d-[a-z][A-Z][a-z]\d$`},
		"uuid":               {"6ba7b810-9dad-41d1-80b4-00c04fd430c8", `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`},
		"hex":                {"DEADBEEF0042", `^[A-F]{8}\d{4}$`},
		"no leading zero":    {"4711", `^[1-9]\d{3}$`},
		"mail":               {"jane.doe@x.org", `^[a-z]{4}\.[a-z]{3}@redacted\.invalid$|^[a-z]{8}@redacted\.invalid$`},
		"card":               {"4111-1111-1111-1111", `^9999-\d{4}-\d{4}-\d{4}$`},
		"key":                {"ghp_abcdefghijklmnop1234", `^ghp_[a-z]{16}\d{4}$`},
		"punctuation":        {"!!!???", `^[a-z]{6}$`},
		"umlauts":            {"Ägäis", `^\p{Lu}[a-z]\p{Ll}[a-z]{2}$`},
		"ideographs":         {"密码密码", `^\p{Han}{4}$`},
	} {
		t.Run(name, func(t *testing.T) {
			out := header(t, r, "X-Auth-Token", c.value)
			assert.Regexp(t, regexp.MustCompile(c.shape), out)
			assert.NotEqual(t, c.value, out)
		})
	}
}

func TestTokensStayTokens(t *testing.T) {
	r := redactor(t, redact.Defaults())
	out := header(t, r, "Authorization", "Bearer "+jwt(`{"sub":"jane@x.org","n":12,"admin":true,"exp":1700000000}`))
	parts := strings.Split(strings.TrimPrefix(out, "Bearer "), ".")
	require.Len(t, parts, 3)
	var head, claims map[string]any
	for i, into := range []*map[string]any{&head, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, into))
	}
	assert.Equal(t, "RS256", head["alg"])
	assert.NotEqual(t, "k-17", head["kid"])
	assert.InEpsilon(t, 1700000000, claims["exp"], 0)
	assert.Equal(t, true, claims["admin"])
	assert.Contains(t, claims["sub"], "@redacted.invalid")
}

func TestAllElseKeepsItsBytes(t *testing.T) {
	r := redactor(t, redact.Defaults())
	for _, text := range []string{
		`{ "a" : 1.50e+3 , "b":"x\u00e9\/", "t":1732186999123, "id":"6ba7b810-9dad-41d1-80b4-00c04fd430c8", "token":null,"secret":true }`,
		`{"a":1,"a":2}`, `[1,`, `{]}[`, "\xff\xfe{", `{"icon":"icon@2x.png"}`, `"\ud800"`,
	} {
		assert.Equal(t, text, body(t, r, "application/json", text))
	}
	out := body(t, r, "application/json", `{ "x" : 1.0 ,  "password":"a\"b", "pin":-12.50e3 }`)
	assert.Regexp(t, `^\{ "x" : 1\.0 ,  "password":"[a-z]\\"[a-z]", "pin":-[1-9]\d\.\d\de3 \}$`, out)
}

func TestExceptionsWin(t *testing.T) {
	r := redactor(t, redact.Rules{
		Defaults: true, Names: redact.Names{Headers: []string{"X-Customer-*"}, JSON: []string{"$..phone", "$.items[*].name"}},
		Keep: redact.Names{Headers: []string{"Authorization"}, Cookies: []string{"theme"}, Query: []string{"code"}, JSON: []string{"$.ok"}},
	})
	assert.Equal(t, "Bearer x", header(t, r, "Authorization", "Bearer x"))
	assert.NotEqual(t, "4711", header(t, r, "x-customer-id", "4711"))
	assert.Regexp(t, `^theme=dark; s=[^a]\w\w$`, header(t, r, "Cookie", "theme=dark; s=abc"))
	out := body(t, r, "application/json", `{"ok":{"token":"abc","phone":"123"},"a":[{"phone":"123"}],"items":[{"name":"bob"}],"name":"bob"}`)
	assert.Regexp(t, `^\{"ok":\{"token":"abc","phone":"123"\},"a":\[\{"phone":"\d{3}"\}\],"items":\[\{"name":"[a-z]{3}"\}\],"name":"bob"\}$`, out)
	assert.NotContains(t, out, `[{"phone":"123"`)
	assert.NotContains(t, out, `[{"name":"bob"`)
}

func TestNothingSharedIsOverwritten(t *testing.T) {
	r := redactor(t, redact.Defaults())
	e := request("/?token="+secret, "application/json", `{"token":"`+secret+`"}`, capture.Field{Name: "Cookie", Value: "a=" + secret})
	e.Response.Interim = []capture.Interim{{Header: capture.Header{{Name: "Cookie", Value: "a=" + secret}}}}
	shared, before := *e, e.Clone()
	assert.Equal(t, 4, r.Redact(e))
	assert.Equal(t, before, &shared)
}

func TestLengthFollowsTheBody(t *testing.T) {
	r := redactor(t, redact.Defaults())
	e := request("/", "application/json", `["a@b.org"]`, capture.Field{Name: "content-length", Value: "11"})
	r.Redact(e)
	assert.Len(t, e.Request.Body, 29)
	assert.Equal(t, "29", e.Request.Header.Get("Content-Length"))
	assert.EqualValues(t, 29, e.Request.BodySize)
}

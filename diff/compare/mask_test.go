package compare

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
)

func testMasker() *masker { return newMasker([32]byte{1}) }

func TestPseudonymsKeepTheShape(t *testing.T) {
	m := testMasker()
	tests := []struct{ secret, shape string }{
		{"f47ac10b-58cc-4372-a567-0e02b2c3d479", `^[a-f]\d{2}[a-f]{2}\d{2}[a-f]-\d{2}[a-f]{2}-\d{4}-[a-f]\d{3}-\d[a-f]\d{2}[a-f]\d[a-f]\d[a-f]\d{3}$`},
		{"sk_live_4eC39HqLyjWDarjtT1zdp7dc", `^[a-z]{2}_[a-z]{4}_\d[a-z][A-Z]\d{2}[A-Z][a-z][A-Z][a-z]{2}[A-Z]{2}[a-z]{4}[A-Z]\d[a-z]{3}\d[a-z]{2}$`},
		{"12345678", `^\d{8}$`},
		{"käse", `^[a-z]{4}$`},
		{"", `^$`},
	}
	for _, tt := range tests {
		got := m.pseudonym(tt.secret)
		assert.Regexp(t, tt.shape, got)
		assert.Equal(t, got, testMasker().pseudonym(tt.secret), "equal stays equal")
		if tt.secret != "" {
			assert.NotEqual(t, tt.secret, got)
			assert.NotEqual(t, got, m.pseudonym(tt.secret + "x")[:len(got)])
			assert.NotEqual(t, got, newMasker([32]byte{2}).pseudonym(tt.secret), "the key counts")
		}
	}
	assert.Regexp(t, `^-0\.\d{2}e\d$`, m.number("-0.12e5"))
	assert.Regexp(t, `^[1-9]\d{3}$`, m.number("1234"))
}

func TestPseudonymsKeepTheClass(t *testing.T) {
	m := testMasker()
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	for _, secret := range []string{"f47ac10b-58cc-4372-a567-0e02b2c3d479", jwt, "someone@example.com", "d41d8cd98f00b204e9800998ecf8427e", "4111111111111111"} {
		masked, err := json.Marshal(m.pseudonym(secret))
		require.NoError(t, err)
		plain, err := json.Marshal(secret)
		require.NoError(t, err)
		want, got := class.Of(plain), class.Of(masked)
		assert.Equal(t, want, got, "%s %s", secret, masked)
	}
	assert.NotContains(t, m.pseudonym(jwt), "eyJzdWIi")
}

const hidden = "hunter2-Sup3rS3cret"

func TestSecretsNeverLeak(t *testing.T) {
	long := strings.Repeat("x", 490)
	jwt := "eyJhbGciOiJIUzI1NiJ9." + strings.Repeat("hunter2", 90) + ".Sup3rS3cret"
	const typed = "Content-Type: application/json"
	const form = "Content-Type: application/x-www-form-urlencoded"
	tests := map[string]*capture.Response{
		"authorization":            answer(200, "", "Authorization: Bearer "+hidden),
		"basic":                    answer(200, "", "Authorization: "+hidden),
		"cookie":                   answer(200, "", "Set-Cookie: sid="+hidden+"; Path=/"),
		"many cookies":             answer(200, "", strings.Split(strings.Repeat("Set-Cookie: a="+hidden+"\n", 600), "\n")...),
		"api key":                  answer(200, "", "X-Api-Key: "+hidden),
		"token in a location":      answer(200, "", "Location: https://a.example/?a=1&access_token="+hidden+"&b=2"),
		"password in a location":   answer(200, "", "Location: https://me:"+hidden+"@a.example/"),
		"bearer in another header": answer(200, "", "X-Debug: Bearer "+hidden),
		"token in another header":  answer(200, "", "X-Debug: "+long+jwt),
		"member":                   answer(200, `{"password":"`+hidden+`"}`, typed),
		"escaped name":             answer(200, `{"p\u0061ssword":"`+hidden+`"}`, typed),
		"whole object":             answer(200, `[{"a":1,"Client-Secret" : "`+hidden+`","b":[1]}]`, typed),
		"inside of a secret":       answer(200, `{"credentials":{"a":["x",{"b":"`+hidden+`"}]}}`, typed),
		"below a secret, removed":  answer(200, `[{"credentials":{"a":["x",{"b":"`+hidden+`"}]}}]`, typed),
		"cut in the middle":        answer(200, `["`+long+`",{"refreshToken":"`+hidden+`"}]`, typed),
		"whole document":           answer(200, `{"token":"`+hidden+`"}`, typed),
		"document in a string":     answer(200, `{"a":"{\"api_key\":\"`+hidden+`\"}"}`, typed),
		"link in a string":         answer(200, `{"a":"/x?token=`+hidden+`"}`, typed),
		"token in a string":        answer(200, `{"a":"`+jwt+`"}`, typed),
		"form":                     answer(200, "user=a&password="+hidden, form),
		"broken JSON":              answer(200, `{"password": "`+hidden+`",`, typed),
		"broken below a secret":    answer(200, "{\"a\":1,\n\"credentials\":{\n  \"b\":\""+hidden+"\"", typed),
		"lines of JSON":            answer(200, `{"credentials":["`+hidden+`"]}`+"\n"+`{"credentials":["`+hidden+`"]}`, "Content-Type: application/x-ndjson"),
		"names without quotes":     answer(200, `{password: `+hidden+`}`, "Content-Type: text/javascript"),
		"text":                     answer(200, "Authorization: Basic "+hidden+"\n", "Content-Type: text/plain"),
		"XML":                      answer(200, "<a><password>"+hidden+"</password></a>", "Content-Type: text/xml"),
		"named XML":                answer(200, `<a><p name="password">`+hidden+`</p><p key="token" value="`+hidden+`"/></a>`, "Content-Type: text/xml"),
		"HTML":                     answer(200, `<meta name="csrf-token" content="`+hidden+`"><input type=password value="`+hidden+`"><p data-token="`+hidden+`">x</p><a href="/?token=`+hidden+`">y</a>`, "Content-Type: text/html"),
		"script":                   answer(200, `<script type="application/json">{"a":{"apiKey":"`+hidden+`"}}</script><script>var token = "`+hidden+`"</script>`, "Content-Type: text/html"),
		"part":                     answer(200, "--b\r\nContent-Disposition: form-data; name=password\r\n\r\n"+hidden+"\r\n--b--", "Content-Type: multipart/form-data; boundary=b"),
		"event":                    answer(200, "data: {\"access_token\":\""+hidden+"\"}\n\n", "Content-Type: text/event-stream"),
		"yaml":                     answer(200, "db:\n  secret: "+hidden+"\n", "Content-Type: application/yaml"),
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			c := New(nil)
			n := 0
			leak := regexp.MustCompile(`hunter2|Sup3rS3cret`)
			for _, other := range []*capture.Response{answer(200, ""), answer(200, "{}", typed), answer(200, "[]", typed), answer(200, "{", typed), answer(200, "zzz", form)} {
				tell := func(ch diff.Change) {
					n++
					assert.NotRegexp(t, leak, render(ch))
				}
				c.Compare("GET /", r, other, tell)
				c.Compare("GET /", other, r, tell)
			}
			assert.Positive(t, n)
		})
	}
}

func TestSecretsOfProjectionsNeverLeak(t *testing.T) {
	tests := []struct{ contentType, body, other string }{
		{"text/csv", "user,password\na," + hidden + "\n", "user,password\na,x\n"},
		{"text/csv", "user,password\na," + hidden + "\n", "user,password\n"},
		{"text/xml", "<a><secret><b>" + hidden + "</b></secret></a>", "<a><secret><b>x</b></secret></a>"},
		{"text/xml", "<a><secret><b>" + hidden + "</b></secret></a>", "<a/>"},
		{"text/html", "<textarea name=api_key>" + hidden + "</textarea>", "<textarea name=api_key>x</textarea>"},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=auth\r\n\r\n" + hidden + "\r\n--b--", "--b--"},
		{"application/x-ndjson", `{"pin":"` + hidden + `"}`, `{"pin":1}`},
	}
	for _, tt := range tests {
		typed := "Content-Type: " + tt.contentType
		got := told(t, answer(200, tt.body, typed), answer(200, tt.other, typed))
		assert.NotEmpty(t, got)
		assert.NotRegexp(t, "hunter2|Sup3rS3cret", strings.Join(got, "\n"))
	}
}

func TestMaskedDocumentsKeepWhatIsNoSecret(t *testing.T) {
	m := testMasker()
	for _, doc := range []string{
		`{"a":1,"b":["x",null,true],"c":{"d":"e\u0041\n"}}`, `"plain"`, `{"token":null,"password":true,"secret":{},"next":"y"}`,
		`{"a":"basic understanding of digest authentication"}`, `[{"tokens":12,"monkey":"banana"}]`,
	} {
		assert.Equal(t, doc, m.document([]byte(doc), false))
	}
	got := m.document([]byte(`[{"password":"abc","x":"abc"},"abc",{"token":[1,{"y":"abc"}],"z":1}]`), false)
	assert.Regexp(t, `^\[\{"password":"[a-f]{3}","x":"abc"\},"abc",\{"token":\[[1-9],\{"y":"[a-f]{3}"\}\],"z":1\}\]$`, got)
	assert.NotContains(t, strings.Replace(got, `"x":"abc"},"abc"`, "", 1), "abc")
}

func TestMaskedDocumentsStayJSON(t *testing.T) {
	m := testMasker()
	names := rapid.SampledFrom([]string{"password", "a", "token", "id"})
	rapid.Check(t, func(t *rapid.T) {
		doc, err := json.Marshal(rapid.MapOfN(names, rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.Float64(), func(f float64) any { return f }),
			rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(s []string) any { return s }),
		), 0, 4).Draw(t, "document"))
		require.NoError(t, err)
		if got := m.document(doc, false); len(got) < maxValue {
			require.True(t, json.Valid([]byte(got)), "%s\n%s", doc, got)
		}
	})
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{`{"password":"x"}`, `{"password":`, `"\`, `]]}{[`, `-`, "token=abc", "\xff\xfe", `{"token":"\ud800"}`, "Bearer abcdefgh"} {
		f.Add([]byte(s))
	}
	m := testMasker()
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, secret := range []bool{false, true} {
			got := m.document(data, secret)
			require.True(t, utf8.ValidString(got))
			require.LessOrEqual(t, len(got), maxValue+40)
			require.Equal(t, got, m.document(data, secret))
		}
		require.True(t, utf8.ValidString(m.text(data)))
		require.True(t, utf8.ValidString(m.field(string(data), true)))
	})
}

package redact_test

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/redact"
)

// place writes a secret where it is one by its name, and reads what stands there.
type place struct {
	name string
	put  func(secret string) *capture.Exchange
	get  func(e *capture.Exchange) string
}

// places are all that the defaults know. Every secret of the generator can be
// written in each without loss.
var places = []place{
	{
		"JSON",
		func(s string) *capture.Exchange {
			return request("/", "application/json", `{"a":[{"password":`+quote(s)+`}]}`)
		},
		func(e *capture.Exchange) string {
			var v struct{ A []struct{ Password string } }
			_ = json.Unmarshal(e.Request.Body, &v)
			return v.A[0].Password
		},
	},
	{
		"JSON in JSON",
		func(s string) *capture.Exchange {
			return request("/", "application/json", `{"a":`+quote(`{"pin":`+quote(s)+`}`)+`}`)
		},
		func(e *capture.Exchange) string {
			var outer struct{ A string }
			var inner struct{ Pin string }
			_ = json.Unmarshal(e.Request.Body, &outer)
			_ = json.Unmarshal([]byte(outer.A), &inner)
			return inner.Pin
		},
	},
	{
		"form",
		func(s string) *capture.Exchange {
			return request("/", "application/x-www-form-urlencoded", url.Values{"a": {"b"}, "client_secret": {s}}.Encode())
		},
		func(e *capture.Exchange) string {
			v, _ := url.ParseQuery(string(e.Request.Body))
			return v.Get("client_secret")
		},
	},
	{
		"query",
		func(s string) *capture.Exchange { return request("/a?b=c&api_key="+url.QueryEscape(s), "", "") },
		func(e *capture.Exchange) string {
			u, _ := url.Parse(e.Request.Target)
			return u.Query().Get("api_key")
		},
	},
	{
		"header",
		func(s string) *capture.Exchange {
			return request("/", "", "", capture.Field{Name: "Authorization", Value: "Bearer " + s})
		},
		func(e *capture.Exchange) string {
			return strings.TrimPrefix(e.Request.Header.Get("Authorization"), "Bearer ")
		},
	},
	{
		"cookie",
		func(s string) *capture.Exchange {
			return request("/", "", "", capture.Field{Name: "Cookie", Value: "a=b; sid=" + url.PathEscape(s)})
		},
		func(e *capture.Exchange) string {
			_, v, _ := strings.Cut(e.Request.Header.Get("Cookie"), "sid=")
			v, _ = url.PathUnescape(v)
			return v
		},
	},
	{
		"multipart",
		func(s string) *capture.Exchange {
			return request("/", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+s+"\r\n--b--\r\n")
		},
		func(e *capture.Exchange) string {
			_, v, _ := strings.Cut(string(e.Request.Body), "\r\n\r\n")
			v, _, _ = strings.Cut(v, "\r\n--b")
			return v
		},
	},
	{
		"XML element",
		func(s string) *capture.Exchange {
			return request("/", "text/xml", "<a><w:Password>"+html.EscapeString(s)+"</w:Password></a>")
		},
		func(e *capture.Exchange) string {
			_, v, _ := strings.Cut(string(e.Request.Body), "Password>")
			v, _, _ = strings.Cut(v, "</w:")
			return html.UnescapeString(v)
		},
	},
	{
		"XML attribute",
		func(s string) *capture.Exchange {
			return request("/", "text/xml", `<a token="`+html.EscapeString(s)+`"/>`)
		},
		func(e *capture.Exchange) string {
			_, v, _ := strings.Cut(string(e.Request.Body), `"`)
			v, _, _ = strings.Cut(v, `"`)
			return html.UnescapeString(v)
		},
	},
	{
		"HTML field",
		func(s string) *capture.Exchange {
			return request("/", "text/html", `<input type="hidden" value="`+html.EscapeString(s)+`" name="_csrf">`)
		},
		func(e *capture.Exchange) string {
			_, v, _ := strings.Cut(string(e.Request.Body), `value="`)
			v, _, _ = strings.Cut(v, `"`)
			return html.UnescapeString(v)
		},
	},
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// secrets draws what people and programs choose, without what ends a word in a
// header.
var secrets = rapid.OneOf(
	rapid.StringMatching(`[A-Za-z0-9_.!$*+~-]{8,40}`),
	rapid.StringMatching(`[a-z]{4,9}[&<>'"%=+ ][a-z]{3}[äöüß]?[0-9]{4}`),
	rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`),
	rapid.StringMatching(`[1-9][0-9]{7,15}`),
	rapid.StringMatching(`sk_live_[A-Za-z0-9]{20}`),
)

func TestASecretHasOnePseudonymInEveryPlaceAndLeavesNothing(t *testing.T) {
	r := redactor(t, redact.Defaults())
	rapid.Check(t, func(t *rapid.T) {
		s := secrets.Draw(t, "secret")
		want := ""
		for _, p := range places {
			if p.name == "header" && strings.ContainsAny(s, `="`) { // would be a list of parameters
				continue
			}
			e := p.put(s)
			require.Equal(t, s, p.get(e), "the test's own %s", p.name)
			require.Positive(t, r.Redact(e), p.name)
			got := p.get(e)
			if want == "" {
				want = got
			}
			require.Equal(t, want, got, p.name)
			require.NotContains(t, e.Request.Target+string(e.Request.Body)+e.Request.Header.Get("Cookie"), s, p.name)
			require.Empty(t, r.Check(e), p.name)
		}
		require.Len(t, want, len(s))
		if strings.ContainsFunc(s, func(c rune) bool { return c > ' ' && class(string(c)) != string(c) }) {
			require.Equal(t, class(s), class(want)) // else letters stand for punctuation
		}
	})
}

// class is what a pseudonym keeps of each character.
func class(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case '0' <= c && c <= '9':
			return '9'
		case 'a' <= c && c <= 'z':
			return 'x'
		case 'A' <= c && c <= 'Z':
			return 'X'
		case c >= 0x80:
			return 'ä'
		}
		return c
	}, s)
}

func TestEqualAddressesStayEqualAndAddresses(t *testing.T) {
	r := redactor(t, redact.Defaults())
	address := regexp.MustCompile(`^[^@\s]{8,}@redacted\.invalid$`)
	seen := make(map[string]string) // by pseudonym
	rapid.Check(t, func(t *rapid.T) {
		mail := rapid.StringMatching(`[a-z]{2,12}(\.[a-z]{2,8})?[0-9]{0,3}@[a-z]{3,9}\.(org|com|example\.net)`).Draw(t, "address")
		var outs []string
		for media, text := range map[string]string{
			"application/json": `["` + mail + `"]`, "text/plain": " " + mail + " ", "text/xml": "<a>" + mail + "</a>",
			"application/x-www-form-urlencoded": "a=" + mail, "application/octet-stream": "\x00" + mail + "\x00",
		} {
			e := request("/", media, text)
			require.Equal(t, 1, r.Redact(e), media)
			before, after, _ := strings.Cut(text, mail)
			outs = append(outs, strings.TrimSuffix(strings.TrimPrefix(string(e.Request.Body), before), after))
		}
		for _, out := range outs {
			require.Regexp(t, address, out)
			require.Equal(t, outs[0], out)
		}
		if before, ok := seen[outs[0]]; ok && len(mail) > 24 { // short ones may meet by chance
			require.Equal(t, before, mail)
		}
		seen[outs[0]] = mail
	})
}

func TestNumbersOfJSONStayNumbersOfTheirLength(t *testing.T) {
	r := redactor(t, redact.Defaults())
	rapid.Check(t, func(t *rapid.T) {
		n := strconv.FormatInt(rapid.Int64().Draw(t, "number"), 10)
		e := request("/", "application/json", `{"pin":`+n+`,"x":`+n+`}`)
		r.Redact(e)
		require.True(t, json.Valid(e.Request.Body))
		require.Len(t, e.Request.Body, len(`{"pin":,"x":}`)+2*len(n))
	})
}

package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
	"twinspect.dev/capture/redact"
)

func FuzzBodies(f *testing.F) {
	for media, text := range map[string]string{
		"application/json":                  `{"token":"` + secret + `","a":[1,{"pin":12}],"s":"{\"pin\":\"1\"}"}`,
		"application/x-www-form-urlencoded": "a=%41&token=b+c&x",
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n12\r\n--b--",
		"application/grpc":                  "\x00\x00\x00\x00\x0d\x0a\x0bjane@x.orgg",
		"text/plain":                        jwt(`{"sub":"a"}`) + " a@b.org 4111 1111 1111 1111",
		"application/octet-stream":          "\x00a@b.org, and more\x00",
	} {
		f.Add(media, []byte(text), false)
		f.Add(media, []byte(text), true)
	}
	r := redactor(f, redact.Defaults())
	f.Fuzz(func(t *testing.T, media string, data []byte, isCut bool) {
		e := request("/", media, string(data))
		if isCut {
			e = cut(e)
		}
		valid := json.Valid(data)
		r.Redact(e)
		if valid && !isCut && media == "application/json" {
			assert.True(t, json.Valid(e.Request.Body), "%q became %q", data, e.Request.Body)
		}
		r.Check(e)
	})
}

func FuzzHeads(f *testing.F) {
	f.Add("Cookie", `a="b"; c; =d;`, "/a;b=c/%41@x.org?token=%zz&a[pin]=1#x")
	f.Add("Set-Cookie", "a=b; Path=/", "http://u:p@h/?x")
	f.Add("Authorization", "Basic YTpi", "*")
	f.Add("Authorization", `Digest a="b, c=d`, "/")
	f.Add("X-Token", jwt(`{"sub":"a"}`), "/")
	r := redactor(f, redact.Defaults())
	f.Fuzz(func(_ *testing.T, name, value, target string) {
		e := request(target, "", "", capture.Field{Name: name, Value: value})
		r.Redact(e)
		r.Check(e)
	})
}

func TestAnyPlantedSecretIsGone(t *testing.T) {
	outer := t
	r := redactor(t, redact.Defaults())
	rapid.Check(t, func(t *rapid.T) {
		planted := rapid.StringMatching(`[A-Z]{4}[a-z]{6}[0-9]{4}[a-zA-Z0-9]{4,20}`).Draw(t, "secret")
		e := capturetest.Exchange().Draw(t, "exchange")
		e.Request.Header = append(e.Request.Header, capture.Field{Name: "Authorization", Value: "Bearer " + planted}, capture.Field{Name: "Cookie", Value: "s=" + planted})
		e.Response.Header = append(e.Response.Header, capture.Field{Name: "Set-Cookie", Value: "s=" + planted + "; Secure"})
		e.Request.Target = "/x?api_key=" + planted
		e.Response.Trailer = append(e.Response.Trailer, capture.Field{Name: "X-Secret", Value: planted})
		e.Context.Session = planted
		e.Response.Header = append(capture.Header{{Name: "Content-Type", Value: "application/json"}}, e.Response.Header.Without("Content-Type", "Content-Encoding")...)
		e.Response.Body = []byte(`{"a":[{"password":"` + planted + `"}]}`)
		same := e.Clone()
		r.Redact(e)
		r.Redact(same)
		require.True(t, capturetest.Equal(e, same), "the same secrets, the same pseudonyms")
		require.NotContains(t, encode(outer, e), planted)
		require.NotContains(t, string(e.Response.Body), planted)
		for _, finding := range r.Check(e) {
			require.False(t, strings.HasPrefix(finding.Where, "response.body"), "%v", finding)
		}
	})
}

func TestJSONOfAnyShapeStaysJSONAndClean(t *testing.T) {
	r := redactor(t, redact.Defaults())
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.IntRange(-99999, 99999), func(n int) any { return n }),
			rapid.Map(rapid.Float64(), func(n float64) any { return n }),
			rapid.Map(rapid.SliceOf(rapid.String()), func(s []string) any { return s }),
		)
		names := rapid.SampledFrom([]string{"password", "pin", "a", "name", "x.y", "accessToken"})
		text, err := json.Marshal(rapid.MapOf(names, value).Draw(t, "document"))
		require.NoError(t, err)
		e := request("/", "application/json", string(text))
		r.Redact(e)
		require.True(t, json.Valid(e.Request.Body), "%s became %s", text, e.Request.Body)
		require.Empty(t, r.Check(e), "%s became %s", text, e.Request.Body)
	})
}

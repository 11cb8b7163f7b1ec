package broker

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzHAL(f *testing.F) {
	for _, s := range []string{
		`{"_links":{"a":{"href":"/x/{provider}","templated":true}}}`, `{"_links":{"a":[{"href":"/x{?provider,b}"}]}}`,
		`{"_links":{"a":7}}`, `{"_links":[]}`, `{"_links":{"a":{"href":"/{"}}}`, `{"_links":{"a":{"href":"%zz"}}}`, `{"errors":{"a":["b",{"message":"c"}]}}`,
	} {
		f.Add([]byte(s))
	}
	at, _ := url.Parse("http://host/base/")
	f.Fuzz(func(t *testing.T, body []byte) {
		if r, err := parse(at, body); err == nil {
			u, err := r.link(map[string]string{"provider": "a/b c?d"}, "a", "b")
			if err == nil && u != nil && u.User != nil {
				t.Fatal("a link with credentials")
			}
		}
		if text := said(body); len(text) > maxSaid+8 || strings.ContainsAny(text, "\x1b\x00\r") {
			t.Fatalf("a text that is not plain: %q", text)
		}
	})
}

package verify

import (
	"encoding/base64"
	"strings"
	"testing"

	"twinspect.dev/contract/pact"
)

func FuzzStateHookAnswers(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"values":{"a":1}}`, `{"id":1,"body_base64":"eA=="}`, `{"id":1,"text":"x","metadata":[]}`, `{"id":2}`, `[]`, ``,
		base64.StdEncoding.EncodeToString([]byte(`{"topic":"x"}`)),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, line []byte) {
		_ = stateValues(line)
		_, _ = metadata(string(line))
		if r, err := parseReply(line, 1); err == nil {
			_, _ = r.message()
			_ = stateValues(r.Values)
		}
	})
}

func FuzzRequests(f *testing.F) {
	f.Add("/a b?c", "q\r\n", "x\r\ny: z", "GET")
	f.Fuzz(func(t *testing.T, path, name, value, method string) {
		r := wire(&pact.Request{Method: method, Path: path, Query: map[string][]string{name: {value}}, Header: map[string][]string{"X": {value}}})
		if !strings.HasPrefix(r.Target, "/") || strings.ContainsAny(r.Target, " \r\n#") || strings.ContainsAny(r.Header[0].Value, "\r\n\x00") {
			t.Fatalf("%q %q", r.Target, r.Header)
		}
	})
}

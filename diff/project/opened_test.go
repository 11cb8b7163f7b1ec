package project

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipped(t testing.TB, s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestStringsAreOpened(t *testing.T) {
	const doc = `{"a":"??>>x"}`
	std, url := base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
	tests := []struct {
		name, s, want string
		forms         Forms
	}{
		{"object", ` {"a":1}`, ` {"a":1}`, bare},
		{"array", `[]`, `[]`, bare},
		{"number", `12`, ``, 0},
		{"broken", `{"a":}`, ``, 0},
		{"base64", std([]byte(doc)), doc, 1 << firstBase64},
		{"base64url", url([]byte(doc)), doc, 2 << firstBase64},
		{"either alphabet", std([]byte(`{"a":1}`)), `{"a":1}`, 3 << firstBase64},
		{"either padding", std([]byte(`{"a":12}x`)[:8]), `{"a":12}`, 3 << firstBase64},
		{"no padding needed", std([]byte(`{"a":123}`)), `{"a":123}`, 15 << firstBase64},
		{"without padding", base64.RawStdEncoding.EncodeToString([]byte(`[1,2]`)), `[1,2]`, 12 << firstBase64},
		{"bits behind the end", "WzFe", ``, 0},
		{"text in base64", std([]byte("hello world")), ``, 0},
		{"lines of base64", "WzFd\n", ``, 0},
		{"gzip", base64.StdEncoding.EncodeToString(zipped(t, doc)), doc, 1 << firstGzip},
		{"token", jwt, `{"header":{"alg":"HS256"},"payload":{"sub":"1"},"signature":"c2ln"}`, Token},
		{"token without a signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", `{"header":{"alg":"none"},"payload":{"sub":"1"}}`, Token},
		{"no algorithm", "eyJzdWIiOiIxIn0.eyJzdWIiOiIxIn0.c2ln", ``, 0},
		{"encrypted token", jwt + ".YQ.Yg", ``, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Opener
			got, forms := o.Append([]byte("x"), []byte(tt.s))
			assert.Equal(t, "x"+tt.want, string(got))
			if tt.name == "base64" || tt.name == "gzip" || tt.name == "base64url" {
				assert.NotZero(t, forms&tt.forms)
				return
			}
			assert.Equal(t, tt.forms, forms)
		})
	}
}

func TestStringsThatBecomeTooLongStayShut(t *testing.T) {
	var o Opener
	bomb := base64.StdEncoding.EncodeToString(zipped(t, "["+string(bytes.Repeat([]byte("1,"), maxUnzipped))+"1]"))
	_, forms := o.Append(nil, []byte(bomb))
	assert.Zero(t, forms)
	_, forms = o.Append(nil, append(bytes.Repeat([]byte(" "), maxOpened), "[]"...))
	assert.Zero(t, forms)
}

func FuzzOpener(f *testing.F) {
	for _, s := range []string{"", "{}", "eyJhbGciOiJub25lIn0.e30.", "WzFd", "H4sIAAAAAAAA", "e30=", "[1]"} {
		f.Add([]byte(s))
	}
	var o Opener
	f.Fuzz(func(t *testing.T, s []byte) {
		out, forms := o.Append(nil, s)
		require.Equal(t, forms != 0, len(out) > 0)
		if forms != 0 {
			require.True(t, json.Valid(out), "%s", out)
			require.LessOrEqual(t, len(out), max(2*len(s)+64, maxUnzipped))
		}
	})
}

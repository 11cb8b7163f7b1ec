package compare

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
)

// places lists the kinds and places alone, for what holds secrets.
func places(base, other *capture.Response) []string {
	list := []string{}
	New(nil).Compare("GET /", base, other, func(c diff.Change) { list = append(list, fmt.Sprintf("%s %s", c.Kind, c.Place)) })
	return list
}

func TestComparesCookiesEachByItself(t *testing.T) {
	tests := []struct {
		name        string
		base, other []string
		want        []string
	}{
		{"order of cookies and attributes", []string{"a=1; Path=/; Secure", "b=2"}, []string{"b=2", "a=1; secure ; path=/"}, []string{}},
		{"value", []string{"a=1; Path=/"}, []string{"a=2; Path=/"}, []string{"changed header set-cookie a"}},
		{"attribute lost", []string{"a=1; HttpOnly; Secure"}, []string{"a=1; Secure"}, []string{"removed header set-cookie a; httponly"}},
		{"attribute more", []string{"a=1"}, []string{"a=1; Max-Age=5"}, []string{"added header set-cookie a; max-age"}},
		{"attribute changed", []string{"a=1; Path=/; SameSite=Lax"}, []string{"a=1; Path=/b; SameSite=lax"}, []string{"changed header set-cookie a; path"}},
		{"last attribute counts", []string{"a=1; Path=/x; Path=/"}, []string{"a=1; Path=/"}, []string{}},
		{"cookie lost", []string{"a=1", "b=2"}, []string{"b=2"}, []string{"removed header set-cookie a"}},
		{"cookie more", nil, []string{"b=2"}, []string{"added header set-cookie b"}},
		{"of one name in order", []string{"a=1; Path=/", "a=2; Path=/b"}, []string{"a=1; Path=/", "a=3; Path=/b"}, []string{"changed header set-cookie a"}},
		{"no name", []string{"x"}, []string{"=y"}, []string{"changed header set-cookie "}},
		{"too many", strings.Split(strings.Repeat("a=1,", 501), ","), []string{"a=1"}, []string{"changed header set-cookie"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := func(list []string) *capture.Response {
				lines := make([]string, len(list))
				for i := range list {
					lines[i] = "Set-Cookie: " + list[i]
				}
				return answer(200, "", lines...)
			}
			assert.Equal(t, tt.want, places(fields(tt.base), fields(tt.other)))
		})
	}
}

func TestAttributesAreShown(t *testing.T) {
	got := told(t, answer(200, "", "Set-Cookie: a=1; Max-Age=5"), answer(200, "", "Set-Cookie: a=1; Max-Age=6"))
	require.Equal(t, []string{`changed header set-cookie a; max-age at set-cookie a; max-age: "5" -> "6"`}, got)
}

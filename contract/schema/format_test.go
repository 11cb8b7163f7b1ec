package schema

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFormatsKeepToTheirRFCs(t *testing.T) {
	for name, c := range map[string]struct{ valid, invalid []string }{
		"date-time": {
			[]string{"2024-02-29T12:00:00Z", "1963-06-19t08:30:06.283185z", "1990-12-31T15:59:60-08:00", "1998-12-31T23:59:60.123Z"},
			[]string{"2023-02-29T12:00:00Z", "1998-12-31T22:59:60Z", "1990-12-31T15:59:59-24:00", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "06/19/1963 08:30:06 PST", "1963-06-1৪T00:00:00Z", "2024-01-01T00:00:00.Z"},
		},
		"date":     {[]string{"2000-02-29"}, []string{"2024-02-31", "1900-02-29", "2024-04-31", "2024-00-01", "24-01-01", "2024-1-01", "2024-01-01T", "20240101"}},
		"time":     {[]string{"08:30:06Z", "23:59:60Z", "15:59:60-08:00", "01:29:60+01:30"}, []string{"08:30:06", "24:00:00Z", "08:60:00Z", "23:59:61Z", "22:59:60Z", "8:30:06Z", "08:30:06+0100", "08:30:06-00:60"}},
		"duration": {[]string{"P4DT12H30M5S", "P1Y", "P4W", "PT0S", "P1M"}, []string{"P", "PT", "P1", "P1YT", "P1Y2W", "P1D2H", "PT1D", "P2D1Y", "4DT1H", "P1Y2D", "PT1H5S", "PT0.5S", "P१Y"}},
		"email":    {[]string{"joe@example.com", "te~st@x.y", `"joe bloggs"@example.com`, `"a@b\""@example.com`, "joe@[127.0.0.1]", "joe@[IPv6:::1]"}, []string{"joe", ".a@x", "a.@x", "a..b@x", "@x", "a@", "a@-x", "a b@x", "joe@[127.0.0.300]", "joe@exa!mple", "é@x", `"a"b"@x`}},
		"idn-email": {
			[]string{"실례@실례.테스트", "a@b"}, []string{"2962", "실례@", "\xff@x"},
		},
		"hostname":      {[]string{"a", "www.example.com", "xn--4gbwdl.xn--wgbh1c", "1host", strings.Repeat("a", 63)}, []string{"", "-a", "a-", "a_b", "a..b", ".", "a.", ".a", strings.Repeat("a", 64), "XN--aa---o47jg78q", "ab--cd", "é"}},
		"idn-hostname":  {[]string{"실례.테스트", "a", "l·l", "א׳ב", "ab・ァ", "例。com"}, []string{"〮실례", "a·l", "א׳̀ab--", "α͵S", "͵S", "・", "ab・", "-hello", "a__b", "ـߺ", "٠۰"}},
		"ipv4":          {[]string{"192.168.0.1"}, []string{"127.0.0", "256.1.1.1", "087.10.0.1", "0x7f.0.0.1", "1.2.3.4.5", "1.2.3.4/24", "１.2.3.4"}},
		"ipv6":          {[]string{"::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8"}, []string{"12345::", "1:2", "::1%eth0", "1::2::3", ":1", "1.2.3.4", "::1/64"}},
		"uri":           {[]string{"http://foo.bar/?baz=qux#quux", "urn:a:b", "http://a@[::1]:8080/x", "mailto:a@b", "http://x/%20", "a:", "tel:+1", "file:///a"}, []string{"//foo.bar", "/abc", "\\\\WIN", "http:// x", "http://x/<", "http://[::1", "http://a:b", "http://x/%2", "http://2001:db8::7", ":// x", "http://x/é", "bar,baz:x", "http://x/#a#b", "http://a[b]"}},
		"uri-reference": {[]string{"/abc", "", "#f", "?q", "a/b:c", "//x"}, []string{"\\\\WIN", "#\\", "a b", "1:b"}},
		"iri":           {[]string{"http://ƒøø.ßår/?∂éœ=πîx#πîüx"}, []string{"/abc", "http://x/ ", "http://x/\ufdd0"}},
		"iri-reference": {[]string{"âππ", "#ƒ"}, []string{"\\â"}},
		"uri-template":  {[]string{"http://x/{a}", "{+path}/here{?x,y*,z:3}", "", "é{a.b}"}, []string{"http://x/{a", "a}", "{}", "{a b}", "{a:0}", "a b", "%2"}},
		"uuid":          {[]string{"2EB8AA08-aa98-11ea-b4aa-73b441d16380"}, []string{"2eb8aa08aa9811eab4aa73b441d16380", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380", "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}"}},
		"json-pointer":  {[]string{"", "/", "/a~1b/~0", "//", "/\n"}, []string{"a", "/~", "/~2", "#/a"}},
		"relative-json-pointer": {
			[]string{"0", "1/a", "120#", "0/~0"}, []string{"", "-1", "01", "/a", "0##", "+1"},
		},
		"byte":      {[]string{"aGk=", ""}, []string{"aGk", "a=k=", "aG\nk=", "-_8="}},
		"base64url": {[]string{"-_8", "-_8="}, []string{"+/8"}},
		"binary":    {[]string{"\xff"}, nil},
		"password":  {[]string{"x"}, nil},
		"char":      {[]string{"é"}, []string{"", "ab"}},
	} {
		for _, text := range c.valid {
			assert.True(t, formats[name].check(text), "%s %q", name, text)
		}
		for _, text := range c.invalid {
			assert.False(t, formats[name].check(text), "%s %q", name, text)
		}
	}
}

func TestFormatsOfNumbersHaveTheirRanges(t *testing.T) {
	for n, fits := range map[json.Number]bool{
		"2147483647": true, "-2147483648": true, "2147483648": false, "1.0": true, "1.5": false, "1e3": true, "1e400": false,
	} {
		assert.Equal(t, fits, integers["int32"].validate(n) == nil, n)
	}
	assert.NoError(t, integers["int64"].validate(json.Number("9223372036854775807")))
	assert.Error(t, integers["int64"].validate(json.Number("9223372036854775808")))
	assert.NoError(t, integers["uint64"].validate(json.Number("18446744073709551615")))
	assert.NoError(t, floats["double"].validate(math.MaxFloat64))
	assert.Error(t, floats["double"].validate(json.Number("1e400")))
	assert.Error(t, floats["float"].validate(json.Number("-1e39")))
	assert.NoError(t, floats["float"].validate("text"))
}

func FuzzFormats(f *testing.F) {
	f.Add("1998-12-31T23:59:60Z")
	f.Add("http://a@[::1]:8080/%20?x#y")
	f.Add("例。com")
	f.Fuzz(func(_ *testing.T, s string) {
		for _, format := range formats {
			format.check(s)
		}
	})
}

package mesh

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	istioapi "istio.io/api/networking/v1alpha3"
	"pgregory.net/rapid"
)

func TestMatches(t *testing.T) {
	req := Request{
		Namespace: "web", Labels: map[string]string{"app": "caller", "v": "1"}, Host: "catalog", Port: 8080,
		Method: "POST", Path: "/Items/1?q=a%20b&q=second&empty=&flag",
		Header: http.Header{"X-One": {"1"}, "X-Two": {"a", "b"}, "X-Empty": {""}, "X-Space": {" 1 2\t"}},
	}.withDefaults()
	cases := []struct {
		match string
		holds bool
	}{
		{`{}`, true},
		{`{uri: {}}`, true},
		{`{uri: {exact: /Items/1}}`, true},
		{`{uri: {exact: "/Items/1?q=a%20b&q=second&empty=&flag"}}`, false},
		{`{uri: {exact: /items/1}}`, false},
		{`{uri: {exact: /items/1}, ignoreUriCase: true}`, true},
		{`{uri: {prefix: /Items}}`, true},
		{`{uri: {prefix: /Item}}`, true},
		{`{uri: {prefix: /items}, ignoreUriCase: true}`, true},
		{`{uri: {prefix: /Items/12}}`, false},
		{`{uri: {regex: "/Items/[0-9]+"}}`, true},
		{`{uri: {regex: "/Items/"}}`, false},
		{`{uri: {regex: "Items/1"}}`, false},
		{`{uri: {regex: "/x|/Items/1"}}`, true},
		{`{uri: {regex: "/items/.*"}, ignoreUriCase: true}`, false},
		{`{method: {exact: POST}}`, true},
		{`{method: {exact: post}}`, false},
		{`{method: {regex: "GET|POST"}}`, true},
		{`{scheme: {exact: http}}`, true},
		{`{scheme: {exact: https}}`, false},
		{`{authority: {prefix: cat}}`, true},
		{`{authority: {exact: catalog:8080}}`, false},
		{`{headers: {x-one: {exact: "1"}}}`, true},
		{`{headers: {x-one: {}}}`, true},
		{`{headers: {x-empty: {}}}`, true},
		{`{headers: {x-one: {regex: "*"}}}`, true},
		{`{headers: {x-gone: {}}}`, false},
		{`{headers: {x-gone: {exact: ""}}}`, false},
		{`{headers: {x-two: {exact: "c"}}}`, false},
		{`{headers: {x-two: {prefix: a}}}`, true},
		{`{headers: {x-two: {regex: ".*b"}}}`, true},
		{`{headers: {x-space: {exact: "1 2"}}}`, true},
		{`{headers: {x-one: {exact: "1"}, x-two: {prefix: c}}}`, false},
		{`{withoutHeaders: {x-gone: {}}}`, true},
		{`{withoutHeaders: {x-one: {}}}`, false},
		{`{withoutHeaders: {x-one: {exact: "2"}}}`, true},
		{`{withoutHeaders: {x-gone: {exact: "2"}}}`, true},
		{`{withoutHeaders: {x-gone: {regex: ".*"}}}`, false},
		{`{withoutHeaders: {x-one: {exact: "2"}, x-two: {prefix: a}}}`, false},
		{`{queryParams: {q: {exact: "a%20b"}}}`, true},
		{`{queryParams: {q: {exact: second}}}`, false},
		{`{queryParams: {empty: {exact: ""}}}`, true},
		{`{queryParams: {flag: {}}}`, true},
		{`{queryParams: {gone: {}}}`, false},
		{`{queryParams: {q: {regex: "a.*"}, gone: {}}}`, false},
		{`{port: 8080}`, true},
		{`{port: 8081}`, false},
		{`{sourceNamespace: web}`, true},
		{`{sourceNamespace: shop}`, false},
		{`{sourceLabels: {app: caller}}`, true},
		{`{sourceLabels: {app: other}}`, false},
		{`{gateways: [mesh], sourceLabels: {app: other}}`, true},
		{`{gateways: [shop/edge]}`, false},
		{`{gateways: [shop/edge, mesh]}`, true},
	}
	for _, c := range cases {
		m := decode[istioapi.HTTPMatchRequest](t, c.match)
		got, err := matchRequest(m, req)
		require.NoError(t, err, c.match)
		assert.Equal(t, c.holds, got, c.match)
	}
}

func TestSeveralFieldsOfANameAreUndecidedWhereProxiesDiffer(t *testing.T) {
	req := Request{Header: http.Header{"X-Two": {"a", "b"}}}.withDefaults()
	for _, match := range []string{
		`{headers: {x-two: {exact: "a,b"}}}`, `{headers: {x-two: {exact: "a"}}}`, `{headers: {x-two: {prefix: b}}}`, `{headers: {x-two: {regex: "b"}}}`,
		`{withoutHeaders: {x-two: {exact: "a,b"}}}`, `{withoutHeaders: {x-two: {prefix: b}}}`,
	} {
		_, err := matchRequest(decode[istioapi.HTTPMatchRequest](t, match), req)
		require.ErrorIs(t, err, ErrUndecided, match)
		assert.ErrorContains(t, err, "x-two", match)
	}
}

func TestATargetWithAFragmentIsAnsweredByNobody(t *testing.T) {
	_, err := snapshot(t, entry(t)).Route(Request{Namespace: "shop", Host: "catalog", Path: "/a#f"})
	require.ErrorIs(t, err, ErrUnrouted)
	assert.ErrorContains(t, err, "fragment")
}

func TestOneMatchOfARouteIsEnough(t *testing.T) {
	r := decode[istioapi.HTTPRoute](t, `match: [{uri: {exact: /a}}, {uri: {exact: /b}}, {uri: {regex: "("}}]`)
	at, err := matchRoute(r, Request{Path: "/b"}.withDefaults())
	require.NoError(t, err)
	assert.Equal(t, 1, at)
	_, err = matchRoute(r, Request{Path: "/c"}.withDefaults())
	require.ErrorIs(t, err, ErrUndecided)
	r.Match[2].Port = 1
	at, err = matchRoute(r, Request{Path: "/c"}.withDefaults())
	require.NoError(t, err, "it is never part of the proxy's configuration")
	assert.Equal(t, -1, at)
}

func TestPathsAreNormalised(t *testing.T) {
	for target, want := range map[string]string{
		"/a/b":          "/a/b",
		"/a/./b":        "/a/b",
		"/a/../b":       "/b",
		"/../../b":      "/b",
		"/a/..":         "/",
		"/a/b/..":       "/a/",
		"/a/.":          "/a/",
		"/a//b":         "/a//b",
		"/a/":           "/a/",
		`/a\b`:          "/a/b",
		"/%41%2fb":      "/A%2fb",
		"/%2e%2E/b":     "/b",
		"/%":            "/%",
		"/%4":           "/%4",
		"/%zz":          "/%zz",
		"/a?x=/../b":    "/a",
		"/a#f?x":        "/a",
		"*":             "*",
		"":              "/",
		"/...":          "/...",
		"/a/.b/..c/...": "/a/.b/..c/...",
	} {
		got, _ := splitTarget(target)
		assert.Equal(t, want, got, target)
	}
}

func TestNormalisingAPathTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.StringMatching(`(/([a%.\\/]|\.\.|%2[eEfF]|%41)*)?`).Draw(t, "target")
		once, _ := splitTarget(target)
		if strings.Contains(once, "%") {
			return // "%%341" decodes to "%41"
		}
		twice, _ := splitTarget(once)
		assert.Equal(t, once, twice)
		assert.True(t, strings.HasPrefix(once, "/"))
		assert.NotContains(t, once+"/", "/../")
	})
}

func TestBaggagePatternHoldsForThisLaneAlone(t *testing.T) {
	member := rapid.StringMatching(`[a-z.]{1,6}=[a-z0-9.]{0,5}(;p=1)?`)
	rapid.Check(t, func(t *rapid.T) {
		lane := rapid.StringMatching(`[a-z0-9.+*]{1,6}`).Draw(t, "lane")
		other := rapid.StringMatching(`[a-z0-9.+*]{1,6}`).Filter(func(s string) bool { return s != lane }).Draw(t, "other")
		around := rapid.SliceOfN(member.Filter(func(s string) bool { return !strings.HasPrefix(s, "lane=") }), 0, 3).Draw(t, "around")
		sep := rapid.SampledFrom([]string{",", ", "}).Draw(t, "sep")
		at := rapid.IntRange(0, len(around)).Draw(t, "at")
		with := func(l string) string {
			all := append(append(append([]string{}, around[:at]...), "lane="+l), around[at:]...)
			return strings.Join(all, sep)
		}
		ok, err := wholeMatch(BaggagePattern(lane), with(lane))
		require.NoError(t, err)
		assert.True(t, ok, with(lane))
		ok, err = wholeMatch(BaggagePattern(lane), with(other))
		require.NoError(t, err)
		assert.False(t, ok, with(other))
	})
}

func TestInLaneLeavesOneLaneInTheBaggage(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "lane=base",
		"lane=branch":                      "lane=base",
		"a=1,lane=branch;p=2, b=2":         "lane=base,a=1,b=2",
		" lane = branch ,a=1,,airlane=x":   "lane=base,a=1,airlane=x",
		"lane=branch,lane=branch,c=lane=x": "lane=base,c=lane=x",
	} {
		assert.Equal(t, want, withLane(in, LaneBase), in)
	}
	r := Request{Header: http.Header{"Baggage": {"a=1", "lane=branch"}}}
	got := r.InLane(Routes{LaneHeader: "X-My"}, LaneBase)
	assert.Equal(t, http.Header{"Baggage": {"lane=base,a=1"}, "X-My": {"base"}}, got.Header)
	assert.Equal(t, []string{"a=1", "lane=branch"}, r.Header["Baggage"], "the request itself is not changed")
}

// FuzzMatch: no condition and no target may panic, and an expression decides as
// a whole match does.
func FuzzMatch(f *testing.F) {
	f.Add("/a/[0-9]+", "/a/1?x=1", "x", "1", true)
	f.Add("(", "/%2e%2e/%", "", "", false)
	f.Add("*", "*", "lane", "branch", false)
	f.Add(`\A\z|)`, "//..//.", "q", "", true)
	f.Fuzz(func(t *testing.T, expr, target, name, value string, fold bool) {
		regex := &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Regex{Regex: expr}}
		prefix := &istioapi.StringMatch{MatchType: &istioapi.StringMatch_Prefix{Prefix: expr}}
		req := Request{Path: target, Header: http.Header{name: {value}}}.withDefaults()
		path, _ := splitTarget(target)
		got, err := matchRequest(&istioapi.HTTPMatchRequest{Uri: regex, IgnoreUriCase: fold}, req)
		re, bad := regexp.Compile(expr)
		if bad != nil {
			assert.ErrorIs(t, err, ErrUndecided)
		} else if err == nil && got {
			assert.True(t, re.MatchString(path))
		}
		for _, m := range []*istioapi.HTTPMatchRequest{
			{Uri: prefix, IgnoreUriCase: fold},
			{Headers: map[string]*istioapi.StringMatch{name: regex}},
			{WithoutHeaders: map[string]*istioapi.StringMatch{name: prefix}},
			{QueryParams: map[string]*istioapi.StringMatch{name: prefix}},
		} {
			_, _ = matchRequest(m, req)
		}
	})
}

package operation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNamesByTheLooksOfSegments(t *testing.T) {
	l := NewLearner()
	for target, want := range map[string]string{
		"/":                    "/",
		"":                     "/",
		"//":                   "/",
		"/products":            "/products",
		"/products/":           "/products",
		"/products?page=2":     "/products",
		"/products#top":        "/products",
		"/products/17":         "/products/{id}",
		"/products/-17":        "/products/{id}",
		"/products/17,18,19":   "/products/{id}",
		"/products/17/reviews": "/products/{id}/reviews",
		"/products/17.json":    "/products/{id}.json",
		"/v1/products":         "/v1/products",
		"/api/2.1/products":    "/api/2.1/products",
		"/utf-8/sha-256":       "/utf-8/sha-256",
		"/orders/order-10023":  "/orders/{id}",
		"/o/7f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f":   "/o/{id}",
		"/o/7f1c2e6a0f5b4a539d0e1a2b3c4d5e6f.png":   "/o/{id}.png",
		"/o/%37f1c2e6a-0f5b-4a53-9d0e-1a2b3c4d5e6f": "/o/{id}",
		"/o/01ARZ3NDEKTSV4RRFFQ69G5FAV":             "/o/{id}",
		"/o/deadbeef":                               "/o/deadbeef",
		"/o/deadbee5":                               "/o/{id}",
		"/o/" + strings.Repeat("a", 200):            "/o/{id}",
		"/o/cus_N3xT8rQ2b7Lk91ZpWm4a":               "/o/{id}",
		"/days/2026-11-21":                          "/days/{id}",
		"/days/2026-11-21T10:00:04Z":                "/days/{id}",
		"/users/jane%40example.com/cart":            "/users/{id}/cart",
		"/users/jane@example.com":                   "/users/{id}",
		"/users/me":                                 "/users/me",
		"/cart;jsessionid=0A1B2C/items":             "/cart/items",
		"http://shop.example:8080/products/17?x":    "/products/{id}",
		"http://shop.example":                       "/",
		"/a%7Eb/%c3%a9/%zz":                         "/a~b/%C3%A9/%25zz",
		"/{id}":                                     "/%7Bid%7D",
		"/a%2Fb":                                    "/a%2Fb",
		"/oauth2/oauth2Callback":                    "/oauth2/oauth2Callback",
		strings.Repeat("/a", 40):                    strings.Repeat("/a", 32) + "/{...}",
		"/.well-known/openid-configuration":         "/.well-known/openid-configuration",
		"/static/main.8e0d62a03f1b2c4d.js":          "/static/{id}.js",
	} {
		assert.Equal(t, "GET "+want, l.Name("GET", target), target)
	}
	assert.Equal(t, "OPTIONS *", l.Name("OPTIONS", "*"))
	assert.Equal(t, "CONNECT {authority}", l.Name("CONNECT", "example.com:443"))
	assert.EqualValues(t, 1, l.Overflow())
}

func observe(l *Learner, n int, method, format string) {
	for i := range n {
		l.Observe(method, fmt.Sprintf(format, word(i)))
	}
}

// word returns a word of letters, another one for each number.
func word(n int) string {
	b := []byte("w")
	for ; n > 0; n /= 26 {
		b = append(b, byte('a'+n%26))
	}
	return string(b)
}

func TestManyValuesInOnePlaceAreAVariable(t *testing.T) {
	l := NewLearner()
	observe(l, 50, "GET", "/shop/products/%s")
	observe(l, 30, "GET", "/shop/products/%s/reviews")
	l.Observe("GET", "/shop/cart")
	assert.Equal(t, "GET /shop/products/{name}", l.Name("GET", "/shop/products/"+word(3)))
	assert.Equal(t, "GET /shop/products/{name}", l.Name("GET", "/shop/products/new"))
	assert.Equal(t, "GET /shop/products/{name}/reviews", l.Name("GET", "/shop/products/"+word(3)+"/reviews"))
	assert.Equal(t, "GET /shop/products/{id}", l.Name("GET", "/shop/products/17"))
	assert.Equal(t, "GET /shop/cart", l.Name("GET", "/shop/cart"))
}

func TestVariablesBelowVariablesAreFound(t *testing.T) {
	l := NewLearner()
	for i := range 60 {
		for j := range 3 {
			l.Observe("GET", "/"+"teams/"+word(i)+"/members/"+word(3*i+j))
		}
	}
	assert.Equal(t, "GET /teams/{name}/members/{name}", l.Name("GET", "/teams/x/members/y"))
}

func TestFewValuesStayThemselves(t *testing.T) {
	l := NewLearner()
	observe(l, many, "GET", "/colors/%s")
	assert.Equal(t, "GET /colors/"+word(3), l.Name("GET", "/colors/"+word(3)))
}

func TestAFixedSetOfNamesSeenOftenStaysItself(t *testing.T) {
	l := NewLearner()
	for range 10 {
		observe(l, 60, "GET", "/reports/%s")
	}
	assert.Equal(t, "GET /reports/"+word(3), l.Name("GET", "/reports/"+word(3)))
}

func TestResourcesWithDifferentChildrenStayThemselves(t *testing.T) {
	l := NewLearner()
	for i := range 40 {
		for j := range 4 {
			l.Observe("GET", fmt.Sprintf("/api/%s/%s", word(i), word(1000+4*i+j)))
		}
	}
	name := "/api/" + word(3) + "/" + word(1012)
	assert.Equal(t, "GET "+name, l.Name("GET", name))
}

func TestActionsThatAreOnlyPostedToStayThemselves(t *testing.T) {
	l := NewLearner()
	observe(l, 300, "POST", "/shop.v1.Catalog/%s")
	assert.Equal(t, "POST /shop.v1.Catalog/"+word(3), l.Name("POST", "/shop.v1.Catalog/"+word(3)))
}

func TestWhatScannersTryDoesNotSwallowTheNamesAtTheRoot(t *testing.T) {
	l := NewLearner()
	for range 100 {
		l.Observe("GET", "/health")
	}
	observe(l, 500, "GET", "/%s.php")
	assert.Equal(t, "GET /health", l.Name("GET", "/health"))
	assert.Equal(t, "GET /{name}", l.Name("GET", "/"+word(3)+".php"))
}

func TestNamesDoNotDependOnTheOrderOfRequests(t *testing.T) {
	var targets []string
	for i := range 200 {
		targets = append(targets, "/a/"+word(i%70), "/b/"+word(i)+"/c", "/d", fmt.Sprintf("/e/%d", i))
	}
	names := func(seed uint64) (list []string) {
		order := append([]string(nil), targets...)
		rng := rand.New(rand.NewPCG(seed, 1))
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		l := NewLearner()
		for _, target := range order {
			l.Observe("GET", target)
		}
		for _, target := range targets {
			list = append(list, l.Name("GET", target))
		}
		return list
	}
	want := names(1)
	for seed := range uint64(5) {
		assert.Equal(t, want, names(seed+2))
	}
}

func TestEndlessPathsAreBoundedAndCounted(t *testing.T) {
	l := NewLearner()
	distinct := map[string]bool{}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func() string {
		var b strings.Builder
		for range 4 {
			b.WriteString("/" + word(rng.IntN(1<<30)))
		}
		return b.String()
	}
	for range 50000 {
		l.Observe("POST", random())
	}
	require.LessOrEqual(t, l.nodes, maxNodes)
	for range 50000 {
		distinct[l.Name("POST", random())] = true
	}
	assert.LessOrEqual(t, l.nodes, maxNodes)
	assert.LessOrEqual(t, len(distinct), 2*maxNodes)
	for i := range 100 {
		l.Name(fmt.Sprintf("M%d", i), "/")
	}
	assert.Equal(t, "{method} /", l.Name("M99", "/"))
	assert.Positive(t, l.Overflow())
}

func TestBeyondTheLimitPathsAreSummedUpUnderTheirPrefix(t *testing.T) {
	l := NewLearner()
	l.Observe("GET", "/known/path")
	l.nodes = maxNodes
	assert.Equal(t, "GET /known/path", l.Name("GET", "/known/path"))
	assert.Equal(t, "GET /known/{...}", l.Name("GET", "/known/other/x"))
	assert.Equal(t, "GET /{...}", l.Name("GET", "/unknown"))
	assert.EqualValues(t, 2, l.Overflow())
	l.Observe("GET", "/unknown")
	assert.Equal(t, "GET /{...}", l.Name("GET", "/unknown"))
}

func TestTheNodesAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLearner()
		for range rapid.IntRange(0, 300).Draw(t, "requests") {
			target := ""
			for range rapid.IntRange(0, 3).Draw(t, "depth") {
				target += "/" + word(rapid.IntRange(0, 60).Draw(t, "word"))
			}
			l.Observe(rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method"), target)
			if rapid.IntRange(0, 50).Draw(t, "name") == 0 {
				l.Name("GET", target)
			}
		}
		l.Name("GET", "/")
		assert.Equal(t, size(l.root)-1, l.nodes)
	})
}

func size(n *node) int {
	total := 1
	for _, child := range n.children {
		total += size(child)
	}
	if n.variable != nil {
		total += size(n.variable)
	}
	return total
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"/a/17", "*", "http://h/%41;x", "/%", "/-", "/@.", "/2026-11-21", "/.a", "/=", "/,"} {
		f.Add("GET", seed)
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		l := NewLearner()
		first := l.Name(method, target)
		l.Observe(method, target)
		require.Equal(t, first, l.Name(method, target))
		name := strings.TrimPrefix(first, method+" ")
		if name == first || name == "*" || name == "{authority}" {
			return
		}
		require.True(t, strings.HasPrefix(name, "/"), "%q", first)
		if !strings.Contains(name, "{") {
			require.Equal(t, first, l.Name(method, name), "a name names itself")
		}
		require.False(t, strings.ContainsAny(name, "\x00 \n?#"), "%q", name)
	})
}

func BenchmarkName(b *testing.B) {
	l := NewLearner()
	observe(l, 50, "GET", "/shop/products/%s")
	for b.Loop() {
		l.Name("GET", "/shop/products/17/reviews?page=2")
	}
}

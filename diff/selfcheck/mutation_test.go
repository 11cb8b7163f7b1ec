package selfcheck

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/class"
	"twinspect.dev/diff/jsondiff"
)

func mutationsOf(r *capture.Response, rank uint64) ([]mutation, uint64) {
	t := newTester(nil, nil)
	return t.mutations("GET /", r, rank, true)
}

// ways returns "mutation at place" of all mutations of an answer, in order.
func ways(r *capture.Response) []string {
	list, _ := mutationsOf(r, 7)
	var names []string
	for _, m := range list {
		names = append(names, string(m.name)+" at "+m.place.String())
	}
	slices.Sort(names)
	return names
}

// atPlace returns the mutations at one place.
func atPlace(r *capture.Response, place string) (names []string) {
	for _, w := range ways(r) {
		if name, at, _ := strings.Cut(w, " at "); at == place {
			names = append(names, name)
		}
	}
	return names
}

func TestEachKindOfValueHasItsMutations(t *testing.T) {
	r := answer(200, "application/json", ` {"s":"two words", "n":-1.5,"t":true,"z":null,"e":"","o":{"x":1},"oo":{ },"a":[1,2],"aa":[],"big":1e400,"0":0}`)
	for place, want := range map[string][]string{
		"$":      {"add", "empty", "null", "type"},
		"$.s":    {"character", "class", "drop", "empty", "null", "rename", "type"},
		"$.n":    {"drop", "minus one", "null", "plus one", "rename", "sign", "tenfold", "type"},
		"$.t":    {"drop", "flip", "null", "rename", "type"},
		"$.z":    {"drop", "rename", "type"},
		"$.e":    {"drop", "null", "rename", "type"},
		"$.o":    {"add", "drop", "empty", "null", "rename", "type"},
		"$.oo":   {"add", "drop", "null", "rename", "type"},
		"$.a":    {"drop", "empty", "null", "rename", "swap", "type"},
		"$.aa":   {"drop", "null", "rename", "type"},
		"$.a[*]": {"drop", "minus one", "null", "plus one", "repeat", "sign", "tenfold", "type"},
		"$.big":  {"drop", "null", "rename", "sign", "type"},
		"$['0']": {"drop", "minus one", "null", "plus one", "rename", "type"},
		"body":   {"empty", "truncate"},
		"status": {"204", "404", "500"},
	} {
		assert.Equal(t, want, atPlace(r, place), place)
	}
}

func TestFieldsAndCookiesHaveTheirMutations(t *testing.T) {
	r := answer(404, "text/html", "", "Cache-Control", "max-age=60", "Content-Length", "0", "Connection", "X-Hop", "X-Hop", "1",
		"Set-Cookie", "sid=ab12; Path=/; HttpOnly; Max-Age=60", "Set-Cookie", "sid=other", "Location", "/")
	assert.Equal(t, []string{
		"204 at status", "500 at status",
		"character at header cache-control", "character at header content-type",
		"character at header set-cookie sid", "character at header set-cookie sid; max-age",
		"drop at header cache-control", "drop at header content-type", "drop at header location",
		"drop at header set-cookie sid", "drop at header set-cookie sid; httponly", "drop at header set-cookie sid; max-age", "drop at header set-cookie sid; path",
	}, ways(r))
	for _, m := range mutated(r) {
		assert.Len(t, r.Header, 8, "the answer itself stays")
		if m.place == "header set-cookie sid; httponly" {
			assert.Equal(t, []string{"sid=ab12; Path=/; Max-Age=60", "sid=other"}, m.answer.Header.Values("Set-Cookie"))
		}
	}
}

func TestTextAndBytesAreChangedWhereTheyHaveText(t *testing.T) {
	assert.Equal(t, []string{"character", "drop", "repeat", "swap"}, atPlace(answer(200, "text/plain", "a,b\n1,2\n"), "text"))
	for _, m := range mutated(answer(200, "application/grpc", "\x00\x00\x00\x00\x06\x0a\x04name")) {
		if m.place == "bytes" {
			assert.Equal(t, "\x00\x00\x00\x00\x06\x0a\x04", string(m.answer.Body[:7]))
		}
	}
	assert.Equal(t, []string{"character"}, atPlace(answer(200, "image/png", "\x01\x02"), "bytes"))
	bodiless := answer(304, "text/csv", "", "Content-Length", "12")
	assert.Equal(t, []string{"character", "drop"}, atPlace(bodiless, "header content-length"))
	assert.Empty(t, atPlace(bodiless, "body"))
}

type changed struct {
	name   Mutation
	place  string
	answer capture.Response
}

func mutated(r *capture.Response) (list []changed) {
	all, _ := mutationsOf(r, 7)
	for i := range all {
		m := changed{all[i].name, all[i].place.String(), *r}
		all[i].apply(&m.answer, nil)
		list = append(list, m)
	}
	return list
}

func TestACharacterIsChangedWithinItsClass(t *testing.T) {
	for _, text := range []string{
		`"2026-11-21T10:59:59Z"`, `"7f1c2e6a-0f5b-4a53-9d0e-ffffffffffff"`, `"2026-12-31"`, `"a@b.cz"`, `"10.0.0.255"`, `"v1.9.0"`, `"caf\u00e9\n9"`, `"x"`,
	} {
		for seed := range uint64(50) {
			m := &maker{rng: rand.New(rand.NewPCG(seed, 1))}
			got := m.character([]byte(text), unescaped([]byte(text)))
			require.NotEqual(t, text, string(got))
			assert.True(t, json.Valid(got), "%s", got)
			assert.Equal(t, class.Of([]byte(text)), class.Of(got), "%s", got)
		}
	}
	m := &maker{rng: rand.New(rand.NewPCG(1, 1))}
	assert.Nil(t, m.character([]byte(`"…"`), nil))
	for _, text := range []string{`"2026-11-21T10:59:59Z"`, `"x"`, `"two words"`, `"12"`} {
		assert.NotEqual(t, class.Of([]byte(text)), class.Of(reclassed([]byte(text))))
	}
}

func TestTooManyMutationsLeaveEachPlaceOne(t *testing.T) {
	doc := make(map[string]map[string]string)
	for i := range 300 {
		outer, inner := "o"+string(rune('a'+i%10)), strings.Repeat("k", 1+i/10)
		if doc[outer] == nil {
			doc[outer] = make(map[string]string)
		}
		doc[outer][inner] = "two words"
	}
	body, err := json.Marshal(doc)
	require.NoError(t, err)
	r := answer(200, "application/json", string(body))
	list, skipped := mutationsOf(r, 7)
	assert.Len(t, list, maxPerAnswer)
	assert.Greater(t, skipped, uint64(1700))
	places := map[diff.Place]bool{}
	for _, m := range list {
		places[m.place] = true
	}
	assert.Len(t, places, 314, "300 members in 10, $, status, body and the content type")
	again, _ := mutationsOf(r, 8)
	for i := range list {
		assert.Equal(t, list[i].place, again[i].place)
		assert.Equal(t, list[i].name, again[i].name)
	}
}

func TestEveryOccurrenceOfAPlaceMayBeTheOneThatIsChanged(t *testing.T) {
	seen := map[int]int{}
	for seed := range uint64(300) {
		c := newCursor(rand.New(rand.NewPCG(seed, 0)), newFolds())
		c.text([]byte(`[{"a":1},{"a":2},{"a":3}]`), span{0, 25}, "$")
		require.Len(t, c.order, 3)
		require.Zero(t, c.beyond)
		seen[c.order[2].value.start]++
	}
	require.Len(t, seen, 3)
	for _, n := range seen {
		assert.InDelta(t, 100, n, 35)
	}
}

// FuzzMutations holds what every mutation of JSON keeps to: it is JSON, and
// another document.
func FuzzMutations(f *testing.F) {
	f.Add([]byte(product(1)), uint64(1))
	f.Add([]byte("\ufeff[[],{},[[1,1.0]],\"\\\\u\\u0041\",-0,1e5,{\"a\":1,\"a\":2,\"\\ud800\":\"\xff\"}]"), uint64(2))
	f.Add([]byte(" [ 1 , {\"a\" : null } ] "), uint64(3))
	f.Add([]byte("not JSON\n<a>at all\n"), uint64(4))
	f.Add([]byte("\x00\x01\x02text"), uint64(5))
	f.Fuzz(func(t *testing.T, body []byte, rank uint64) {
		r := answer(200, "application/xml", string(body), "Set-Cookie", string(body[:min(len(body), 200)]))
		differ := new(jsondiff.Differ)
		list, _ := mutationsOf(r, rank)
		doc := strings.TrimPrefix(string(body), "\ufeff")
		isJSON := differ.Check([]byte(doc), jsondiff.Options{}) == nil
		for i := range list {
			m := &list[i]
			changed := *r
			m.apply(&changed, nil)
			if m.rest != nil {
				continue
			}
			if string(changed.Body) == string(body) {
				t.Fatalf("%s at %s changes nothing", m.name, m.place)
			}
			if isJSON && m.place.Path != "" {
				another(t, differ, m, doc, strings.TrimPrefix(string(changed.Body), "\ufeff"))
			}
		}
	})
}

func another(t *testing.T, differ *jsondiff.Differ, m *mutation, doc, changed string) {
	differs := false
	err := differ.Compare([]byte(doc), []byte(changed), jsondiff.Options{}, func(jsondiff.Change) { differs = true })
	if err != nil {
		t.Fatalf("%s at %s of %q gives %q: %v", m.name, m.place, doc, changed, err)
	}
	// Two equal elements may be written in two ways, and so may a zero.
	if !differs && m.name != Swap && m.name != Negate {
		t.Fatalf("%s at %s of %q gives the same: %q", m.name, m.place, doc, changed)
	}
}

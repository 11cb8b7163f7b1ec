package usage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/join"
)

func TestRenamingUnusedFieldsChangesNothingElse(t *testing.T) {
	names := map[string]string{"currency": "moneda", "score": "puntos", "vendor": "tienda", "fee": "tasa", "rank": "puesto"}
	renamed := func(p contract.Place) contract.Place {
		for from, to := range names {
			p = contract.Place(strings.ReplaceAll(string(p), "/"+from, "/"+to))
		}
		return p
	}
	list := chains(3, 150)
	before := everything(follow(list))
	for _, c := range list {
		for i := range c.Calls {
			body := &c.Calls[i].Exchange.Response.Body
			for from, to := range names {
				*body = bytes.ReplaceAll(*body, []byte(`"`+from+`":`), []byte(`"`+to+`":`))
			}
		}
	}
	after := everything(follow(list))
	for key, uses := range before {
		for at, u := range uses {
			v, ok := after[key][renamed(at)]
			require.True(t, ok, at)
			require.Equal(t, u.State, v.State, "%v %s", key, at)
			require.Equal(t, u.Calls, v.Calls, "%v %s", key, at)
		}
		require.Len(t, after[key], len(uses))
	}
}

// Nothing that the service got is in what it sends, and what it does is always the
// same: whatever it got, none of it is used.
func TestWhatIsNeverSentOnIsNeverUsed(t *testing.T) {
	for seed := range uint64(20) {
		f := New()
		for i := range uint64(120) {
			s := newScript(seed, i)
			root := s.call(-1, "web", "deaf", "GET /deaf", "/deaf", obj{"n": s.rng.IntN(5)})
			for range 1 + s.rng.IntN(3) {
				c := s.call(root, "deaf", "loud", "GET /news/{id}", "/news/"+s.id(), nil)
				s.answer(c, 200, obj{
					"id": s.id(), "a": s.rng.IntN(5), "b": s.rng.IntN(2) == 0, "c": s.pick("x", "y", "EUR"), "t": s.clock(),
					"list": []any{s.rng.IntN(9), s.rng.IntN(9)}, "price": money(s.rng.IntN(900)),
				})
			}
			post := s.call(root, "deaf", "log", "POST /log", "/log", obj{"level": s.rng.IntN(5), "at": s.clock()})
			s.answer(post, 204, nil)
			s.answer(root, 200, obj{"n": s.rng.IntN(9), "flag": s.rng.IntN(2) == 0, "unit": s.pick("y", "EUR"), "sum": money(s.rng.IntN(900)), "at": s.clock()})
			f.See(s.chain)
		}
		for at, u := range f.Uses("deaf", "loud", "GET /news/{id}", 200) {
			assert.Equal(t, contract.Seen, u.State, "seed %d %s %+v", seed, at, u)
		}
	}
}

func one(status int, body any, out any) *join.Chain {
	s := newScript(9, 9)
	root := s.call(-1, "web", "s", "GET /x/{id}", "/x/1", nil)
	c := s.call(root, "s", "p", "GET /y/{id}", "/y/2", nil)
	s.answer(c, status, body)
	s.answer(root, 200, out)
	return s.chain
}

func TestAConstantProvesNothing(t *testing.T) {
	f := New()
	for i := range 30 {
		c := one(200, obj{"currency": "EUR", "locale": "de"}, obj{"lines": []any{obj{"currency": "EUR"}}, "lang": "de"})
		c.Tree.Trace[0] = byte(i)
		f.See(c)
	}
	uses := f.Uses("s", "p", "GET /y/{id}", 200)
	assert.Equal(t, contract.Seen, uses["body /currency"].State)
	assert.Equal(t, contract.Seen, uses["body /locale"].State)
	require.NotEmpty(t, uses["body /locale"].Evidence)
	assert.Equal(t, contract.Evidence{How: contract.Exact, Into: "answer GET /x/{id} body /lang", Matched: 30, Chance: 30, Samples: 30}, uses["body /locale"].Evidence[0])
}

func TestASubtreeThatIsPassedOnUsesAllThatIsInIt(t *testing.T) {
	f := New()
	for i := range uint64(40) {
		s := newScript(4, i)
		root := s.call(-1, "web", "s", "GET /x", "/x", nil)
		c := s.call(root, "s", "p", "GET /y", "/y", nil)
		place := obj{"lat": s.rng.IntN(1e6), "kind": "point", "exact": true}
		s.answer(c, 200, obj{"where": place, "kind": "point"})
		s.answer(root, 200, obj{"spot": place})
		f.See(s.chain)
	}
	uses := f.Uses("s", "p", "GET /y", 200)
	for _, at := range []contract.Place{"body", "body /where", "body /where/lat", "body /where/kind", "body /where/exact"} {
		assert.Equal(t, contract.Used, uses[at].State, at)
		assert.Equal(t, uint64(40), uses[at].Calls, at)
	}
	assert.Greater(t, uses["body /where/exact"].Confidence, 0.9)
}

func TestHostileChainsTakeBoundedWork(t *testing.T) {
	deep := func(n int) json.RawMessage {
		return json.RawMessage(strings.Repeat(`{"a":[`, n) + "1" + strings.Repeat("]}", n))
	}
	same := make([]any, 20000)
	wide := make(obj)
	for i := range same {
		same[i] = obj{"v": "same", "n": 1}
		wide[fmt.Sprintf("k%d", i)] = "same"
	}
	f := New()
	start := time.Now()
	for _, body := range []any{deep(5000), same, wide, json.RawMessage(`{"a":`), json.RawMessage(`[1] [2]`), strings.Repeat("word ", 1<<19), json.RawMessage("1e99999999")} {
		c := one(200, json.RawMessage("{}"), obj{})
		raw, ok := body.(json.RawMessage)
		if !ok {
			raw = encoded(body)
		}
		for i := range c.Calls {
			c.Calls[i].Exchange.Response.Body = raw
		}
		f.See(c)
		f.Uses("s", "p", "GET /y/{id}", 200)
	}
	many := newScript(1, 1)
	root := many.call(-1, "web", "s", "GET /x", "/x", nil)
	for i := range 20000 {
		many.answer(many.call(root, "s", "p", fmt.Sprintf("GET /z%d", i%9000), "/z", nil), 200+i%7, obj{"v": "same", "i": i})
	}
	many.answer(root, 200, same)
	f.See(many.chain)
	t.Logf("%v, %+v", time.Since(start), f.Account())
	assert.Less(t, time.Since(start), time.Minute)
	require.NoError(t, f.Account().Balance())
	assert.NotZero(t, f.reader.values.Dropped[TooMany])
	assert.NotZero(t, f.reader.values.Dropped[TooDeep])
	assert.NotZero(t, f.reader.bodies.Dropped[TooLong])
	assert.Equal(t, uint64(4), f.reader.bodies.Dropped[Damaged])
}

func TestOddChainsAreTakenAsTheyAre(t *testing.T) {
	f := New()
	f.See(&join.Chain{})
	f.See(&join.Chain{Calls: []join.Call{{Parent: 7}, {Consumer: "a", Parent: -1}, {Consumer: "a", Parent: 0, Exchange: &capture.Exchange{}}}})
	require.NoError(t, f.Account().Balance())
	assert.Nil(t, f.Uses("a", "b", "c", 200))
}

func FuzzSee(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[{"c":"12.50"}]}`), []byte(`{"x":"1","y":"total 12.50 EUR"}`), "/a/7?b=1", "application/json")
	f.Add([]byte(`a=1&b=2`), []byte(`[]`), "/", "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, given, sent []byte, target, media string) {
		run := func() map[originKey]map[contract.Place]contract.Usage {
			w := New()
			for i := range 3 {
				c := one(200, obj{}, obj{})
				c.Tree.Trace[0] = byte(i)
				c.Calls[1].Exchange.Request.Target = target
				c.Calls[1].Exchange.Response.Body = given
				c.Calls[0].Exchange.Response.Body = sent
				c.Calls[0].Exchange.Response.Header = capture.Header{{Name: "Content-Type", Value: media}, {Name: "Location", Value: target}}
				w.See(c)
			}
			require.NoError(t, w.Account().Balance())
			return everything(w)
		}
		require.Empty(t, cmp.Diff(run(), run(), cmp.AllowUnexported(originKey{})))
	})
}

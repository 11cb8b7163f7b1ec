package correlate

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACookieThatCrossesSessionsIsOneRuleForAllOperations(t *testing.T) {
	var k talk
	for i := range 4 {
		k.add("in", "POST /login", message{}, 200, message{header: []string{fmt.Sprintf("Set-Cookie: sid=a1b2c3d4e%d; Path=/", i)},
			body: fmt.Sprintf(`{"token":"a1b2c3d4e%d"}`, i)})
		for _, operation := range []string{"GET /me", "GET /cart", "GET /orders"} {
			k.add("in", operation, message{header: []string{fmt.Sprintf("Cookie: sid=a1b2c3d4e%d", i)}}, 200, message{})
		}
	}
	assert.Empty(t, ruleTexts(k.learn()), "the session's jar holds it")
	k.add("other", "GET /cart", message{header: []string{"Cookie: sid=a1b2c3d4e2"}}, 200, message{header: []string{"Set-Cookie: sid=f6a7b8c9d0"}})
	k.add("third", "GET /cart", message{header: []string{"Cookie: sid=f6a7b8c9d0"}}, 200, message{})
	assert.Equal(t, []string{"* cookie sid -> * cookie sid"}, ruleTexts(k.learn()))
}

func TestATokenOfMostOperationsIsOneRule(t *testing.T) {
	var k talk
	for i := range 3 {
		token := fmt.Sprintf("tok-a1b2c3d4e%d", i)
		k.add("a", "POST /login", message{}, 200, message{body: `{"token":"` + token + `"}`})
		for _, operation := range []string{"GET /me", "GET /cart", "POST /orders"} {
			k.add("b", operation, message{header: []string{"Authorization: Bearer " + token}}, 200, message{})
		}
	}
	k.add("c", "GET /status", message{header: []string{"Authorization: Bearer somebody-else-5"}}, 401, message{})
	rules := k.learn()
	require.Equal(t, []string{"POST /login body $.token -> * header authorization"}, ruleTexts(rules))
	assert.EqualValues(t, 9, rules.List[0].Learned.Linked)
}

func TestAFieldOfOneOperationIsARuleOfItsOwn(t *testing.T) {
	var k talk
	for i := range 3 {
		k.add("a", "GET /form", message{}, 200, message{header: []string{fmt.Sprintf("X-Nonce: a1b2c3d4e%d", i)}})
		k.add("b", "POST /form", message{header: []string{fmt.Sprintf("X-Nonce: a1b2c3d4e%d", i)}}, 200, message{})
		for n := range 3 {
			k.add("c", fmt.Sprintf("GET /page%c", 'a'+n), message{header: []string{fmt.Sprintf("X-Nonce: own-%d", i)}}, 200, message{})
		}
	}
	assert.Equal(t, []string{"GET /form header x-nonce -> POST /form header x-nonce"}, ruleTexts(k.learn()))
}

func TestAGiverThatExplainsNoMoreIsLeftOut(t *testing.T) {
	var k talk
	order := func(i int) string { return fmt.Sprintf("a1b2c3d4e%02d", i) }
	k.add("w", "GET /orders", message{}, 200, message{body: fmt.Sprintf(`[{"id":%q},{"id":%q}]`, order(90), order(91))})
	for i := range 8 {
		k.add("w", "POST /orders", message{}, 201, message{body: fmt.Sprintf(`{"id":%q}`, order(i)), header: []string{"Location: /orders/" + order(i)}})
		k.add("w", "GET /orders", message{}, 200, message{body: fmt.Sprintf(`[{"id":%q},{"id":%q}]`, order(90), order(i))})
		k.add("r", "GET /orders/"+order(i), message{}, 200, message{})
	}
	assert.Equal(t, []string{"POST /orders body $.id -> GET /orders/{id} path 2"}, ruleTexts(k.learn()), "the creation is the most direct")
	k.add("r", "GET /orders/"+order(91), message{}, 200, message{})
	assert.ElementsMatch(t, []string{
		"POST /orders body $.id -> GET /orders/{id} path 2",
		"GET /orders body $[*].id -> GET /orders/{id} path 2",
	}, ruleTexts(k.learn()), "one that was there before is only listed")
}

func TestAnAnswerThatRepeatsItsRequestGivesNothing(t *testing.T) {
	var k talk
	for i := range 40 {
		id := 1000 + i%10
		k.add("a", fmt.Sprintf("GET /stock/%d", id), message{}, 200, message{body: fmt.Sprintf(`{"productId":%d,"onHand":3}`, id)})
		k.add("a", fmt.Sprintf("GET /products/%d", id), message{}, 200, message{})
	}
	assert.Empty(t, ruleTexts(k.learn()))
}

func TestBusyOperationsAreLookedAtBySession(t *testing.T) {
	l := NewLearner(names{})
	var k talk
	observe := func(session string, i int) {
		id := fmt.Sprintf("a1b2c3d4e%06d", i)
		k.list = nil
		k.add(session, "POST /orders", message{}, 201, message{body: `{"id":"` + id + `"}`})
		k.add(session, "GET /orders/"+id, message{}, 200, message{})
		for _, e := range k.list {
			l.Observe(e)
		}
	}
	for i := range 4 * decided {
		observe(fmt.Sprint("s", i), i)
	}
	assert.True(t, l.thinned)
	looked := float64(l.stamp) / 2
	assert.InDelta(t, decided+3.0*decided/idle, looked, 0.1*decided)
	rules := l.Rules()
	require.Equal(t, []string{"POST /orders body $.id -> GET /orders/{id} path 2"}, ruleTexts(rules))
	assert.Equal(t, rules.List[0].Learned.Uses, rules.List[0].Learned.Known, "the rest of what was given was not looked for")
}

func TestNobodyWaitsForTheLatestList(t *testing.T) {
	var k talk
	list := message{body: `[{"id":"a1b2c3d4e5"},{"id":"f6a7b8c9d0"}]`}
	first := k.add("a", "GET /products", message{}, 200, list)
	k.add("b", "GET /products", message{}, 200, list)
	own := k.add("b", "GET /products/a1b2c3d4e5", message{}, 200, message{})
	other := k.add("c", "GET /products/f6a7b8c9d0", message{}, 200, message{})
	same := k.add("c", "POST /cart", message{body: `{"productId":"f6a7b8c9d0"}`}, 200, message{})
	c := New(k.learn(), names{}, Limits{})
	for _, e := range k.list {
		links := c.Link(e)
		switch e {
		case own:
			assert.Empty(t, links.Needs(), "its own session saw a list")
		case other, same:
			assert.Equal(t, first.ID, links.Needs()[0])
			assert.Len(t, links.Needs(), 1)
		}
	}
}

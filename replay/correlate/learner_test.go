package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSequentialIdsAreLinkedByTheirNames(t *testing.T) {
	var k talk
	for i := 1; i <= 20; i++ {
		k.add("w", "POST /orders", message{body: `{"quantity":2,"customer":"ada"}`}, 201,
			message{body: fmt.Sprintf(`{"id":%d,"quantity":2,"status":"placed"}`, i), header: []string{fmt.Sprintf("Location: /orders/%d", i)}})
		k.add("w", "POST /users", message{}, 201, message{body: fmt.Sprintf(`{"id":%d}`, 21-i)})
		k.add("r", fmt.Sprintf("GET /orders/%d", i), message{}, 200, message{body: fmt.Sprintf(`{"id":%d,"quantity":2}`, i)})
		k.add("s", "POST /shipments", message{body: fmt.Sprintf(`{"orderId":%d,"quantity":%d,"priority":%d}`, i, i%3, i%5)}, 201, message{})
	}
	got := ruleTexts(k.learn())
	assert.ElementsMatch(t, []string{
		"POST /orders body $.id -> GET /orders/{id} path 2",
		"POST /orders body $.id -> POST /shipments body $.orderId",
	}, got, "no user's id is an order's, and no quantity is an id")
}

func TestAQuantityThatEqualsAnIdIsNone(t *testing.T) {
	var k talk
	for i := 1; i <= 30; i++ {
		k.add("w", "GET /orders", message{}, 200, message{body: `[{"id":1,"quantity":1},{"id":2,"quantity":3},{"id":3,"quantity":2}]`})
		k.add("w", "POST /cart", message{body: fmt.Sprintf(`{"quantity":%d,"currency":"EUR","express":true}`, 1+i%3)}, 200, message{body: `{"quantity":2,"currency":"EUR"}`})
		k.add("w", "GET /products/"+fmt.Sprint(1+i%3)+"/reviews?page=2&sort=name", message{}, 200, message{})
	}
	assert.Empty(t, ruleTexts(k.learn()))
}

func TestOneUseOfAnOpaqueValueIsEnough(t *testing.T) {
	var k talk
	k.add("a", "POST /orders", message{}, 201, message{body: `{"order":{"ref":"9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e0f"}}`})
	k.add("b", "POST /pay?for=9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e0f", message{}, 201, message{})
	assert.Equal(t, []string{"POST /orders body $.order.ref -> POST /pay query for"}, ruleTexts(k.learn()))
}

func TestAConstantIsNoLink(t *testing.T) {
	var k talk
	for i := range 10 {
		session := fmt.Sprint("s", i)
		k.add(session, "GET /config", message{}, 200, message{body: `{"release":"r2026a7b9c1x"}`})
		k.add(session, "GET /news", message{header: []string{"X-Release: r2026a7b9c1x"}}, 200, message{})
	}
	assert.Empty(t, ruleTexts(k.learn()))
}

func TestAnEchoIsNoGift(t *testing.T) {
	var k talk
	for i := range 10 {
		id := fmt.Sprintf("9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e%02d", i)
		k.add("a", "PUT /carts/"+id, message{}, 201, message{body: `{"id":"` + id + `"}`})
		k.add("a", "GET /carts/"+id, message{}, 200, message{body: `{"id":"` + id + `"}`})
	}
	assert.Empty(t, ruleTexts(k.learn()), "the client made the id")
}

func TestWhatIsGivenLaterIsNotLinked(t *testing.T) {
	var k talk
	use := k.add("a", "GET /orders/a1b2c3d4e5", message{}, 200, message{})
	k.add("a", "POST /orders", message{}, 201, message{body: `{"id":"a1b2c3d4e5"}`})
	k.list[0], k.list[1] = k.list[1], use
	assert.Empty(t, ruleTexts(k.learn()))
}

func TestValidatorsAreLinkedWhateverTheirLooks(t *testing.T) {
	var k talk
	for i := range 6 {
		k.add("a", fmt.Sprintf("GET /orders/%d", i), message{}, 200, message{header: []string{`ETag: "1"`, "Last-Modified: Mon, 02 Mar 2026 09:00:00 GMT"}})
		k.add("b", fmt.Sprintf("PUT /orders/%d", i), message{header: []string{`If-Match: "1"`, "If-Unmodified-Since: Mon, 02 Mar 2026 09:00:00 GMT"}}, 200,
			message{header: []string{`ETag: "2"`}})
		k.add("b", fmt.Sprintf("PUT /orders/%d", i), message{header: []string{`If-Match: "2"`}}, 200, message{header: []string{`ETag: "3"`}})
	}
	got := ruleTexts(k.learn())
	assert.Contains(t, got, "PUT /orders/{id} header etag -> PUT /orders/{id} header if-match")
	var one talk
	one.add("a", "GET /orders/7", message{}, 200, message{header: []string{`ETag: "1"`}})
	one.add("a", "PUT /orders/7", message{header: []string{`If-Match: "1"`}}, 200, message{})
	assert.Equal(t, []string{"GET /orders/{id} header etag -> PUT /orders/{id} header if-match"}, ruleTexts(one.learn()))
}

func TestIdleOperationsAreLookedAtLess(t *testing.T) {
	var k talk
	e := k.add("a", "GET /status", message{}, 200, message{body: `{"ref":"9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e0f"}`})
	l := NewLearner(names{})
	for range 3 * settled {
		l.Observe(e)
	}
	assert.EqualValues(t, settled+settled*2/idle, l.stamp)
	var later talk
	later.index = 10
	l.Observe(later.add("b", "GET /x?ref=9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e0f", message{}, 200, message{}))
	stamp := l.stamp
	l.Observe(e)
	assert.Equal(t, stamp+1, l.stamp, "awake again")
}

func TestNoValueIsInTheRules(t *testing.T) {
	var k talk
	k.add("a", "POST /login", message{}, 200, message{body: `{"token":"s3cr3t-9f8e7d6c1a2b"}`, header: []string{"Set-Cookie: sid=c00k1e-9f8e7d6c; Path=/"}})
	k.add("b", "GET /me", message{header: []string{"Authorization: Bearer s3cr3t-9f8e7d6c1a2b", "Cookie: sid=c00k1e-9f8e7d6c"}}, 200, message{})
	rules := k.learn()
	require.Len(t, rules.List, 2)
	text := string(rules.YAML())
	assert.NotContains(t, text, "s3cr3t")
	assert.NotContains(t, text, "c00k1e")
	assert.NotContains(t, fmt.Sprintf("%+v %+v", rules.List[0].Learned, rules.List[1].Learned), "s3cr3t")
}

func TestLearnedRulesAreReadBackAsWritten(t *testing.T) {
	var k talk
	for i := 1; i < 4; i++ {
		k.add("a", "POST /orders", message{}, 201, message{body: fmt.Sprintf(`{"we ird \"n":[{"order id":"a1b2c3d4e%d"}]}`, i)})
		k.add("a", fmt.Sprintf("GET /orders/a1b2c3d4e%d", i), message{}, 200, message{})
	}
	rules := k.learn()
	require.Len(t, rules.List, 1)
	read := parse(t, string(rules.YAML()))
	rules.List[0].Learned = nil
	assert.Equal(t, rules, read)
	assert.Empty(t, New(read, names{}, Limits{}).Report().Links[0].Invalid)
}

func TestTheTableForgetsTheOldest(t *testing.T) {
	table := newTable()
	for i := range uint32(3 * ways) {
		table.put(uint64(i), i+1, int64(i), i+1)
	}
	assert.EqualValues(t, 2*ways, table.evicted)
	for _, g := range table.bucket(0) {
		assert.Greater(t, g.stamp, uint32(2*ways))
	}
	for i := range uint32(2 * perValue) {
		table.put(1<<40, i+1, int64(i), 100+i)
	}
	n := 0
	for _, g := range table.bucket(1 << 40) {
		if g.hash == 1<<40 {
			n++
		}
	}
	assert.Equal(t, perValue, n)
}

func TestLooks(t *testing.T) {
	for text, want := range map[string]class{
		"2": weak, "1001": weak, "EUR": weak, "delivered": weak, "12.50": weak, "2026-03-02T09:00:00Z": weak,
		"true": weak, "a sentence of 12345678": weak, "application/json": weak, "PENDING_PAYMENT": weak, "1234567": medium,
		"INV-12345678": medium, "123456789012": opaque, "9f8e7d6c-1a2b-4c3d-8e4f-5a6b7c8d9e0f": opaque,
		"eyJhbGciOiJIUzI1NiJ9.e30.AbC": opaque, "AbCdEfGhIjKlMnOpQr": opaque, "01ARZ3NDEKTSV4RRFFQ69G5FAV": opaque,
	} {
		assert.Equal(t, want, classOf([]byte(text)), text)
	}
}

func TestSubjects(t *testing.T) {
	body := func(p string) Place { return Place{Kind: Body, Name: p} }
	for _, c := range []struct {
		operation string
		place     Place
		want      string
	}{
		{"POST /orders", body("$.id"), "order"},
		{"POST /orders", body("$.order.id"), "order"},
		{"GET /orders", body("$.items[*].id"), "item order"},
		{"GET /orders/{id}", body("$.lines[*].id"), "line"},
		{"POST /shipments", body("$.orderId"), "order"},
		{"POST /shipments", body("$.order_id"), "order"},
		{"POST /shipments", body("$.paid"), ""},
		{"POST /shipments", body("$.quantity"), ""},
		{"GET /orders/{id}", Place{Kind: Path, Segment: 2}, "order"},
		{"GET /categories/{id}/things", Place{Kind: Path, Segment: 2}, "category"},
		{"GET /a", Place{Kind: Query, Name: "orderID"}, "order"},
		{"GET /a", Place{Kind: Header, Name: "x-csrf-token"}, "(csrf)"},
		{"GET /a", Place{Kind: HTML, Name: "csrf_token"}, "(csrf)"},
		{"GET /a", Place{Kind: Header, Name: "x-session-token"}, "sessiontoken"},
	} {
		assert.Equal(t, c.want, strings.Join(subjects(c.operation, c.place), " "), "%s %s", c.operation, c.place)
	}
}

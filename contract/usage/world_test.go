package usage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
	"twinspect.dev/contract/join"
)

// script writes a chain as services would have.
type script struct {
	rng   *rand.Rand
	chain *join.Chain
	now   time.Time
	n     uint64
}

type obj = map[string]any

func newScript(seed, i uint64) *script {
	s := &script{rng: rand.New(rand.NewPCG(seed, i))}
	s.now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(s.rng.IntN(1e9)) * time.Millisecond)
	s.chain = &join.Chain{Tree: &trace.Tree{}}
	for b := range s.chain.Tree.Trace {
		s.chain.Tree.Trace[b] = byte(s.rng.UintN(256))
	}
	return s
}

func encoded(v any) []byte {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// call begins a call, and returns its index; its answer is set by answer.
func (s *script) call(parent int, consumer, provider, operation, target string, body any) int {
	method, _, _ := strings.Cut(operation, " ")
	e := &capture.Exchange{Request: capture.Request{Method: method, Target: target}}
	s.n++
	e.ID = capture.NewID("a", consumer, s.now, s.n)
	e.Request.Body = encoded(body)
	e.Request.BodySize = int64(len(e.Request.Body))
	e.Request.Header = capture.Header{{Name: "Content-Type", Value: "application/json"}}
	e.Request.Start = s.tick()
	s.chain.Calls = append(s.chain.Calls, join.Call{
		Consumer: consumer, Provider: provider, Operation: operation, Exchange: e, Parent: parent,
		How: join.ByContext, Confidence: 1,
	})
	return len(s.chain.Calls) - 1
}

func (s *script) answer(i, status int, body any, header ...capture.Field) {
	r := &s.chain.Calls[i].Exchange.Response
	r.Status, r.Header = status, append(capture.Header{{Name: "Content-Type", Value: "application/json"}}, header...)
	r.Body = encoded(body)
	r.BodySize = int64(len(r.Body))
	r.Start = s.tick()
	r.End = r.Start
}

func (s *script) tick() time.Time {
	s.now = s.now.Add(time.Duration(1+s.rng.IntN(8)) * time.Millisecond)
	return s.now
}

func (s *script) id() string { return fmt.Sprintf("%08x", s.rng.Uint32()) }
func (s *script) word(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + s.rng.IntN(26))
	}
	return string(b)
}
func (s *script) pick(of ...string) string { return of[s.rng.IntN(len(of))] }
func (s *script) clock() string            { return s.now.Format(time.RFC3339) }
func (s *script) past() string {
	return s.now.Add(-time.Duration(s.rng.IntN(1e7)) * time.Second).Format(time.RFC3339)
}

// money writes an amount of cents, without going through a float.
func money(cents int) json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// truth lists the places whose values are used, by origin; all others are not.
var truth = map[originKey][]string{
	{"checkout", "customers", "GET /customers/{id}", 200}: {
		"body /name", "body /email", "body /address/street", "body /address/city", "body /address/zip",
	},
	{"checkout", "catalog", "GET /products/{id}", 200}:  {"body /title", "body /price", "body /weight"},
	{"checkout", "payments", "POST /payments", 201}:     {"body /id", "body /state", "header ETag"},
	{"checkout", "payments", "GET /payments/{id}", 200}: {"body /receipt"},
	{"home", "search", "GET /search", 200}:              {"body /items/*/id", "body /next"},
	{"home", "catalog", "GET /products/{id}", 200}:      {"body /title", "body /price", "body /stock"},
	{"home", "jobs", "POST /jobs", 202}:                 {"header Location"},
}

func (s *script) product(id string) (any, int, int) {
	price, weight := 100+s.rng.IntN(20000), 50+s.rng.IntN(3000)
	list := price
	if s.rng.IntN(5) == 0 {
		list += 100 * (1 + s.rng.IntN(5))
	}
	return obj{
		"id": id, "title": s.word(6) + " " + s.word(5), "price": money(price), "listPrice": money(list), "weight": weight,
		"stock": s.rng.IntN(9), "currency": "EUR", "tags": []string{s.pick("new", "sale", "eco"), s.pick("a", "b")},
		"vendor": obj{"id": s.id(), "country": s.pick("DE", "FR", "IT")}, "updatedAt": s.past(), "readAt": s.clock(),
		"active": s.rng.IntN(10) > 0, "revision": 1 + s.rng.IntN(5), "note": nil,
	}, price, weight
}

// checkout is a service that computes, passes on, decides and ignores.
func checkout(seed, i uint64) *join.Chain {
	s := newScript(seed, i)
	customer := s.id()
	var lines []any
	skus, qtys := []string{}, []int{}
	for range 1 + s.rng.IntN(4) {
		skus, qtys = append(skus, s.id()), append(qtys, 1+s.rng.IntN(4))
		lines = append(lines, obj{"sku": skus[len(skus)-1], "qty": qtys[len(qtys)-1]})
	}
	root := s.call(-1, "web", "checkout", "POST /checkout", "/checkout", obj{"customer": customer, "lines": lines})

	c := s.call(root, "checkout", "customers", "GET /customers/{id}", "/customers/"+customer, nil)
	name, email := s.word(5)+" "+s.word(7), s.word(8)+"@example.org"
	address := obj{"street": s.word(9) + " " + strconv.Itoa(s.rng.IntN(90)), "city": s.pick("Ulm", "Bonn", "Kiel"), "zip": strconv.Itoa(10000 + s.rng.IntN(89999))}
	s.answer(c, 200, obj{
		"id": customer, "name": name, "email": email, "address": address, "tier": s.pick("gold", "plain"),
		"currency": "EUR", "active": true, "score": s.rng.IntN(7), "createdAt": s.past(), "readAt": s.clock(), "visits": s.rng.IntN(5),
	})
	var out []any
	total, weight := 0, 0
	for k, sku := range skus {
		p := s.call(root, "checkout", "catalog", "GET /products/{id}", "/products/"+sku, nil)
		body, price, grams := s.product(sku)
		s.answer(p, 200, body)
		out = append(out, obj{"article": sku, "text": body.(obj)["title"], "sum": money(price * qtys[k])})
		total, weight = total+price*qtys[k], weight+grams
	}
	pay := s.call(root, "checkout", "payments", "POST /payments", "/payments", obj{"cents": total, "customer": customer, "attempt": 1})
	payment, tag := s.id(), `"`+s.id()+`"`
	state := s.pick("open", "paid", "held")
	s.answer(pay, 201, obj{"id": payment, "amount": money(total), "fee": money(s.rng.IntN(500)), "state": state, "attempt": 1, "ok": true},
		capture.Field{Name: "ETag", Value: tag})
	get := s.call(root, "checkout", "payments", "GET /payments/{id}", "/payments/"+payment, nil)
	s.chain.Calls[get].Exchange.Request.Header = append(s.chain.Calls[get].Exchange.Request.Header, capture.Field{Name: "If-Match", Value: tag})
	receipt := s.word(12)
	s.answer(get, 200, obj{"id": payment, "receipt": receipt, "fee": money(s.rng.IntN(500)), "tries": s.rng.IntN(3)})
	ship := s.call(root, "checkout", "shipping", "POST /parcels", "/parcels", obj{"grams": weight, "to": address, "mail": email, "priority": s.rng.IntN(3)})
	s.answer(ship, 204, nil)
	s.answer(root, 201, obj{
		"order": s.id(), "greeting": "Dear " + name + ", thank you", "lines": out, "amount": obj{"value": money(total), "unit": "EUR"},
		"payment": state, "receipt": receipt, "servedAt": s.clock(), "page": 1, "count": len(out), "done": true,
	})
	return s.chain
}

// home is a service that searches, then asks for each hit.
func home(seed, i uint64) *join.Chain {
	s := newScript(seed^0x5eed, i)
	root := s.call(-1, "web", "home", "GET /home", "/home?q="+s.word(4)+"&limit=3", nil)
	q := s.call(root, "home", "search", "GET /search", "/search?q=x", nil)
	var items []any
	var ids []string
	for range 1 + s.rng.IntN(4) {
		ids = append(ids, s.id())
		items = append(items, obj{"id": ids[len(ids)-1], "rank": len(ids), "score": s.rng.IntN(100), "kind": "product"})
	}
	next := s.word(10)
	s.answer(q, 200, obj{"items": items, "next": next, "took": s.rng.IntN(20), "total": 10 + s.rng.IntN(500)})
	var tiles []any
	for _, id := range ids {
		p := s.call(root, "home", "catalog", "GET /products/{id}", "/products/"+id, nil)
		body, _, _ := s.product(id)
		s.answer(p, 200, body)
		b := body.(obj)
		tiles = append(tiles, obj{"key": id, "caption": b["title"], "cost": b["price"], "left": b["stock"]})
	}
	j := s.call(root, "home", "jobs", "POST /jobs", "/jobs", obj{"kind": "warm"})
	job := s.id()
	s.answer(j, 202, obj{"queued": s.rng.IntN(30), "worker": s.word(6)}, capture.Field{Name: "Location", Value: "/jobs/" + job})
	k := s.call(root, "home", "jobs", "GET /jobs/{id}", "/jobs/"+job, nil)
	s.answer(k, 200, obj{"id": job, "state": s.pick("new", "run"), "worker": s.word(6)})
	s.answer(root, 200, obj{"tiles": tiles, "cursor": next, "limit": 3, "servedAt": s.clock(), "ok": true})
	return s.chain
}

func chains(seed uint64, n int) []*join.Chain {
	var out []*join.Chain
	for i := range n {
		out = append(out, checkout(seed, uint64(i)), home(seed, uint64(i)))
	}
	return out
}

func follow(list []*join.Chain) *Follower {
	f := New()
	for _, c := range list {
		f.See(c)
	}
	return f
}

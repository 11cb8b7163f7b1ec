package correlate

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// service is a model of one instance: orders with ids and versions of its own,
// and a token for each login.
type service struct {
	mu     sync.Mutex
	rng    *rand.Rand
	style  string // of the ids
	next   int
	salt   int            // of the ETags
	orders map[string]int // version by id
	tokens map[string]bool
}

func newService(seed uint64, style string) *service {
	return &service{
		rng: rand.New(rand.NewPCG(seed, 7)), style: style, next: int(seed % 50), salt: int(seed % 7),
		orders: make(map[string]int), tokens: make(map[string]bool),
	}
}

func (s *service) id() string {
	switch s.style {
	case "sequence":
		s.next++
		return fmt.Sprint(s.next)
	case "number":
		return fmt.Sprint(1e6 + s.rng.Int64N(1e8))
	case "awkward":
		return fmt.Sprintf("id/%x %%+é%x", s.rng.Uint32(), s.rng.Uint32())
	}
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", s.rng.Uint32(), s.rng.Uint32N(1<<16), s.rng.Uint32N(1<<12), s.rng.Uint32N(1<<12), s.rng.Uint64N(1<<48))
}

func (s *service) idJSON(id string) string {
	if s.style == "sequence" || s.style == "number" {
		return id
	}
	text, _ := json.Marshal(id)
	return string(text)
}

func (s *service) answer(r *capture.Request) capture.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost && r.Target == "/login" {
		token := fmt.Sprintf("tok_%016x", s.rng.Uint64())
		s.tokens[token] = true
		return reply(200, fmt.Sprintf(`{"token":%q}`, token))
	}
	if !s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		return reply(401, "")
	}
	if r.Method == http.MethodPost {
		var in struct{ OrderID any }
		_ = json.Unmarshal(r.Body, &in)
		if r.Target == "/shipments" {
			if _, ok := s.orders[fmt.Sprint(number(in.OrderID))]; !ok {
				return reply(422, "")
			}
			return reply(201, "{}")
		}
		id := s.id()
		s.orders[id] = 1
		return reply(201, fmt.Sprintf(`{"order":{"id":%s,"quantity":2},"status":"placed"}`, s.idJSON(id)), s.etag(id, 1))
	}
	id := string(appendUnescaped(nil, strings.TrimPrefix(r.Target, "/orders/"), false))
	version, ok := s.orders[id]
	switch {
	case !ok:
		return reply(404, "")
	case r.Method == http.MethodPut && r.Header.Get("If-Match") != s.tag(id, version):
		return reply(412, "")
	case r.Method == http.MethodPut:
		s.orders[id]++
		return reply(200, "{}", s.etag(id, version+1))
	case r.Method == http.MethodDelete:
		delete(s.orders, id)
		return reply(204, "")
	}
	return reply(200, fmt.Sprintf(`{"id":%s}`, s.idJSON(id)), s.etag(id, version))
}

func number(v any) any {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	return v
}

// tag differs between instances.
func (s *service) tag(id string, version int) string {
	if s.style == "sequence" {
		return fmt.Sprintf(`"%d"`, version+s.salt)
	}
	return fmt.Sprintf(`"%d-%x"`, version, hashText(id)+uint64(s.salt))
}

func (s *service) etag(id string, version int) string { return "ETag: " + s.tag(id, version) }

func reply(status int, body string, header ...string) capture.Response {
	return capture.Response{Status: status, Proto: "HTTP/1.1", Message: message{header: header, body: body}.build()}
}

// shopper is one client, who uses several connections.
type shopper struct {
	token   string
	order   string
	etag    string
	stage   int
	updates int
}

// step asks the recorded service for what the client does next.
func (c *shopper) step(k *talk, s *service, connection string) bool {
	auth := "Authorization: Bearer " + c.token
	target := "/orders/" + strings.ReplaceAll(urlPath(c.order), "+", "%2B")
	var e *capture.Exchange
	switch c.stage {
	case 0:
		e = k.ask(s, connection, "POST /login", message{body: `{"user":"a","password":"b"}`})
		c.token = jsonField(e, "token")
	case 1:
		e = k.ask(s, connection, "POST /orders", message{header: []string{auth}, body: `{"quantity":2}`})
		var body struct{ Order struct{ ID json.RawMessage } }
		_ = json.Unmarshal(e.Response.Body, &body)
		c.order = strings.Trim(string(body.Order.ID), `"`)
		c.etag = e.Response.Header.Get("ETag")
		if s.style == "awkward" {
			_ = json.Unmarshal(body.Order.ID, &c.order)
		}
	case 2:
		e = k.ask(s, connection, "GET "+target, message{header: []string{auth}})
		c.etag = e.Response.Header.Get("ETag")
	case 3:
		e = k.ask(s, connection, "PUT "+target, message{header: []string{auth, "If-Match: " + c.etag}, body: `{"quantity":3}`})
		c.etag = e.Response.Header.Get("ETag")
		if c.updates--; c.updates > 0 {
			c.stage--
		}
	case 4:
		k.ask(s, connection, "POST /shipments", message{header: []string{auth}, body: `{"quantity":1,"orderId":` + s.idJSON(c.order) + `}`})
	case 5:
		k.ask(s, connection, "DELETE "+target, message{header: []string{auth}})
	case 6:
		k.ask(s, connection, "GET "+target, message{header: []string{auth}}) // 404 in the recording too
	}
	c.stage++
	return c.stage <= 6
}

func urlPath(s string) string {
	var l leaf
	l.kind = Path
	raw, _ := encode(&l, nil, s)
	return raw
}

func jsonField(e *capture.Exchange, name string) string {
	var m map[string]string
	_ = json.Unmarshal(e.Response.Body, &m)
	return m[name]
}

// ask records what the service answers.
func (k *talk) ask(s *service, connection, operation string, m message) *capture.Exchange {
	e := k.add(connection, operation, m, 0, message{})
	start, end := e.Response.Start, e.Response.End
	request := e.Clone().Request
	e.Response = s.answer(&request)
	e.Response.Start, e.Response.End = start, end
	return e
}

// orderNames names operations for ids of any form.
type orderNames struct{}

func (orderNames) Name(method, target string) string {
	if path := capture.PathOf(target); strings.HasPrefix(path, "/orders/") {
		return method + " /orders/{id}"
	}
	return method + " " + capture.PathOf(target)
}

func TestNoSideGivesAFalseAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		style := rapid.SampledFrom([]string{"uuid", "sequence", "number", "awkward"}).Draw(rt, "ids")
		recorded := newService(rapid.Uint64Range(0, 1e6).Draw(rt, "seed"), style)
		var k talk
		clients := make([]*shopper, rapid.IntRange(1, 6).Draw(rt, "clients"))
		for i := range clients {
			clients[i] = &shopper{updates: rapid.IntRange(1, 3).Draw(rt, "updates")}
		}
		connections := rapid.IntRange(1, 5).Draw(rt, "connections")
		for len(clients) > 0 {
			i := rapid.IntRange(0, len(clients)-1).Draw(rt, "who")
			connection := fmt.Sprint("c", rapid.IntRange(1, connections).Draw(rt, "connection"))
			if !clients[i].step(&k, recorded, connection) {
				clients = append(clients[:i], clients[i+1:]...)
			}
		}
		l := NewLearner(orderNames{})
		for _, e := range k.list {
			l.Observe(e)
		}
		c := New(l.Rules(), orderNames{}, Limits{})
		copies := rapid.IntRange(1, 2).Draw(rt, "copies")
		sides := map[replay.Side]replay.Sender{}
		for _, name := range []replay.Side{replay.Base, replay.Branch} {
			sides[name] = answering(newService(rapid.Uint64Range(1e6, 2e6).Draw(rt, "side"), style).answer)
		}
		out := replayed(rt, &k, c, sides, func(r *replay.Runner) {
			r.InFlight = rapid.IntRange(1, 8).Draw(rt, "in flight")
			r.Copies = copies
			r.Pacer = rapid.SampledFrom([]replay.Pacer{nil, pace.Rate{PerSecond: 1e6}}).Draw(rt, "pace")
		})
		require.Len(rt, out, len(k.list)*copies)
		for _, o := range out {
			for _, a := range o.Answers {
				require.Equal(rt, o.Recorded.Response.Status, a.Response.Status, "%s: %s %s, sent as %s\n%s",
					a.Side, o.Recorded.Request.Method, o.Recorded.Request.Target, a.Request.Target, l.Rules().YAML())
			}
		}
	})
}

func TestWhatASideDoesNotGiveIsSentAsRecorded(t *testing.T) {
	var k talk
	k.add("a", "POST /orders", message{}, 201, message{body: `{"id":"a1b2c3d4e5"}`})
	k.add("b", "GET /orders/a1b2c3d4e5", message{}, 200, message{})
	for name, answer := range map[string]replay.Answer{
		"another shape": {Response: reply(201, `{"key":"x"}`)},
		"a failure":     {Fault: replay.Reset},
		"not JSON":      {Response: reply(201, `{"id`)},
		"a type":        {Response: reply(201, `{"id":null}`)},
	} {
		t.Run(name, func(t *testing.T) {
			c := New(k.learn(), names{}, Limits{})
			next := answering(func(*capture.Request) capture.Response { return capture.Response{Status: 200} })
			side := replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
				if ask.Request.Method == http.MethodPost {
					return answer
				}
				return next.Send(ctx, ask)
			})
			out := replayed(t, &k, c, map[replay.Side]replay.Sender{"to": side}, nil)
			for _, o := range out {
				if a := o.Answers[0]; a.Request.Method == http.MethodGet {
					assert.Equal(t, "/orders/a1b2c3d4e5", a.Request.Target)
				}
			}
			assert.Equal(t, []Tally{{Side: "to", Unbound: 1}}, c.Report().Links[0].Sides)
		})
	}
}

func TestAnAnswerCannotEndAField(t *testing.T) {
	var k talk
	k.add("a", "POST /login", message{}, 200, message{body: `{"token":"a1b2c3d4e5"}`})
	k.add("a", "GET /me", message{header: []string{"Authorization: Bearer a1b2c3d4e5"}}, 200, message{})
	c := New(k.learn(), names{}, Limits{})
	side := answering(func(r *capture.Request) capture.Response {
		assert.NotContains(t, fmt.Sprint(r.Header), "Evil")
		return reply(200, `{"token":"x\r\nEvil: 1"}`)
	})
	replayed(t, &k, c, map[replay.Side]replay.Sender{"to": side}, nil)
	assert.Equal(t, []Tally{{Side: "to", Unbound: 1}}, c.Report().Links[0].Sides)
}

func TestTheBoundsDropWhatIsOldest(t *testing.T) {
	var k talk
	for i := range 10 {
		k.add("a", "POST /orders", message{}, 201, message{body: fmt.Sprintf(`{"order":{"id":"a1b2c3d4e%d"}}`, i), header: []string{fmt.Sprintf("Set-Cookie: s=%d", i)}})
	}
	for i := range 10 {
		k.add(fmt.Sprint("b", i), fmt.Sprintf("GET /orders/a1b2c3d4e%d", i), message{}, 200, message{header: []string{"Set-Cookie: s=1"}})
	}
	c := New(k.learn(), names{}, Limits{Values: 4, Givers: 2, Sessions: 1})
	s := newService(1, "uuid")
	s.tokens[""] = true
	replayed(t, &k, c, map[replay.Side]replay.Sender{"to": answering(s.answer)}, func(r *replay.Runner) { r.InFlight = 1 })
	r := c.Report()
	assert.EqualValues(t, 6, r.Evicted.Values)
	assert.EqualValues(t, 8, r.Evicted.Answers)
	assert.NotZero(t, r.Evicted.Sessions)
	assert.EqualValues(t, 6, r.Links[0].Unknown)
	assert.EqualValues(t, 4, r.Links[0].Sides[0].Bound+r.Links[0].Sides[0].Unbound)
}

func TestListsAreAligned(t *testing.T) {
	s := &source{many: true}
	list := func(texts ...string) []gave {
		var out []gave
		for i, text := range texts {
			out = append(out, gave{s, uint64(i), hashText(text), classOf([]byte(text)), text})
		}
		return out
	}
	for name, c := range map[string]struct {
		recorded, given []gave
		want            string
	}{
		"others in their order":          {list("a1b2c3d4", "b1b2c3d4"), list("x1b2c3d4", "y1b2c3d4"), "a1b2c3d4=x1b2c3d4 b1b2c3d4=y1b2c3d4"},
		"the same wherever they are":     {list("a1b2c3d4", "b1b2c3d4"), list("b1b2c3d4", "a1b2c3d4"), "a1b2c3d4=a1b2c3d4 b1b2c3d4=b1b2c3d4"},
		"a new one among the same":       {list("n1b2c3d4", "a1b2c3d4"), list("a1b2c3d4", "m1b2c3d4"), "n1b2c3d4=m1b2c3d4 a1b2c3d4=a1b2c3d4"},
		"numbers that moved":             {list("7", "6", "5"), list("8", "7", "6"), "7=8 6=7 5=6"},
		"the same numbers":               {list("7", "6", "5"), list("5", "6", "7"), "7=7 6=6 5=5"},
		"numbers of which some are gone": {list("7", "6", "5"), list("6", "5"), "6=6 5=5"},
		"none":                           {list("7"), nil, ""},
	} {
		var got []string
		for _, p := range align(s, c.recorded, c.given) {
			got = append(got, p.recorded.text+"="+p.given.text)
		}
		assert.Equal(t, c.want, strings.Join(got, " "), name)
	}
}

func TestALongListIsAlignedToo(t *testing.T) {
	var k talk
	list := func(side string) string {
		ids := make([]string, keptGifts+50)
		for i := range ids {
			ids[i] = fmt.Sprintf(`{"id":"%s-a1b2c3d%04d"}`, side, i)
		}
		return "[" + strings.Join(ids, ",") + "]"
	}
	k.add("a", "GET /orders", message{}, 200, message{body: list("rec")})
	last := fmt.Sprintf("-a1b2c3d%04d", keptGifts+49)
	k.add("b", "GET /orders/rec"+last, message{}, 200, message{})
	c := New(k.learn(), names{}, Limits{})
	out := replayed(t, &k, c, map[replay.Side]replay.Sender{"to": answering(func(*capture.Request) capture.Response {
		return reply(200, list("own"))
	})}, nil)
	for _, o := range out {
		if o.Recorded.Request.Target != "/orders" {
			assert.Equal(t, "/orders/own"+last, o.Answers[0].Request.Target)
		}
	}
}

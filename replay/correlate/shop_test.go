package correlate

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/fixtures/shop"
	"twinspect.dev/replay"
	"twinspect.dev/replay/send"
)

// client records what it asks one server, over the connections it names.
type client struct {
	t       *testing.T
	talk    *talk
	handler http.Handler
	cookies map[string]string
}

func (c *client) ask(connection, operation, body string, header ...string) *capture.Exchange {
	c.t.Helper()
	if len(c.cookies) > 0 {
		var list []string
		for _, name := range []string{"session", "visit", "sid"} {
			if v, ok := c.cookies[name]; ok {
				list = append(list, name+"="+v)
			}
		}
		header = append(header, "Cookie: "+strings.Join(list, "; "))
	}
	kind := "application/json"
	if body != "" && body[0] != '{' {
		kind = "application/x-www-form-urlencoded"
	}
	e := c.talk.add(connection, operation, message{header: header, body: body, kind: kind}, 0, message{})
	r := httptest.NewRequest(e.Request.Method, e.Request.Target, strings.NewReader(body))
	for _, f := range e.Request.Header {
		r.Header.Add(f.Name, f.Value)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	result := w.Result()
	e.Response.Status = result.StatusCode
	for name, values := range result.Header {
		for _, v := range values {
			e.Response.Header = append(e.Response.Header, capture.Field{Name: name, Value: v})
		}
	}
	e.Response.Body, _ = io.ReadAll(result.Body)
	for _, k := range result.Cookies() {
		c.cookies[k.Name] = k.Value
		if k.MaxAge < 0 {
			delete(c.cookies, k.Name)
		}
	}
	return e
}

// against replays the recording over HTTP against two other instances and
// returns the requests whose status is not the recorded one.
func against(t *testing.T, k *talk, c *Correlator, instance func() http.Handler) []string {
	r := replay.Runner{AllowWrites: true, Linker: c}
	for _, name := range []replay.Side{replay.Base, replay.Branch} {
		server := httptest.NewServer(instance())
		t.Cleanup(server.Close)
		address, err := url.Parse(server.URL)
		require.NoError(t, err)
		s, err := send.New(send.Config{Side: name, URL: address})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		r.Targets = append(r.Targets, replay.Target{Side: name, Sender: c.Side(name, s)})
	}
	var wrong []string
	n := 0
	require.NoError(t, r.Run(context.Background(), k.source(), func(o *replay.Outcome) error {
		for _, a := range o.Answers {
			n++
			if a.Response.Status != o.Recorded.Response.Status {
				wrong = append(wrong, fmt.Sprintf("%s %s %s: %d, recorded %d %s%s", a.Side, o.Recorded.Request.Method, a.Request.Target,
					a.Response.Status, o.Recorded.Response.Status, a.Err, a.Response.Body))
			}
		}
		return nil
	}))
	require.Equal(t, 2*len(k.list), n)
	return wrong
}

func recordShop(t *testing.T) *talk {
	var k talk
	handler := shop.New(shop.Config{})
	for i, user := range []string{"alice", "bob", "carol", "dave", "alice"} {
		c := &client{t: t, talk: &k, handler: handler, cookies: map[string]string{}}
		conn := func(n int) string { return fmt.Sprintf("c%d-%d", i, n%3) }
		c.ask(conn(0), "POST /login", `{"user":"`+user+`","password":"demo"}`)
		first := c.ask(conn(1), "POST /cart/items", `{"productId":1002,"quantity":2}`)
		second := c.ask(conn(1), "POST /cart/items", `{"productId":1003,"quantity":1}`)
		require.Equal(t, 201, first.Response.Status)
		c.ask(conn(2), "PATCH "+first.Response.Header.Get("Location"), `{"quantity":5}`)
		c.ask(conn(2), "DELETE "+second.Response.Header.Get("Location"), "")
		c.ask(conn(2), "DELETE "+second.Response.Header.Get("Location"), "") // 404 in the recording
		order := c.ask(conn(2), "POST /orders", "")
		require.Equal(t, 201, order.Response.Status)
		c.ask(conn(3), "GET "+order.Response.Header.Get("Location"), "")
		c.ask(conn(3), "GET /orders", "")
		c.ask(conn(3), "GET "+order.Response.Header.Get("Location"), "")
		page := c.ask(conn(3), "GET /products/1001", "")
		c.ask(conn(3), "GET /products/1001", "", "If-None-Match: "+page.Response.Header.Get("ETag"))
	}
	return &k
}

func TestTheShopsSessionsGiveTheRecordedStatusesElsewhere(t *testing.T) {
	k := recordShop(t)
	instance := func() http.Handler { return shop.New(shop.Config{}) }
	learned := k.learn()
	c := New(Defaults().With(learned), names{}, Limits{})
	assert.Empty(t, against(t, k, c, instance), "%s", learned.YAML())
	without := New(&Rules{}, names{}, Limits{})
	assert.NotEmpty(t, against(t, k, without, instance), "the ids do differ")
	assert.Contains(t, ruleTexts(learned), "POST /orders body $.id -> GET /orders/{id} path 2")
	assert.LessOrEqual(t, len(learned.List), 25, "%s", learned.YAML())
	for _, l := range c.Report().Links {
		for _, s := range l.Sides {
			assert.Zero(t, s.Unbound, "%s to %s", l.From, l.To)
		}
	}
}

// documents is a service that has what the shop lacks: a precondition that must
// hold, a token against forged requests, and sessions that an instance has to
// know.
type documents struct{ *service }

func (d documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.URL.Path == "/start" {
		sid, csrf := d.id(), d.id()
		d.tokens[sid+csrf] = true
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html><form><input type=hidden name="csrf" value="%s"></form></html>`, csrf)
		return
	}
	cookie, err := r.Cookie("sid")
	_ = r.ParseForm()
	csrf := r.Header.Get("X-CSRF-Token") + r.PostForm.Get("csrf")
	if err != nil || r.Method != http.MethodGet && !d.tokens[cookie.Value+csrf] {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.URL.Path == "/documents" {
		id := d.id()
		d.orders[id] = 1
		w.Header().Set("Location", "/documents/"+id+"?draft="+id)
		w.Header().Set("ETag", d.tag(id, 1))
		w.WriteHeader(http.StatusCreated)
		return
	}
	id := strings.TrimPrefix(r.URL.Path, "/documents/")
	version, ok := d.orders[id]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodPut && r.Header.Get("If-Match") != d.tag(id, version):
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		d.orders[id]++
		w.Header().Set("ETag", d.tag(id, version+1))
	case r.Method == http.MethodDelete:
		delete(d.orders, id)
	default:
		w.Header().Set("ETag", d.tag(id, version))
	}
}

func TestPreconditionsTokensAndLocationsHoldElsewhere(t *testing.T) {
	for _, style := range []string{"uuid", "sequence", "number"} {
		t.Run(style, func(t *testing.T) {
			var k talk
			handler := documents{newService(3, style)}
			for i := range 6 {
				c := &client{t: t, talk: &k, handler: handler, cookies: map[string]string{}}
				conn := func(n int) string { return fmt.Sprintf("c%d-%d", i, n%2) }
				page := c.ask(conn(0), "GET /start", "")
				csrf := strings.Split(string(page.Response.Body), `"`)[3]
				made := c.ask(conn(1), "POST /documents", "title=x&csrf="+csrf)
				require.Equal(t, 201, made.Response.Status)
				location, _, _ := strings.Cut(made.Response.Header.Get("Location"), "?")
				etag := made.Response.Header.Get("ETag")
				for n := range 3 {
					put := c.ask(conn(n), "PUT "+location, `{"a":1}`, "If-Match: "+etag, "X-CSRF-Token: "+csrf)
					require.Equal(t, 200, put.Response.Status)
					if n == 0 {
						stale := c.ask(conn(n), "PUT "+location, `{"a":1}`, "If-Match: "+etag, "X-CSRF-Token: "+csrf)
						require.Equal(t, 412, stale.Response.Status)
					}
					etag = put.Response.Header.Get("ETag")
				}
				c.ask(conn(0), "GET "+location, "")
				c.ask(conn(1), "DELETE "+location, "", "X-CSRF-Token: "+csrf)
				c.ask(conn(0), "GET "+location, "")
			}
			seed := uint64(10)
			instance := func() http.Handler { seed += 12; return documents{newService(seed, style)} }
			learned := k.learn()
			c := New(Defaults().With(learned), names{}, Limits{})
			assert.Empty(t, against(t, &k, c, instance), "%s", learned.YAML())
			assert.NotEmpty(t, against(t, &k, New(&Rules{}, names{}, Limits{}), instance))
		})
	}
}

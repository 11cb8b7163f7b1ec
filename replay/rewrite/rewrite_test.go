package rewrite

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

func TestHeaderRulesKeepOrderAndCase(t *testing.T) {
	for rule, want := range map[string][]string{
		"set-header: {name: x-tenant, value: test}":            {"Host: a", "X-Tenant: test", "X-B: 2", "x-b: 3"},
		"set-header: {name: X-B, value: 9}":                    {"Host: a", "X-Tenant: live", "X-B: 9"},
		"set-header: {name: New, value: ''}":                   {"Host: a", "X-Tenant: live", "X-B: 2", "x-b: 3", "New: "},
		"remove-header: X-B":                                   {"Host: a", "X-Tenant: live"},
		"remove-header: X-C":                                   {"Host: a", "X-Tenant: live", "X-B: 2", "x-b: 3"},
		"header: {name: x-b, match: '\\d', replace: '<$0>'}":   {"Host: a", "X-Tenant: live", "X-B: <2>", "x-b: <3>"},
		"host: {set: 'b:8080'}":                                {"Host: b:8080", "X-Tenant: live", "X-B: 2", "x-b: 3"},
		"host: {match: a, replace: c.d}":                       {"Host: c.d", "X-Tenant: live", "X-B: 2", "x-b: 3"},
		"host: {match: a, replace: 'c d'}":                     {"Host: a", "X-Tenant: live", "X-B: 2", "x-b: 3"},
		"set-header: {name: X-Tenant, value: '${TOKEN}'}":      {"Host: a", "X-Tenant: s3cret-token", "X-B: 2", "x-b: 3"},
		"header: {name: x-b, match: 2, replace: \"a\\nb: c\"}": {"Host: a", "X-Tenant: live", "X-B: 2", "x-b: 3"},
	} {
		rules := parse(t, "rewrite:\n  - "+rule+"\n")
		got := sent(t, rules, replay.Base, request("GET", "/", "", "Host", "a", "X-Tenant", "live", "X-B", "2", "x-b", "3"))
		assert.Equal(t, want, lines(got.Header), rule)
	}
}

func TestHostOfARequestWithoutOneStandsInFront(t *testing.T) {
	rules := parse(t, "rewrite:\n  - host: {match: live, replace: test}\n")
	got := sent(t, rules, replay.To, request("GET", "/", "", ":authority", "live.example", "A", "1"))
	assert.Equal(t, []string{"Host: test.example", ":authority: live.example", "A: 1"}, lines(got.Header))
	assert.True(t, rules.SetsHost(replay.To))
	assert.False(t, (*Rules)(nil).SetsHost(replay.To))
}

func TestTargetRulesKeepAllElse(t *testing.T) {
	const query = "{name: env, "
	for _, c := range []struct{ rule, from, want string }{
		{"path: {match: ^/v1/(.*)$, replace: /v2/$1}", "/v1/a%2Fb?x=%31", "/v2/a%2Fb?x=%31"},
		{"path: {match: ^/v1/(.*)$, replace: /v2/$1}", "http://h/v1/a?b", "http://h/v2/a?b"},
		{"path: {match: ^/v1/(.*)$, replace: /v2/$1}", "/v3/a", "/v3/a"},
		{"path: {match: ^.*$, replace: /a?b}", "/v3/a", "/v3/a"},
		{"path: {match: ^.*$, replace: a}", "/v3/a", "/v3/a"},
		{"path: {match: ^.*$, replace: /x}", "*", "*"},
		{"query: " + query + "set: 'a b&c'}", "/?a=1&env=live&b=%7e", "/?a=1&env=a+b%26c&b=%7e"},
		{"query: " + query + "set: test}", "/?%65nv=live&a&&env=2", "/?%65nv=test&a&"},
		{"query: " + query + "set: test}", "/?a=b", "/?a=b&env=test"},
		{"query: " + query + "set: test}", "/", "/?env=test"},
		{"query: " + query + "set: test}", "http://h?q", "http://h?q&env=test"},
		{"query: " + query + "remove: true}", "/?env=1", "/"},
		{"query: " + query + "remove: true}", "/?env&a=%zz&env=2", "/?a=%zz"},
		{"query: " + query + "remove: true}", "/?a&b", "/?a&b"},
		{"query: " + query + "rename: e f}", "/?env=%41&env", "/?e+f=%41&e+f"},
		{"query: " + query + "match: '^l(.*)', replace: 't${1}'}", "/?env=li%76e&x", "/?env=tive&x"},
		{"query: " + query + "match: '^l(.*)', replace: 't${1}'}", "/?env=%zz", "/?env=%zz"},
	} {
		rules := parse(t, "rewrite:\n  - "+c.rule+"\n")
		assert.Equal(t, c.want, sent(t, rules, replay.Base, request("GET", c.from, "")).Target, "%s of %s", c.rule, c.from)
	}
}

func TestBodyRulesChangeOnlyTheirValues(t *testing.T) {
	const doc = "{ \"a\" : 1.50,\n  \"b\": [1, {\"c\": \"x\\u0041\", \"id\": 7}, 3 ],\"e\":{\"id\" : 1e400}, \"a\":2 }"
	for _, c := range []struct{ rule, want string }{
		{"body: $.a\n    set: 17", "{ \"a\" : 17,\n  \"b\": [1, {\"c\": \"x\\u0041\", \"id\": 7}, 3 ],\"e\":{\"id\" : 1e400}, \"a\":17 }"},
		{"body: $..id\n    set: {x: [null, 1.0, \"q\"]}", "{ \"a\" : 1.50,\n  \"b\": [1, {\"c\": \"x\\u0041\", \"id\": {\"x\":[null,1.0,\"q\"]}}, 3 ],\"e\":{\"id\" : {\"x\":[null,1.0,\"q\"]}}, \"a\":2 }"},
		{"body: $.a\n    remove: true", "{ \"b\": [1, {\"c\": \"x\\u0041\", \"id\": 7}, 3 ],\"e\":{\"id\" : 1e400} }"},
		{"body: $.b[*]\n    remove: true", "{ \"a\" : 1.50,\n  \"b\": [ ],\"e\":{\"id\" : 1e400}, \"a\":2 }"},
		{"body: $.b[-1]\n    remove: true", "{ \"a\" : 1.50,\n  \"b\": [1, {\"c\": \"x\\u0041\", \"id\": 7} ],\"e\":{\"id\" : 1e400}, \"a\":2 }"},
		{"body: $.b[0,2]\n    remove: true", "{ \"a\" : 1.50,\n  \"b\": [{\"c\": \"x\\u0041\", \"id\": 7} ],\"e\":{\"id\" : 1e400}, \"a\":2 }"},
		{"body: $.b[?@.id == 7].c\n    match: A\n    replace: '\"$0'", "{ \"a\" : 1.50,\n  \"b\": [1, {\"c\": \"x\\\"A\", \"id\": 7}, 3 ],\"e\":{\"id\" : 1e400}, \"a\":2 }"},
		{"body: $\n    set: []", "[]"},
		{"body: $.zz\n    set: 1", doc},
		{"body: $.b\n    match: x\n    replace: y", doc},
	} {
		rules := parse(t, "rewrite:\n  - "+c.rule+"\n")
		got := sent(t, rules, replay.Base, request("POST", "/", doc, "Content-Type", "application/json"))
		assert.Equal(t, c.want, string(got.Body), c.rule)
		assert.Equal(t, int64(len(got.Body)), got.BodySize)
		assert.Equal(t, doc != c.want, rules.Report().Rules[0].Changed == 1)
	}
}

func TestSeveralBodyRulesAreOnePass(t *testing.T) {
	rules := parse(t, `
rewrite:
  - {body: $.a, match: x, replace: y}
  - {body: $.a, match: y, replace: z}
  - {body: $.o, set: 1}
  - {body: $.o.inner, set: 2}
  - {body: "$.list[?@ > 1]", remove: true}
  - {body: $.none, remove: true}
  - {body: $..deep, remove: true}
`)
	got := sent(t, rules, replay.Base, request("POST", "/", `{"a":"x","o":{"inner":0},"list":[1,2,3]}`))
	assert.Equal(t, `{"a":"z","o":1,"list":[1]}`, string(got.Body))
	var left []map[capture.Reason]uint64
	for _, r := range rules.Report().Rules {
		left = append(left, r.Left)
	}
	assert.Equal(t, []map[capture.Reason]uint64{nil, nil, nil, {Covered: 1}, nil, {Absent: 1}, {Covered: 1}}, left)
}

func TestAPathThatIsOnlyPassedIsAbsentNotCovered(t *testing.T) {
	rules := parse(t, "rewrite:\n  - {body: $.a, match: x, replace: y}\n  - {body: $..deep, set: 1}\n")
	assert.Equal(t, `{"a":"y"}`, string(sent(t, rules, replay.Base, request("POST", "/", `{"a":"x"}`)).Body))
	assert.Equal(t, map[capture.Reason]uint64{Absent: 1}, rules.Report().Rules[1].Left)
}

func TestBodiesThatAreLeftAreCounted(t *testing.T) {
	deep := bytes.Repeat([]byte("["), 600)
	for _, c := range []struct {
		body, coding string
		want         capture.Reason
	}{
		{"", "", NoBody},
		{`{"a":1`, "", NotJSON},
		{`{"a":1} x`, "", NotJSON},
		{`{"a":1}`, "gzip", Undecodable},
		{`{"a":1}`, "lzma", UnknownCoding},
		{`{"a":1}`, "gzip, gzip, gzip, gzip", UnknownCoding},
		{string(deep), "", TooDeep},
		{"\xff", "", NotJSON},
		{`{"b":1}`, "", Absent},
		{`{"a":5}`, "", Same},
	} {
		rules := parse(t, "rewrite:\n  - {body: '$..a', set: 5}\n")
		got := sent(t, rules, replay.Base, request("POST", "/", c.body, "Content-Encoding", c.coding))
		assert.Equal(t, c.body, string(got.Body))
		assert.Equal(t, map[capture.Reason]uint64{c.want: 1}, rules.Report().Rules[0].Left, "%.20s", c.body)
	}
}

func TestCodedBodiesAreSentPlain(t *testing.T) {
	const doc = `{"a":1, "b":2}`
	var gz, br, zs bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write([]byte(doc))
	require.NoError(t, w.Close())
	b := brotli.NewWriter(&br)
	_, _ = b.Write([]byte(doc))
	require.NoError(t, b.Close())
	z, err := zstd.NewWriter(&zs)
	require.NoError(t, err)
	_, _ = z.Write([]byte(doc))
	require.NoError(t, z.Close())
	var zl, fl bytes.Buffer
	l := zlib.NewWriter(&zl)
	_, _ = l.Write([]byte(doc))
	require.NoError(t, l.Close())
	d, err := flate.NewWriter(&fl, 5)
	require.NoError(t, err)
	_, _ = d.Write([]byte(doc))
	require.NoError(t, d.Close())
	rules := parse(t, "rewrite:\n  - {body: $.a, set: 5}\n")
	for coding, body := range map[string]string{
		"gzip": gz.String(), "br": br.String(), "zstd": zs.String(), "deflate": zl.String(), "Deflate, identity": fl.String(),
	} {
		got := sent(t, rules, replay.Base, request("POST", "/", body, "A", "1", "Content-Encoding", coding, "B", "2"))
		assert.Equal(t, `{"a":5, "b":2}`, string(got.Body))
		assert.Equal(t, []string{"A: 1", "B: 2"}, lines(got.Header))
	}
	rules = parse(t, "rewrite:\n  - {body: $.z, set: 5}\n")
	got := sent(t, rules, replay.Base, request("POST", "/", gz.String(), "Content-Encoding", "gzip"))
	assert.Equal(t, gz.String(), string(got.Body), "what is not changed stays coded")
	assert.Equal(t, []string{"Content-Encoding: gzip"}, lines(got.Header))
}

func TestFormRules(t *testing.T) {
	const multi = "pre\r\n--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nold\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"csrf\"\r\n\r\n--bx\r\n\r\n--b--\r\nepi"
	for _, c := range []struct{ media, rule, body, want string }{
		{"application/x-www-form-urlencoded", "set: 'x y'", "a=%7E&csrf=1&b", "a=%7E&csrf=x+y&b"},
		{"application/x-www-form-urlencoded; charset=utf-8", "remove: true", "csrf=1", ""},
		{"multipart/form-data; boundary=b", "set: new", multi, "pre\r\n--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nnew\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"csrf\"\r\n\r\n--bx\r\n\r\n--b--\r\nepi"},
		{"multipart/form-data; boundary=b", "remove: true", multi, "pre\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"csrf\"\r\n\r\n--bx\r\n\r\n--b--\r\nepi"},
		{"multipart/form-data; boundary=b", "rename: token", multi, "pre\r\n--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nold\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"csrf\"\r\n\r\n--bx\r\n\r\n--b--\r\nepi"},
		{"multipart/form-data; boundary=b", "match: o, replace: 0", "--b\ncontent-disposition: form-data; name=csrf\n\no\n--b--", "--b\ncontent-disposition: form-data; name=csrf\n\n0\n--b--"},
		{"multipart/form-data; boundary=b", "set: x", "--b--\r\n", "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nx\r\n--b--\r\n"},
		{"multipart/form-data; boundary=b", "set: \"x\\n--b\"", multi, multi},
		{"multipart/form-data; boundary=b", "set: x", "--b\r\nno end", "--b\r\nno end"},
		{"text/plain", "set: x", "csrf=1", "csrf=1"},
	} {
		rules := parse(t, "rewrite:\n  - form: {name: csrf, "+c.rule+"}\n")
		got := sent(t, rules, replay.Base, request("POST", "/", c.body, "Content-Type", c.media))
		assert.Equal(t, c.want, string(got.Body), "%s %s", c.media, c.rule)
	}
}

func TestRulesAreForTheirSidesAndOperations(t *testing.T) {
	for _, c := range []struct {
		scope string
		side  replay.Side
		req   string
		want  bool
	}{
		{"side: branch", replay.Branch, "/", true},
		{"side: branch", replay.Base, "/", false},
		{"side: base", replay.Control, "/", true},
		{"side: control", replay.Base, "/", false},
		{"side: [to, branch]", replay.To, "/", true},
		{"operation: GET /orders/{id}", replay.To, "/orders/17?x", true},
		{"operation: GET /orders/{id}", replay.To, "/orders/17/lines", false},
		{"operation: GET /orders/{id}.json", replay.To, "/orders/a.b.json", true},
		{"operation: GET /orders/{id}", replay.To, "/orders/", false},
		{"operation: '* /o*/lines'", replay.To, "/orders/17/lines", true},
		{"operation: POST /", replay.To, "/", false},
		{"operation: [POST /, 'GET *']", replay.To, "http://h/x", true},
	} {
		rules := parse(t, "rewrite:\n  - set-header: {name: A, value: b}\n    "+c.scope+"\n")
		got := sent(t, rules, c.side, request("GET", c.req, ""))
		assert.Equal(t, c.want, got.Header.Has("A"), "%s: %s %s", c.scope, c.side, c.req)
	}
}

func TestASideWithoutRulesIsTheNextSender(t *testing.T) {
	next := replay.SenderFunc(nil)
	assert.IsType(t, next, parse(t, "rewrite:\n  - {remove-header: A, side: to}\n").Side(replay.Base, next))
	assert.IsType(t, next, (*Rules)(nil).Side(replay.Base, next))
	assert.Nil(t, (*Rules)(nil).Report())
	assert.NoError(t, (*Rules)(nil).Prepare(t.Context()))
}

func TestSecretsAreWithheldFromAnswersAndReports(t *testing.T) {
	rules := parse(t, "rewrite:\n  - set-header: {name: X-Key, value: 'k ${TOKEN}'}\n    reason: lent\n")
	recorded := &capture.Exchange{Request: request("GET", "/", "")}
	answer := rules.Side(replay.To, echo).Send(t.Context(), &replay.Ask{Recorded: recorded, Request: recorded.Request})
	assert.Equal(t, []string{"X-Key: [set by replay.yaml:3]"}, lines(answer.Request.Header))
	text, err := json.Marshal(rules.Report())
	require.NoError(t, err)
	assert.JSONEq(t, `{"file":"replay.yaml","rules":[{"line":3,"what":"set-header X-Key","reason":"lent","matched":1,"changed":1}]}`, string(text))
}

func TestABodyThatDecodesToTooMuchIsLeft(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write(make([]byte, 2<<20))
	require.NoError(t, w.Close())
	rules := parse(t, "rewrite:\n  - {body: $.a, set: 5}\n")
	got := sent(t, rules, replay.Base, request("POST", "/", gz.String(), "Content-Encoding", "gzip"))
	assert.Equal(t, gz.String(), string(got.Body))
	assert.Equal(t, map[capture.Reason]uint64{DecodedLimit: 1}, rules.Report().Rules[0].Left)
}

func TestAllKindsOfRulesCanWorkAtOnce(t *testing.T) {
	rules := parse(t, benchRules+"auth:\n  - bearer: {token: a}\ndates: {shift: now}\n")
	s := rules.Side(replay.Base, echo)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				e := &capture.Exchange{ID: capture.ID{1}, Request: request("POST", "/orders", order(), "Content-Type", "application/json")}
				s.Send(t.Context(), &replay.Ask{Recorded: e, Request: e.Request})
				rules.Report()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, Counts{Matched: 160, Changed: 160}, rules.Report().Rules[0].Counts)
	assert.Equal(t, Counts{Matched: 160, Changed: 160}, rules.Report().Dates.Counts)
}

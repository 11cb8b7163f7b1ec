package correlate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

func TestTheJarFollowsWhatTheSideSet(t *testing.T) {
	for name, c := range map[string]struct {
		recorded, side []string // Set-Cookie of the first answer
		path, sent     string   // of the second request
		want           string
	}{
		"another value":                      {[]string{"sid=r; Path=/"}, []string{"sid=s; Path=/"}, "/x", "sid=r", "sid=s"},
		"among others":                       {[]string{"sid=r; Path=/"}, []string{"sid=s; Path=/"}, "/x", "a=1;  sid=r ;b=2", "a=1;  sid=s ;b=2"},
		"one that only the side set":         {nil, []string{"new=1; Path=/"}, "/x", "a=1", "a=1; new=1"},
		"the only one":                       {nil, []string{"new=1; Path=/"}, "/x", "", "new=1"},
		"under another path":                 {nil, []string{"new=1; Path=/y"}, "/x", "a=1", "a=1"},
		"under this path":                    {nil, []string{"new=1; Path=/x"}, "/x/y", "a=1", "a=1; new=1"},
		"the default path":                   {nil, []string{"new=1"}, "/first/z", "a=1", "a=1; new=1"},
		"one that the side deleted":          {[]string{"sid=r"}, []string{"sid=; Max-Age=0"}, "/first/b", "a=1; sid=r; b=2", "a=1; b=2"},
		"deleted first in line":              {[]string{"sid=r"}, []string{"sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "/first/b", "sid=r; b=2", "b=2"},
		"deleted alone":                      {[]string{"sid=r"}, []string{"sid=; Max-Age=-1"}, "/first/b", "sid=r", ""},
		"deleted by both":                    {[]string{"sid=; Max-Age=0"}, []string{"sid=; Max-Age=0"}, "/first/b", "sid=r", "sid=r"},
		"Max-Age wins":                       {[]string{"sid=r; Path=/"}, []string{"sid=s; Path=/; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "/x", "sid=r", "sid=s"},
		"what the side did not set":          {[]string{"sid=r; Path=/"}, nil, "/x", "sid=r", "sid=r"},
		"what the client did not send":       {[]string{"sid=r; Path=/"}, []string{"sid=s; Path=/"}, "/x", "a=1", "a=1"},
		"the longest path":                   {[]string{"sid=r; Path=/", "sid=q; Path=/x"}, []string{"sid=s; Path=/", "sid=t; Path=/x"}, "/x", "sid=q", "sid=t"},
		"equal":                              {[]string{"sid=r; Path=/"}, []string{"sid=r; Path=/"}, "/x", "sid=r", "sid=r"},
		"no cookie at all":                   {nil, []string{"=x", "novalue", "a\x01=b"}, "/x", "sid=r", "sid=r"},
		"an attribute that is none":          {nil, []string{"new=1; Path=x; Max-Age=never; Domain=d; Secure"}, "/first/x", "", "new=1"},
		"a date of the old form in the past": {nil, []string{"new=1; Path=/; expires=Thu, 01-Jan-1970 00:00:00 GMT"}, "/x", "a=1", "a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			cookies := func(list []string) []string {
				var out []string
				for _, s := range list {
					out = append(out, "Set-Cookie: "+s)
				}
				return out
			}
			var k talk
			k.add("a", "GET /first/a", message{}, 200, message{header: cookies(c.recorded)})
			var header []string
			if c.sent != "" {
				header = []string{"Cookie: " + c.sent}
			}
			second := k.add("a", "GET "+c.path, message{header: header}, 200, message{})
			correlator := New(Defaults(), names{}, Limits{})
			var got []string
			side := answering(func(r *capture.Request) capture.Response {
				if r.Target == "/first/a" {
					return reply(200, "", cookies(c.side)...)
				}
				got = r.Header.Values("Cookie")
				return reply(200, "")
			})
			before := second.Clone()
			replayed(t, &k, correlator, map[replay.Side]replay.Sender{"to": side}, nil)
			assert.Equal(t, c.want, strings.Join(got, "|"))
			assert.Equal(t, before, second)
		})
	}
}

func TestSidesSessionsAndCopiesHaveJarsOfTheirOwn(t *testing.T) {
	var k talk
	for _, session := range []string{"a", "b"} {
		k.add(session, "GET /in", message{}, 200, message{header: []string{"Set-Cookie: sid=recorded"}})
		k.add(session, "GET /me", message{header: []string{"Cookie: sid=recorded"}}, 200, message{})
	}
	c := New(Defaults(), names{}, Limits{})
	var n counter
	sides := map[replay.Side]replay.Sender{}
	for _, name := range []replay.Side{"base", "branch"} {
		sides[name] = answering(func(r *capture.Request) capture.Response {
			if r.Target == "/in" {
				return reply(200, "", fmt.Sprintf("Set-Cookie: sid=%s%d", name, n.next()))
			}
			return reply(200, "")
		})
	}
	seen := map[string]bool{}
	for _, o := range replayed(t, &k, c, sides, func(r *replay.Runner) { r.Copies = 2 }) {
		for _, a := range o.Answers {
			if cookie := a.Request.Header.Get("Cookie"); cookie != "" {
				assert.True(t, strings.HasPrefix(cookie, "sid="+string(a.Side)), cookie)
				assert.False(t, seen[cookie], cookie)
				seen[cookie] = true
			}
		}
	}
	assert.Len(t, seen, 8)
	for _, tally := range c.Report().Cookies {
		assert.EqualValues(t, 4, tally.Replaced)
	}
}

// A connection that serves several clients carries cookies that other answers
// gave.
func TestALinkWinsWhereTheConnectionsCookieIsAnothers(t *testing.T) {
	var k talk
	for i := range 3 {
		k.add(fmt.Sprint("c", i), "GET /in", message{}, 200, message{header: []string{fmt.Sprintf("Set-Cookie: sid=r%d-a1b2c3; Path=/", i)}})
	}
	for i := range 9 {
		k.add(fmt.Sprint("c", i%3), fmt.Sprintf("GET /me?n=%d", i), message{header: []string{fmt.Sprintf("Cookie: sid=r%d-a1b2c3", (i+i/3)%3)}}, 200, message{})
	}
	c := New(Defaults().With(k.learn()), names{}, Limits{})
	var n counter
	given := map[string]string{}
	side := replay.SenderFunc(func(_ context.Context, ask *replay.Ask) replay.Answer {
		if ask.Request.Target == "/in" {
			return replay.Answer{Request: ask.Request, Response: reply(200, "", fmt.Sprintf("Set-Cookie: sid=side-%d; Path=/", n.next()))}
		}
		return replay.Answer{Request: ask.Request, Response: reply(200, "")}
	})
	out := replayed(t, &k, c, map[replay.Side]replay.Sender{"to": side}, nil)
	value := func(h capture.Header, name string) string {
		v, _, _ := strings.Cut(strings.TrimPrefix(h.Get(name), "sid="), ";")
		return v
	}
	for _, o := range out {
		if o.Recorded.Request.Target == "/in" {
			given[value(o.Recorded.Response.Header, "Set-Cookie")] = value(o.Answers[0].Response.Header, "Set-Cookie")
		}
	}
	for _, o := range out {
		if o.Recorded.Request.Target != "/in" {
			assert.Equal(t, given[value(o.Recorded.Request.Header, "Cookie")], value(o.Answers[0].Request.Header, "Cookie"), o.Recorded.Request.Target)
		}
	}
}

func TestAJarKeepsTheLatestCookies(t *testing.T) {
	var j jar
	for i := range 3 * maxJar {
		j.keep(setCookieField{name: fmt.Sprint("c", i), path: "/", value: "v"})
	}
	assert.Len(t, j.cookies, maxJar)
	assert.Nil(t, j.find("c0", "/"))
	assert.NotNil(t, j.find(fmt.Sprint("c", 3*maxJar-1), "/"))
}

func TestACookieEnds(t *testing.T) {
	c, ok := parseSetCookie("a=b; Max-Age=10", "/", t0)
	assert.True(t, ok)
	s := stored{side: isSet, expires: c.expires}
	assert.Equal(t, isSet, s.alive(t0.Add(9*time.Second)))
	assert.Equal(t, isDeleted, s.alive(t0.Add(10*time.Second)))
	c, _ = parseSetCookie("a=b; Max-Age=99999999999999999999", "/", t0)
	assert.Equal(t, t0.Add(maxAge*time.Second), c.expires)
}

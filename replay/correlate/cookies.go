package correlate

import (
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// cookieCounts says what became of the cookies of one side's requests.
type cookieCounts struct{ Replaced, Added, Removed, Unbound, Refused uint64 }

// sendCookies gives the request the cookies that a client of this side would
// send: those of the session's jar, else those that follow from a link.
func (s *side) sendCookies(ask *replay.Ask, l *links) {
	j := s.jar(ask.Session)
	last := -1
	for i := range ask.Request.Header {
		if strings.EqualFold(ask.Request.Header[i].Name, "Cookie") {
			last = i
		}
	}
	if j == nil && (last < 0 || l == nil || len(l.uses) == 0) {
		return
	}
	if j == nil {
		j = new(jar)
	}
	e := cookieEdit{side: s, jar: j, links: l, copied: ask.Copy, path: capture.PathOf(ask.Request.Target), now: s.now()}
	e.request(&ask.Request, last)
	s.mu.Lock()
	s.cookie.add(e.counts)
	s.mu.Unlock()
}

// jar returns the session's cookies, nil where no answer set any.
func (s *side) jar(session string) *jar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.jars.get(session); j != nil {
		return *j
	}
	return nil
}

func (c *cookieCounts) add(o cookieCounts) {
	c.Replaced += o.Replaced
	c.Added += o.Added
	c.Removed += o.Removed
	c.Unbound += o.Unbound
	c.Refused += o.Refused
}

// cookieEdit edits the Cookie fields of one request.
type cookieEdit struct {
	side   *side
	jar    *jar
	links  *links
	copied uint64
	path   string
	now    time.Time
	counts cookieCounts
}

// request edits the fields; last is the index of the last Cookie field, or -1.
func (e *cookieEdit) request(r *capture.Request, last int) {
	recorded := r.Header
	for i := range r.Header {
		if !strings.EqualFold(r.Header[i].Name, "Cookie") {
			continue
		}
		if value := e.field(r.Header[i].Value); value != r.Header[i].Value {
			setField(r, i, value)
		}
	}
	if more := e.more(recorded); more != "" {
		if last < 0 {
			r.Header = append(slices.Clip(slices.Clone(r.Header)), capture.Field{Name: "Cookie", Value: more})
		} else {
			value := r.Header[last].Value
			if value != "" {
				value += "; "
			}
			setField(r, last, value+more)
		}
	}
	if e.counts.Removed > 0 {
		r.Header = slices.DeleteFunc(slices.Clone(r.Header), func(f capture.Field) bool {
			return f.Value == "" && strings.EqualFold(f.Name, "Cookie")
		})
	}
}

// field edits one Cookie field; all but the values concerned stays as it is.
func (e *cookieEdit) field(value string) string {
	var out []byte
	at, end, removed := 0, 0, false
	for p := range pairsOf(value) {
		text := value[p.equals+1 : p.end]
		now, keep := e.pair(value[p.start:p.equals], text)
		switch {
		case !keep:
			out, at, removed = append(out, value[at:end]...), p.end, true
		case now != text:
			out, at = append(append(out, value[at:p.equals+1]...), now...), p.end
		}
		end = p.end
	}
	switch {
	case at == 0:
		return value
	case removed:
		return strings.TrimLeft(string(append(out, value[at:]...)), "; ")
	}
	return string(append(out, value[at:]...))
}

// sends reports whether the recorded request had the cookie.
func (e *cookieEdit) sends(h capture.Header, name string) bool {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cookie") {
			continue
		}
		for p := range pairsOf(h[i].Value) {
			if h[i].Value[p.start:p.equals] == name {
				return true
			}
		}
	}
	return false
}

// pair returns what the recorded cookie is on this side, and whether it is still
// there.
func (e *cookieEdit) pair(name, text string) (string, bool) {
	c := e.jar.find(name, e.path)
	known := untouched
	if c != nil {
		known = c.alive(e.now)
	}
	// A recorded value that this session was not given came by another way, such
	// as a connection that serves several clients.
	foreign := c != nil && c.recorded == isSet && c.was != hashText(text)
	if known == untouched || foreign {
		if now, ok := e.linked(name, text); ok {
			return now, true
		}
	}
	switch {
	case known == isSet:
		if c.value != text {
			e.counts.Replaced++
		}
		return c.value, true
	case known == isDeleted && c.recorded != isDeleted:
		e.counts.Removed++
		return "", false
	case c != nil && c.recorded == isSet:
		e.counts.Unbound++
	}
	return text, true
}

// linked returns what follows from a link.
func (e *cookieEdit) linked(name, text string) (string, bool) {
	if e.links == nil {
		return "", false
	}
	u := e.links.find(nameKey(Cookie, []byte(name)), hashText(text))
	if u == nil {
		return "", false
	}
	now, t, ok := e.side.resolve(u, e.copied, []byte(text))
	if !ok {
		return "", false
	}
	if !fieldText(now) || strings.ContainsAny(now, "; ") {
		t.bound.Add(^uint64(0))
		t.unbound.Add(1)
		return "", false
	}
	return now, true
}

// more returns the cookies that this side set and the recording did not, the
// longest paths first (RFC 6265 section 5.4).
func (e *cookieEdit) more(recorded capture.Header) string {
	var list []*stored
	for i := range e.jar.cookies {
		c := &e.jar.cookies[i]
		if c.alive(e.now) == isSet && c.recorded != isSet && pathMatches(e.path, c.path) && !e.sends(recorded, c.name) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.SortStableFunc(list, func(a, b *stored) int { return len(b.path) - len(a.path) })
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = c.name + "=" + c.value
	}
	e.counts.Added += uint64(len(list))
	return strings.Join(texts, "; ")
}

// keepCookies enters the Set-Cookie fields of the recorded answer and of the
// side's. A jar is not changed once it is stored: another goroutine may read it.
func (s *side) keepCookies(ask *replay.Ask, a *replay.Answer) {
	recorded := &ask.Recorded.Response
	if !recorded.Header.Has("Set-Cookie") && !a.Response.Header.Has("Set-Cookie") {
		return
	}
	path := capture.PathOf(ask.Request.Target)
	s.mu.Lock()
	defer s.mu.Unlock()
	j := new(jar)
	if known := s.jars.get(ask.Session); known != nil {
		j.cookies = append(make([]stored, 0, len((*known).cookies)+1), (*known).cookies...)
	}
	s.each(recorded.Header, path, recorded.End, j.note)
	s.each(a.Response.Header, path, s.now(), j.keep)
	s.jars.put(ask.Session, j, j.size())
}

func (s *side) each(h capture.Header, path string, now time.Time, do func(setCookieField)) {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Set-Cookie") {
			continue
		}
		if c, ok := parseSetCookie(h[i].Value, path, now); ok {
			do(c)
		} else {
			s.cookie.Refused++
		}
	}
}

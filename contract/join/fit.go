package join

import (
	"strings"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// likeness is how a call looks like an exchange. The target is the same where the
// call has it; the route alone may be all that is the same, where the recording is
// redacted or a proxy changed the path.
type likeness struct {
	method, target, route bool
	// query tells that both have one and it is the same; other, that it is not.
	query, other bool
	// status tells that it is the same, failed that it is another.
	status, failed bool
	// near is how far the starts are apart; timeless, that one is missing.
	near     time.Duration
	timeless bool
}

// requested reports whether the call can be the exchange's by what was asked.
func (l likeness) requested() bool { return l.method && (l.target || l.route) }

// fits reports whether it can be by all that is known.
func (l likeness) fits(skew time.Duration) bool {
	return l.requested() && !l.failed && (l.timeless || l.near <= skew)
}

// like compares an exchange with the spans of a call, each of which may be nil.
func like(h *heard, more map[*trace.Span]beside, spans ...*trace.Span) likeness {
	l := likeness{timeless: true}
	for _, s := range spans {
		if s == nil {
			continue
		}
		l.method = l.method || strings.EqualFold(methodOf(s), h.e.Request.Method)
		l.target = l.target || pathOf(s) == h.path
		l.route = l.route || s.HTTP.Route != "" && routeMatches(s.HTTP.Route, h.path)
		if q := more[s].query; q != 0 && h.query != 0 {
			l.query = l.query || q == h.query
			l.other = l.other || q != h.query
		}
		if s.HTTP.Status != 0 {
			l.status = l.status || s.HTTP.Status == h.e.Response.Status
			l.failed = l.failed || s.HTTP.Status != h.e.Response.Status
		}
		l.distance(h, s)
	}
	if l.status { // the caller may have seen another one than the recorder
		l.failed = false
	}
	return l
}

// distance takes the span's start in: each span is in a clock of its own. Within a
// client's span, the request may begin late: it waits for a connection.
func (l *likeness) distance(h *heard, s *trace.Span) {
	at := h.e.Request.Start
	if at.IsZero() || s.Start.IsZero() {
		return
	}
	d := at.Sub(s.Start).Abs()
	if s.Kind != trace.Server && at.After(s.Start) && !at.After(s.End) {
		d = 0
	}
	if l.timeless || d < l.near {
		l.near, l.timeless = d, false
	}
}

// routeMatches reports whether a path is of a route: "/products/{id}",
// "/products/:id", "/products/<int:id>", "/files/*".
func routeMatches(route, path string) bool {
	route, path = strings.Trim(route, "/"), strings.Trim(path, "/")
	for {
		r, restOfRoute, moreRoute := strings.Cut(route, "/")
		p, restOfPath, morePath := strings.Cut(path, "/")
		if isRest(r) {
			return true
		}
		if r != p && (!isVariable(r) || p == "") || moreRoute != morePath {
			return moreRoute && !morePath && isRest(restOfRoute) && (r == p || isVariable(r))
		}
		if !moreRoute {
			return true
		}
		route, path = restOfRoute, restOfPath
	}
}

func isVariable(segment string) bool {
	return strings.HasPrefix(segment, ":") || strings.ContainsAny(segment, "{<") || segment == "*"
}

// isRest reports whether a segment of a route stands for all that follows.
func isRest(segment string) bool {
	return segment == "**" || strings.HasPrefix(segment, "*") && len(segment) > 1 ||
		strings.HasPrefix(segment, "{*") || strings.HasSuffix(segment, "...}") || strings.HasPrefix(segment, "<path:")
}

// sameCall reports whether two exchanges are records of one call at two places,
// and no second try of it. One recorder saw them at the same time, on two
// connections; the clocks of two may be apart.
func sameCall(a, b *capture.Exchange, skew time.Duration) bool {
	if a.Request.Method != b.Request.Method || a.Response.Status != b.Response.Status ||
		capture.PathOf(a.Request.Target) != capture.PathOf(b.Request.Target) {
		return false
	}
	if a.Context.Agent != b.Context.Agent {
		return a.Request.Start.Sub(b.Request.Start).Abs() <= skew || overlap(a, b)
	}
	if a.Context.Connection == b.Context.Connection && a.Context.Connection != "" {
		return false
	}
	return overlap(a, b)
}

func overlap(a, b *capture.Exchange) bool {
	return !a.Request.Start.After(endOf(b)) && !b.Request.Start.After(endOf(a))
}

func endOf(e *capture.Exchange) time.Time {
	end := e.Request.Start
	for _, t := range [...]time.Time{e.Request.End, e.Response.Start, e.Response.End} {
		if t.After(end) {
			end = t
		}
	}
	return end
}

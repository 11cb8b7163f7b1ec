package join

import (
	"cmp"
	"slices"
	"strings"

	"twinspect.dev/capture/trace"
)

// lane holds the calls of a window that differ in time alone: what one service
// answered with one status at one path or route.
type lane struct {
	service string
	server  bool
	status  int
	calls   []int
	starts  []int64 // in the service's clock
}

type laneKey struct {
	at      string // a path or a route
	service string
	server  bool
	status  int
}

// lanes lead from a path, or from the route of calls whose path no span knows, to
// its calls in the order of time.
type lanes struct{ paths, routes map[string][]*lane }

func newLanes(calls []candidate) *lanes {
	l := &lanes{paths: make(map[string][]*lane), routes: make(map[string][]*lane)}
	order := make([]int, len(calls))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return calls[a].end.Start.Compare(calls[b].end.Start) })
	known := [2]map[laneKey]*lane{make(map[laneKey]*lane), make(map[laneKey]*lane)}
	for _, i := range order {
		pathless := true
		for _, s := range calls[i].spans {
			enter(l.paths, known[0], pathOf(s), i, calls[i].end)
			pathless = pathless && pathOf(s) == ""
		}
		for _, s := range calls[i].spans {
			if pathless {
				enter(l.routes, known[1], s.HTTP.Route, i, calls[i].end)
			}
		}
	}
	return l
}

func enter(to map[string][]*lane, known map[laneKey]*lane, at string, call int, end *trace.Span) {
	if at == "" {
		return
	}
	k := laneKey{at, end.Service, end.Kind == trace.Server, end.HTTP.Status}
	l := known[k]
	if l == nil {
		l = &lane{service: k.service, server: k.server, status: k.status}
		known[k] = l
		to[at] = append(to[at], l)
	}
	if n := len(l.calls); n == 0 || l.calls[n-1] != call {
		l.calls = append(l.calls, call)
		l.starts = append(l.starts, end.Start.UnixNano())
	}
}

// about are the lanes of the routes that a path is of.
func (l *lanes) about(path string) []*lane {
	var found []*lane
	for route, list := range l.routes {
		if routeMatches(route, path) {
			found = append(found, list...)
		}
	}
	slices.SortFunc(found, func(a, b *lane) int {
		return cmp.Or(strings.Compare(a.service, b.service), cmp.Compare(a.status, b.status), cmp.Compare(a.starts[0], b.starts[0]))
	})
	return found
}

// within are the calls that began in a time.
func (l *lane) within(b band) (from, to int) {
	from, _ = slices.BinarySearch(l.starts, b.from)
	to, _ = slices.BinarySearch(l.starts, b.to+1)
	return from, to
}

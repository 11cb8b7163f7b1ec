package join

import (
	"slices"

	"twinspect.dev/capture/trace"
)

// lane holds the calls of a window that differ in time alone: what one service
// answered with one status at one path or route.
type lane struct {
	clock  clock // of the service, of no recorder
	status int
	calls  []int
	starts []int64 // in the service's clock
	spans  int     // the most that a call of it has
	shut   []int   // from where to where calls were not compared, nil for none
}

type laneKey struct {
	at      string // a path or a route
	service string
	server  bool
	status  int
}

// lanesAt are those of one path or route.
type lanesAt struct {
	lanes []*lane
	shut  bool
}

// lanes lead from a path, or from the route of calls whose path no span knows, to
// its calls in the order of time.
type lanes struct {
	paths  map[string]*lanesAt
	routes byRoute[lanesAt]
	shut   bool
}

func newLanes(calls []candidate) *lanes {
	l := &lanes{paths: make(map[string]*lanesAt)}
	order := make([]int, len(calls))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return calls[a].end.Start.Compare(calls[b].end.Start) })
	known := [2]map[laneKey]*lane{make(map[laneKey]*lane), make(map[laneKey]*lane)}
	for _, i := range order {
		pathless := true
		for _, s := range calls[i].spans {
			path := pathOf(s)
			if path == "" {
				continue
			}
			pathless = false
			if l.paths[path] == nil {
				l.paths[path] = new(lanesAt)
			}
			l.paths[path].enter(known[0], path, i, &calls[i])
		}
		for _, s := range calls[i].spans {
			if pathless && s.HTTP.Route != "" {
				l.routes.at(s.HTTP.Route).enter(known[1], s.HTTP.Route, i, &calls[i])
			}
		}
	}
	return l
}

func (a *lanesAt) enter(known map[laneKey]*lane, at string, call int, c *candidate) {
	k := laneKey{at, c.end.Service, c.end.Kind == trace.Server, c.end.HTTP.Status}
	l := known[k]
	if l == nil {
		l = &lane{clock: clockOf(0, c.end), status: k.status}
		known[k] = l
		a.lanes = append(a.lanes, l)
	}
	if n := len(l.calls); n == 0 || l.calls[n-1] != call {
		l.calls = append(l.calls, call)
		l.starts = append(l.starts, c.end.Start.UnixNano())
		l.spans = max(l.spans, len(c.spans))
	}
}

// within are the calls that began in a time.
func (l *lane) within(b band) (from, to int) {
	from, _ = slices.BinarySearch(l.starts, b.from)
	to, _ = slices.BinarySearch(l.starts, b.to+1)
	return from, to
}

// close notes calls of which it is not known whose they may be.
func (l *lane) close(from, to int) {
	if l.shut == nil {
		l.shut = []int{from, to}
	}
	l.shut[0], l.shut[1] = min(l.shut[0], from), max(l.shut[1], to)
}

// closed are the calls that were not compared with all that they may be.
func (l *lanes) closed(calls int) []bool {
	all := make([]bool, calls)
	mark := func(at *lanesAt) {
		for _, l := range at.lanes {
			if at.shut {
				l.close(0, len(l.calls))
			}
			if l.shut != nil {
				for _, i := range l.calls[l.shut[0]:l.shut[1]] {
					all[i] = true
				}
			}
		}
	}
	for _, at := range l.paths {
		mark(at)
	}
	for _, at := range l.routes.of {
		mark(at)
	}
	if l.shut {
		for i := range all {
			all[i] = true
		}
	}
	return all
}

package openapi

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// routes finds the operation of a request. Those with the path of their server
// before them are apart from those without.
type routes struct {
	served, bare map[routeKey][]route
}

// routeKey is what a request and its route have in common at least.
type routeKey struct {
	method   string
	segments int
}

// route is the template of one operation.
type route struct {
	name     string
	segments []template
	slash    bool // the template ends in a slash
}

func newRoutes(operations []*Operation) routes {
	r := routes{served: make(map[routeKey][]route), bare: make(map[routeKey][]route)}
	for _, op := range operations {
		add(r.bare, op.Method, newRoute(op.Name, op.Path))
		for _, base := range op.bases {
			if base != "" {
				add(r.served, op.Method, newRoute(op.Name, base+op.Path))
			}
		}
	}
	for _, set := range []map[routeKey][]route{r.served, r.bare} {
		for _, list := range set {
			slices.SortFunc(list, compareRoutes)
		}
	}
	return r
}

func add(set map[routeKey][]route, method string, r route) {
	key := routeKey{method, len(r.segments)}
	set[key] = append(set[key], r)
}

// basePath returns the path of a server's URL without the slash at its end. Its
// variables are left in as they are: they fit any segment.
func basePath(server string) string {
	if _, rest, ok := strings.Cut(server, "://"); ok {
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			return ""
		}
		server = rest[i:]
	}
	base := strings.TrimRight(cutQuery(server), "/")
	if base == "" || strings.HasPrefix(base, "/") {
		return base
	}
	return "/" + base
}

func newRoute(name, path string) route {
	path = cutQuery(path)
	r := route{name: name, slash: strings.HasSuffix(path, "/")}
	for _, segment := range split(path) {
		r.segments = append(r.segments, newTemplate(segment))
	}
	return r
}

// compareRoutes orders routes of as many segments so that the one that is more
// concrete comes first; by name where they are alike.
func compareRoutes(a, b route) int {
	for i := range a.segments {
		if c := cmp.Compare(a.segments[i].rank(), b.segments[i].rank()); c != 0 {
			return c
		}
	}
	return strings.Compare(a.name, b.name)
}

func (r routes) name(method, target string) string {
	path := pathOf(target)
	if path == "" {
		return ""
	}
	segments := split(path)
	for i, s := range segments {
		if decoded, err := url.PathUnescape(s); err == nil {
			segments[i] = decoded
		}
	}
	key := routeKey{method, len(segments)}
	slash := strings.HasSuffix(path, "/")
	if name := find(r.served[key], segments, slash); name != "" {
		return name
	}
	return find(r.bare[key], segments, slash)
}

// find returns the name of the first route that fits. Of routes that differ in
// nothing but the slash at the end, the one that has it as the request does wins.
func find(list []route, segments []string, slash bool) string {
	for i := range list {
		if !list[i].fits(segments) {
			continue
		}
		best := list[i]
		for _, other := range list[i+1:] {
			if best.slash != slash && other.slash == slash && other.fits(segments) && sameRank(best, other) {
				best = other
			}
		}
		return best.name
	}
	return ""
}

func sameRank(a, b route) bool {
	return slices.EqualFunc(a.segments, b.segments, func(s, t template) bool { return s.rank() == t.rank() })
}

func (r *route) fits(segments []string) bool {
	for i, t := range r.segments {
		if !t.fits(segments[i]) {
			return false
		}
	}
	return true
}

// pathOf returns the path of a request-target in origin form or absolute form,
// "" for the others.
func pathOf(target string) string {
	if !strings.HasPrefix(target, "/") {
		_, rest, ok := strings.Cut(target, "://")
		if !ok {
			return ""
		}
		if i := strings.IndexAny(rest, "/?#"); i >= 0 && rest[i] == '/' {
			target = rest[i:]
		} else {
			target = "/"
		}
	}
	return cutQuery(target)
}

func cutQuery(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return path[:i]
	}
	return path
}

// split returns the segments of a path without the slashes at its ends.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

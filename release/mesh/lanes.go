package mesh

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// LaneRoute is where one request goes in each lane.
type LaneRoute struct {
	// Request is as it was given, without a lane; Count is how often.
	Request      Request
	Count        int
	Base, Branch Route
}

// Lanes checks where each of the requests goes in the base's and in the
// branch's lane of these routes. Requests that do not differ in what a route
// could look at are checked once. Every finding is in the error, joined; the
// routes of the requests without one are returned all the same.
func (s *Snapshot) Lanes(spec Routes, requests []Request) ([]LaneRoute, error) {
	at := map[string]int{}
	var out []LaneRoute
	for _, r := range requests {
		k := key(r)
		if i, ok := at[k]; ok {
			out[i].Count++
			continue
		}
		at[k] = len(out)
		out = append(out, LaneRoute{Request: r, Count: 1})
	}
	good := out[:0]
	var findings []error
	for _, l := range out {
		if err := s.lane(spec, &l); err != nil {
			findings = append(findings, err)
			continue
		}
		good = append(good, l)
	}
	return good, errors.Join(findings...)
}

func (s *Snapshot) lane(spec Routes, l *LaneRoute) error {
	var errBase, errBranch error
	l.Base, errBase = s.Route(l.Request.InLane(spec, LaneBase))
	l.Branch, errBranch = s.Route(l.Request.InLane(spec, LaneBranch))
	if err := errors.Join(errBase, errBranch); err != nil {
		return err
	}
	if l.Base.Host == l.Branch.Host && l.Base.Port == l.Branch.Port && !disjoint(l.Base.Labels, l.Branch.Labels) {
		return fault(ErrSplit, "give each lane a subset whose labels exclude the other's",
			"%s: both lanes may be answered by the same endpoints of %s (base %s, branch %s)",
			l.Request.withDefaults(), l.Base.Host, labelText(l.Base.Labels), labelText(l.Branch.Labels))
	}
	return nil
}

// key holds all of a request that a match can look at.
func key(r Request) string {
	var b strings.Builder
	r = r.withDefaults()
	fmt.Fprintf(&b, "%q %q %q %d %q %q %q", r.Namespace, r.Gateway, r.Host, r.Port, r.Method, r.Scheme, r.Path)
	for _, m := range []map[string]string{r.Labels, flat(r)} {
		for _, k := range sortedKeys(m) {
			fmt.Fprintf(&b, " %q=%q", k, m[k])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func flat(r Request) map[string]string {
	out := map[string]string{}
	for name := range maps.Keys(r.Header) {
		out[strings.ToLower(name)] = strings.Join(headerValues(r.Header, name), "\n")
	}
	return out
}

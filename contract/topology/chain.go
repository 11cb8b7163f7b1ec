package topology

import (
	"slices"
	"strings"
	"time"

	"twinspect.dev/capture/trace"
)

// Query says which calls are looked for. What is "" or 0 does not matter.
type Query struct {
	// Service was called, and Operation is what; a "*" in either stands for anything.
	Service, Operation string
	// Status is how it ended, as trace.Call.Outcome says it, a class of HTTP statuses
	// such as "5xx", or "failed" for whatever failed.
	Status      string
	MinDuration time.Duration
	// Limit is how many chains [Chains] keeps, 10 where it is 0.
	Limit int
}

// Chain is a call that was looked for, with all that led to it.
type Chain struct {
	Tree *trace.Tree
	Call *trace.Call
	// Path leads from the root to the call, both included.
	Path []*trace.Call
}

// Match finds the call in t that fits: of several the one that took longest, of
// these the one that began first.
func (q Query) Match(t *trace.Tree) (Chain, bool) {
	var best *trace.Call
	up := map[*trace.Call]*trace.Call{}
	stack := []*trace.Call{t.Root}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if q.fits(c) && (best == nil || c.Duration() > best.Duration()) {
			best = c
		}
		for _, child := range slices.Backward(c.Children) {
			up[child] = c
			stack = append(stack, child)
		}
	}
	if best == nil {
		return Chain{}, false
	}
	path := []*trace.Call{best}
	for c := up[best]; c != nil; c = up[c] {
		path = append(path, c)
	}
	slices.Reverse(path)
	return Chain{Tree: t, Call: best, Path: path}, true
}

func (q *Query) fits(c *trace.Call) bool {
	return !c.Synthetic() && c.Duration() >= q.MinDuration &&
		like(q.Service, c.Service) && like(q.Operation, c.Operation) && q.ended(c)
}

func (q *Query) ended(c *trace.Call) bool {
	switch want := q.Status; {
	case want == "":
		return true
	case want == "failed":
		return c.Failed()
	case len(want) == 3 && want[1:] == "xx":
		got := c.Outcome()
		return len(got) == 3 && got[0] == want[0]
	default:
		return want == c.Outcome()
	}
}

// like reports whether text, which is made only where it is needed, is what the
// pattern says.
func like(pattern string, text func() string) bool {
	if pattern == "" || pattern == "*" {
		return true
	}
	parts, rest := strings.Split(pattern, "*"), text()
	if len(parts) == 1 {
		return pattern == rest
	}
	rest, ok := strings.CutPrefix(rest, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if !ok || i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}

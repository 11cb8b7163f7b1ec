package trace

import (
	"slices"
	"time"
)

// frame is a call on the way down, with how far its caller's clock is behind that
// of the root's service.
type frame struct {
	call  *Call
	shift time.Duration
	above *Span
}

// clocks moves every call to the clock of the root's service and orders siblings
// by it. It walks with a list of its own: a chain of calls may be deep.
func (b *builder) clocks() {
	stack := []frame{{call: b.tree.Root}}
	for len(stack) > 0 {
		f := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		inner := f.shift
		if s := f.call.Span(); s != nil {
			caller := f.call.Client
			if caller == nil || f.call.Server == nil {
				caller = f.above
			}
			own := skew(caller, s)
			if own != 0 {
				b.tree.Shifted++
			}
			inner += own
			if f.call.Client != nil && f.call.Server != nil {
				f.call.Began = f.call.Client.Start.Add(f.shift)
			} else {
				f.call.Began = s.Start.Add(inner)
			}
			f.above = s
		}
		for _, c := range f.call.Children {
			stack = append(stack, frame{c, inner, f.above})
		}
	}
	b.order = nil
	sortSiblings(b.tree.Root)
}

// skew estimates how far the clock of s is from that of its caller: 0 where s
// lies within the caller's time, or runs on the same machine, or need not lie
// within it, as what handles a message. The middle of what is left is the best
// guess for the time that the network took, equal both ways; a span longer than
// its caller begins with it. (So does Jaeger's query service.)
func skew(caller, s *Span) time.Duration {
	if caller == nil || caller == s || caller.Service == s.Service || s.Kind == Consumer || caller.Kind == Producer {
		return 0
	}
	if caller.Start.IsZero() || s.Start.IsZero() || caller.End.IsZero() {
		return 0
	}
	if !s.Start.Before(caller.Start) && !s.End.After(caller.End) {
		return 0
	}
	room := max(0, caller.Duration()-s.Duration())
	return caller.Start.Add(room / 2).Sub(s.Start)
}

func sortSiblings(root *Call) {
	stack := []*Call{root}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], c.Children...)
		slices.SortStableFunc(c.Children, func(a, b *Call) int { return a.Began.Compare(b.Began) })
	}
}

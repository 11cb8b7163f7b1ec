package locate

import (
	"strings"

	"twinspect.dev/capture/trace"
	"twinspect.dev/diff"
)

// Compare returns the calls that differ, in the order in which base makes them:
// removed, added, repeated, or with another outcome (changed). What was asked
// itself, the root, is no call. Of a call that only one side makes, the calls
// beneath it are not told.
func Compare(base, other *trace.Tree) []diff.Change {
	b, o := grouped(base), grouped(other)
	c := comparison{}
	c.walk(pair{b, o}, chain{b.key.String()})
	return c.changes
}

type comparison struct {
	changes []diff.Change
}

// chain leads from the root to a call.
type chain []string

// maxLinks bounds a chain: the root stays, and the links before the end. Services
// that ask each other deeper than that do so in a circle.
const maxLinks = 16

func (c chain) String() string { return strings.Join(c, " > ") }

func (c chain) with(k key) chain {
	link := cut(k.String())
	if len(c) < maxLinks {
		return append(c[:len(c):len(c)], link)
	}
	out := append(make(chain, 0, maxLinks), c[0], "...")
	return append(append(out, c[3:]...), link)
}

func (c *comparison) walk(caller pair, at chain) {
	for _, p := range pairs(caller.base, caller.other) {
		here := at.with(p.key())
		switch {
		case p.other == nil:
			c.add(here, diff.Removed, times(p.base.count), "")
			continue
		case p.base == nil:
			c.add(here, diff.Added, "", times(p.other.count))
			continue
		}
		if repeats(caller, p) {
			kind := diff.Repeated
			if p.other.count < p.base.count {
				kind = diff.Removed
			}
			c.add(here, kind, times(p.base.count), times(p.other.count))
		}
		if b, o := unlike(p.base, p.other); b != o {
			c.add(here, diff.Changed, b, o)
		}
		c.walk(p, here)
	}
}

func (c *comparison) add(at chain, kind diff.Kind, base, other string) {
	c.changes = append(c.changes, diff.Change{
		Place: diff.Place{Part: diff.Call, Path: at[len(at)-1]},
		Kind:  kind, At: at.String(), Base: base, Other: other,
	})
}

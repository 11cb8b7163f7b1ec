package noise

import (
	"slices"
	"strings"

	"twinspect.dev/diff"
)

// maxExamples is how many occurrences a difference shows.
const maxExamples = 3

// maxText bounds each text that is kept, in bytes. Changes come with values cut
// to about 600; the bound is for what is not. Places that are equal so far are
// one.
const maxText = 1024

// examples holds the first occurrences, before them those in which control does
// not differ: they show the difference without noise.
type examples struct {
	list  []diff.Example
	quiet int // how many at the front are without noise
}

// wants reports whether one more would be kept.
func (x *examples) wants(noisy bool) bool {
	return len(x.list) < maxExamples || !noisy && x.quiet < maxExamples
}

func (x *examples) add(e diff.Example, noisy bool) {
	if len(x.list) == maxExamples {
		x.list = x.list[:maxExamples-1]
	}
	at := len(x.list)
	if !noisy {
		at = x.quiet
		x.quiet++
	}
	x.list = slices.Insert(x.list, at, e)
}

// example returns the change as an example that shares no memory with o, and
// takes its bytes from room.
func (o *Observation) example(ch *diff.Change, room *int) diff.Example {
	texts := [...]string{o.Exchange, o.Method, o.Target, ch.At, ch.Base, ch.Other, o.controlAt(ch)}
	for i, s := range texts {
		texts[i] = shorten(s)
		*room -= len(texts[i])
	}
	return diff.Example{
		Exchange: texts[0], Method: texts[1], Target: texts[2],
		At: texts[3], Base: texts[4], Branch: texts[5], Control: texts[6],
	}
}

// controlAt returns what control gave at the place of the change, where that
// differs from base.
func (o *Observation) controlAt(ch *diff.Change) string {
	for i := range o.Control {
		if c := &o.Control[i]; c.At == ch.At && c.Place == ch.Place {
			return c.Other
		}
	}
	return ""
}

// shorten returns a copy of s that is cut to maxText bytes.
func shorten(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strings.Clone(s)
}

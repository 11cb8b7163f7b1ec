package noise

import (
	"cmp"
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

// occurrence is an example with what decides whether it is kept.
type occurrence struct {
	diff.Example
	noisy bool // control differs there as well
	rank  uint64
}

// compare puts first those in which control does not differ, as they show the
// difference without noise, and goes by rank among the others.
func (e *occurrence) compare(other *occurrence) int {
	if e.noisy != other.noisy {
		if other.noisy {
			return -1
		}
		return 1
	}
	if e.rank != other.rank {
		return cmp.Compare(e.rank, other.rank)
	}
	return compareTexts(&e.Example, &other.Example)
}

// occurrenceSize is what an occurrence takes besides its texts: seven strings of
// 16 bytes, the rank, and whether it is noisy.
const occurrenceSize = 128

func (e *occurrence) texts() [7]*string {
	return [...]*string{&e.Exchange, &e.Method, &e.Target, &e.At, &e.Base, &e.Branch, &e.Control}
}

// size is what it takes, in bytes.
func (e *occurrence) size() int {
	n := occurrenceSize
	for _, s := range e.texts() {
		n += len(*s)
	}
	return n
}

// clone makes its texts share no memory with what it was taken from.
func (e *occurrence) clone() {
	for _, s := range e.texts() {
		*s = strings.Clone(*s)
	}
}

// examples holds the first occurrences, in order.
type examples []occurrence

// wants reports whether one more could be kept.
func (x examples) wants(noisy bool, rank uint64) bool {
	if len(x) < maxExamples {
		return true
	}
	last := &x[len(x)-1]
	return !noisy && last.noisy || noisy == last.noisy && rank <= last.rank
}

// add keeps e if it is among the first, and takes its bytes from room.
func (x *examples) add(e *occurrence, room *int) {
	if len(*x) == maxExamples {
		last := &(*x)[maxExamples-1]
		if e.compare(last) >= 0 {
			return
		}
		*room += last.size()
		*x = (*x)[:maxExamples-1]
	}
	at, _ := slices.BinarySearchFunc(*x, e, func(a occurrence, b *occurrence) int { return a.compare(b) })
	e.clone()
	*room -= e.size()
	*x = slices.Insert(*x, at, *e)
}

func (x examples) list() []diff.Example {
	var list []diff.Example
	for i := range x {
		list = append(list, x[i].Example)
	}
	return list
}

// occurrence returns the change as an example, which still shares its memory
// with o.
func (o *Observation) occurrence(ch *diff.Change, noisy bool, rank uint64) occurrence {
	return occurrence{noisy: noisy, rank: rank, Example: diff.Example{
		Exchange: shorten(o.Exchange), Method: shorten(o.Method), Target: shorten(o.Target),
		At: shorten(ch.At), Base: shorten(ch.Base), Branch: shorten(ch.Other), Control: shorten(o.controlAt(ch)),
	}}
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

// shorten cuts s to maxText bytes.
func shorten(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

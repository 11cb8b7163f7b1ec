package noise

import (
	"cmp"
	"slices"

	"twinspect.dev/diff/class"
)

// learned is the class that base's and control's values of a cell leave to it,
// and how often control itself left it.
//
// # Control against the class
//
// A branch value is held against the class that all control values leave in the
// end. No control value can lie outside of that, as it has its part in it. So
// that branch and control stay exchangeable, the sessions are put in the order
// of their [Rank], and control's value of each outcome is held against what the
// sessions before its own, and base's value of its own, leave in common. Under
// the null hypothesis branch leaves that in as many sessions as control does,
// given the sessions before: what is known before a session is the same whichever
// of its sides is called branch. What is known in the end is no narrower, so that
// held against it branch leaves no more often. (Of classes that overlap without
// one being within the other, such as hex and base64, that holds but for values
// that are of the first alone.)
//
// Branch is given the blocks in which it leaves the class, which are no more than
// the sessions; control the outcomes in which it does, which are no fewer. So the
// count of branch is at most, and that of control at least, what the test asks
// for, and the e-value stays valid. What a [Profile] knows is known before the
// first session, and changes nothing in this.
//
// Rank is as good as any order that does not look at the answers, and with it
// the count is the same however the outcomes came. The obvious other way, to
// hold each control value against all the others, is not valid: two control
// values out of class excuse each other, so that the count is 0 where branch
// would have had 2.
//
// # What has to be kept
//
// Of the outcomes with the same classes on base and the same on control only
// those of the session of the lowest rank can leave the class: for the others it
// holds no more than their own have in common. So it is enough to keep that rank,
// and how many outcomes have it.
type learned struct {
	// common is what all values have in common; class.All until there is one.
	common  class.Set
	lessons []lesson
	// beyond is how many control values left the class among outcomes that
	// found no room in lessons, held against what was known when they came.
	beyond uint64
}

// lesson is the outcomes with one pair of classes: what those of base's changed
// values have in common, and what those of control's.
type lesson struct {
	base, control class.Set
	rank          uint64 // the lowest of their sessions
	n             uint64 // how many have that rank
}

// maxLessons bounds the lessons of a cell, as maxClasses does its values. It is
// reached where values of a place are of every form there is.
const maxLessons = 32

func (x *learned) add(s lesson) {
	before := x.common
	x.common &= s.base & s.control
	for i := range x.lessons {
		if known := &x.lessons[i]; known.base == s.base && known.control == s.control {
			known.join(s)
			return
		}
	}
	if len(x.lessons) < maxLessons {
		x.lessons = append(x.lessons, s)
		return
	}
	if leaves(s.control, before&s.base) {
		x.beyond += s.n
	}
}

func (s *lesson) join(other lesson) {
	switch {
	case other.rank < s.rank:
		s.rank, s.n = other.rank, other.n
	case other.rank == s.rank:
		s.n += other.n
	}
}

// violations returns how many outcomes had a control value that left what was
// known before them; known is what was before the first.
func (x *learned) violations(known class.Set) uint64 {
	n := x.beyond
	ordered := slices.SortedFunc(slices.Values(x.lessons), func(a, b lesson) int { return cmp.Compare(a.rank, b.rank) })
	for len(ordered) > 0 {
		same := 1 // outcomes of one session teach each other nothing
		for same < len(ordered) && ordered[same].rank == ordered[0].rank {
			same++
		}
		after := known
		for _, s := range ordered[:same] {
			if leaves(s.control, known&s.base) {
				n += s.n
			}
			after &= s.base & s.control
		}
		known, ordered = after, ordered[same:]
	}
	return n
}

// leaves reports whether a value with these classes leaves what was learned:
// it lacks the class that says the most.
func leaves(value, learned class.Set) bool {
	return learned != class.All && !value.Has(learned.Most())
}

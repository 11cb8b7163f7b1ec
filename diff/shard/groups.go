package shard

import (
	"hash/fnv"

	"twinspect.dev/capture"
)

// maxGroupMembers bounds the sessions and the exchanges that [Groups] tells apart:
// together below 200 MiB. What comes later stands for itself.
const maxGroupMembers = 1 << 21

// Groups are sessions that belong to one worker, because one uses what an answer
// in the other gave. It is filled by one goroutine, and may be read by many once
// it is.
type Groups struct {
	parent  map[uint64]uint64     // of a session's hash, where it is not its own
	session map[capture.ID]uint64 // of an exchange that was seen
}

// NewGroups returns groups of one session each.
func NewGroups() *Groups {
	return &Groups{parent: make(map[uint64]uint64), session: make(map[capture.ID]uint64)}
}

// Observe takes in one exchange of the recording and those before it whose
// answers it needs.
func (g *Groups) Observe(e *capture.Exchange, needs []capture.ID) {
	own := hashOf(e.SessionKey())
	if len(g.session) < maxGroupMembers {
		g.session[e.ID] = own
	}
	for _, id := range needs {
		if giver, known := g.session[id]; known {
			g.join(own, giver)
		}
	}
}

func (g *Groups) join(a, b uint64) {
	a, b = g.root(a), g.root(b)
	if a != b && len(g.parent) < maxGroupMembers {
		g.parent[a] = b
	}
}

// root returns what stands for the group of a session, and shortens the way to it
// (path halving).
func (g *Groups) root(session uint64) uint64 {
	for {
		up, joined := g.parent[session]
		if !joined {
			return session
		}
		if next, more := g.parent[up]; more {
			g.parent[session] = next
		}
		session = up
	}
}

// Close ends the filling: from here on groups are only read.
func (g *Groups) Close() {
	g.session = nil
	for session := range g.parent {
		g.parent[session] = g.root(session)
	}
}

// of returns what stands for the group of a session.
func (g *Groups) of(session string) uint64 {
	hash := hashOf(session)
	if root, joined := g.parent[hash]; joined {
		return root
	}
	return hash
}

// hashOf is FNV-1a, whose low bits depend on the low bits of the text alone, with
// the finalizer of MurmurHash3.
func hashOf(session string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(session)) // does not fail
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

package redact

import "encoding/binary"

// verdicts remember what was said of names, by place.
type verdicts [places]struct {
	known map[string]*judged
	// recent are those that were asked last, by their slot: an exchange repeats
	// the names of the one before.
	recent [recents]*judged
}

type judged struct {
	name    string
	verdict verdict
}

const (
	// maxKnown is more names than a service has; at their longest they take 1 MB
	// for all places.
	maxKnown = 1024
	// recents is a few times the names of one exchange.
	recents = 256
)

func newVerdicts() *verdicts {
	c := new(verdicts)
	for i := range c {
		c[i].known = make(map[string]*judged)
	}
	return c
}

// slot tells names apart by their length, beginning and end.
func slot(name []byte) uint64 {
	n := len(name)
	h := uint64(n)
	if n >= 8 {
		h ^= binary.LittleEndian.Uint64(name) ^ binary.LittleEndian.Uint64(name[n-8:])<<1
	} else {
		for _, c := range name {
			h = h<<8 | uint64(c)
		}
	}
	return h * 0x9E3779B97F4A7C15 >> 56 // Fibonacci hashing, to recents
}

// verdict judges a name found at a place.
func (p *pass) verdict(at place, name []byte) verdict {
	c := &p.cache[at]
	recent := &c.recent[slot(name)]
	if j := *recent; j != nil && j.name == string(name) {
		return j.verdict
	}
	if len(name) > maxName {
		return p.view.names[at].of(string(name))
	}
	j := c.known[string(name)]
	if j == nil {
		if len(c.known) >= maxKnown {
			clear(c.known)
		}
		j = &judged{name: string(name)}
		j.verdict = p.view.names[at].of(j.name)
		c.known[j.name] = j
	}
	*recent = j
	return j.verdict
}

package correlate

import "twinspect.dev/replay"

// Report says what the rules did. It holds no values.
type Report struct {
	Links   []Link        `json:"links"`
	Cookies []CookieTally `json:"cookies,omitempty"`
	// Evicted counts what was dropped to stay within the limits; a use of it was
	// not replaced.
	Evicted Evicted `json:"evicted"`
	// Skipped counts values beyond the bounds of one exchange, and bodies that
	// could not be encoded again.
	Skipped uint64 `json:"skipped,omitempty"`
}

// Link is one rule and what it did.
type Link struct {
	Rule
	// Invalid is why the rule could not be applied, if so.
	Invalid string `json:"invalid,omitempty"`
	// Uses is how many values were seen at the place that uses, Unknown how many
	// of them the rule's giver had not given.
	Uses    uint64  `json:"uses"`
	Unknown uint64  `json:"unknown"`
	Sides   []Tally `json:"sides,omitempty"`
}

// Tally is what a rule did on one side.
type Tally struct {
	Side replay.Side `json:"side"`
	// Bound values were replaced by what the side gave, Differing ones were
	// others than recorded. Unbound ones were sent as recorded: the side gave
	// nothing in their place. A value that several rules lead to is counted by
	// the one that had it, an unbound one by the first.
	Bound     uint64 `json:"bound"`
	Unbound   uint64 `json:"unbound"`
	Differing uint64 `json:"differing"`
}

// CookieTally is what the cookie jars of one side did.
type CookieTally struct {
	Side replay.Side `json:"side"`
	// Replaced have another value than recorded, Added the side alone had set,
	// Removed the side had deleted.
	Replaced uint64 `json:"replaced"`
	Added    uint64 `json:"added"`
	Removed  uint64 `json:"removed"`
	// Unbound were sent as recorded: the recording's answer had set them, the
	// side's had not.
	Unbound uint64 `json:"unbound"`
	// Refused are Set-Cookie fields that no client would take.
	Refused uint64 `json:"refused"`
}

// Evicted counts recorded values, and over all sides answers and cookie jars.
type Evicted struct {
	Values   uint64 `json:"values"`
	Answers  uint64 `json:"answers"`
	Sessions uint64 `json:"sessions"`
}

// Report returns the account so far. It may be called at any time.
func (c *Correlator) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report{Links: make([]Link, len(c.rules)), Skipped: c.lost.Load()}
	r.Evicted.Values = c.evicted.Load()
	for i, rule := range c.rules {
		r.Links[i] = Link{Rule: rule.Rule, Uses: rule.uses.Load(), Unknown: rule.unknown.Load()}
		if rule.invalid != nil {
			r.Links[i].Invalid = rule.invalid.Error()
		}
		for _, s := range c.sides {
			t := &s.tally[i]
			r.Links[i].Sides = append(r.Links[i].Sides, Tally{s.name, t.bound.Load(), t.unbound.Load(), t.differing.Load()})
		}
	}
	for _, s := range c.sides {
		s.report(&r)
	}
	return r
}

func (s *side) report(r *Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Evicted.Answers += s.bound.evicted
	r.Evicted.Sessions += s.jars.evicted
	if s.Correlator.jars {
		c := s.cookie
		r.Cookies = append(r.Cookies, CookieTally{s.name, c.Replaced, c.Added, c.Removed, c.Unbound, c.Refused})
	}
}

package diff

// Replay says how the sides were asked.
type Replay struct {
	// Pace is when requests were sent, such as "max" or "500/s".
	Pace string `json:"pace"`
	// Workers is how many sent them, where it was more than one.
	Workers  uint64    `json:"workers,omitempty"`
	Lateness *Lateness `json:"lateness,omitempty"`
	Lanes    []Lane    `json:"lanes,omitempty"`
	// Links are the values that answers gave and that later requests used.
	Links []Link `json:"links,omitempty"`
	// Rewrites are the rules by which requests were changed.
	Rewrites []Rewrite `json:"rewrites,omitempty"`
}

// Lateness says how much later than planned requests were sent, in milliseconds.
// Latencies do not hold it: under much lateness they show less load than was
// asked for.
type Lateness struct {
	Planned uint64  `json:"planned"`
	P50     float64 `json:"p50_ms"`
	P90     float64 `json:"p90_ms"`
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
}

// Lane says how many answers of a side proved the version that they came from.
type Lane struct {
	Side      string `json:"side"`
	Lane      string `json:"lane"`
	Attested  uint64 `json:"attested"`
	Misrouted uint64 `json:"misrouted"`
}

// Link is a place in answers whose value is used at a place of later requests.
// It holds no values.
type Link struct {
	// From and To are the operation and the place in it: "POST /orders body $.id"
	// and "GET /orders/{id} path segment 2".
	From string `json:"from"`
	To   string `json:"to"`
	// Source is "learned", or the place of the rule that says so.
	Source string     `json:"source"`
	Sides  []LinkSide `json:"sides"`
}

// LinkSide counts the requests to one side in which the link's value stood.
type LinkSide struct {
	Side string `json:"side"`
	// Bound were sent with the value that the side gave, Differing those among
	// them in which it is not the recorded one.
	Bound     uint64 `json:"bound"`
	Differing uint64 `json:"differing"`
	// Unbound were sent with the recorded value, as the side gave none.
	Unbound uint64 `json:"unbound"`
}

// Rewrite is a rule that changes requests, and what it did.
type Rewrite struct {
	// Where is the place of the rule, such as "replay.yaml:12".
	Where   string `json:"where"`
	What    string `json:"what"`
	Changed uint64 `json:"changed"`
	// Left are requests that the rule applied to and could not change.
	Left uint64 `json:"left,omitempty"`
}

// Misrouted returns how many answers came from another version than was asked
// for.
func (r *Replay) Misrouted() uint64 {
	var n uint64
	for _, l := range r.Lanes {
		n += l.Misrouted
	}
	return n
}

// Unbound returns how many requests were sent with a recorded value in the place
// of one that the side should have given.
func (r *Replay) Unbound() uint64 {
	var n uint64
	for _, l := range r.Links {
		for _, s := range l.Sides {
			n += s.Unbound
		}
	}
	return n
}

package diff

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"twinspect.dev/capture"
)

// Replay says how the sides were asked.
type Replay struct {
	// Pace is when requests were sent, such as "max" or "500/s".
	Pace string `json:"pace"`
	// Workers is how many sent them, where it was more than one.
	Workers uint64 `json:"workers,omitempty"`
	// Sustained is the highest rate that an adaptive pace found the sides to bear,
	// in exchanges a second over all workers; 0 where none was sought or found.
	Sustained float64   `json:"sustained_per_second,omitempty"`
	Lateness  *Lateness `json:"lateness,omitempty"`
	Lanes     []Lane    `json:"lanes,omitempty"`
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
	// Buckets is the distribution, as in [LatencyInfo]; the quantiles are those of
	// the buckets, whose resolution is 9 %.
	Buckets []LatencyBucket `json:"buckets,omitempty"`
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
	// Left are requests that the rule was for and did not change, by reason.
	Left map[capture.Reason]uint64 `json:"left,omitempty"`
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

// Merge returns what r and o tell together: of two workers, or of two parts of a
// run. Either may be nil. It shares no memory with them, and the order in which
// parts are merged shows in nothing but the order of the lists.
func (r *Replay) Merge(o *Replay) *Replay {
	if r == nil || o == nil {
		return clone(r, o)
	}
	m := &Replay{Pace: r.Pace, Workers: max(r.Workers, o.Workers), Lateness: r.Lateness.merge(o.Lateness)}
	m.Sustained = r.Sustained + o.Sustained
	m.Lanes = mergeBy(r.Lanes, o.Lanes, func(l *Lane) [2]string { return [2]string{l.Side, l.Lane} }, func(a, b *Lane) {
		a.Attested += b.Attested
		a.Misrouted += b.Misrouted
	})
	m.Links = mergeBy(r.Links, o.Links, func(l *Link) [3]string { return [3]string{l.From, l.To, l.Source} }, func(a, b *Link) {
		a.Sides = mergeBy(a.Sides, b.Sides, func(s *LinkSide) string { return s.Side }, func(a, b *LinkSide) {
			a.Bound += b.Bound
			a.Differing += b.Differing
			a.Unbound += b.Unbound
		})
	})
	m.Rewrites = mergeBy(r.Rewrites, o.Rewrites, func(w *Rewrite) [2]string { return [2]string{w.Where, w.What} }, func(a, b *Rewrite) {
		a.Changed += b.Changed
		a.Left = maps.Clone(a.Left)
		for reason, n := range b.Left {
			if a.Left == nil {
				a.Left = make(map[capture.Reason]uint64)
			}
			a.Left[reason] += n
		}
	})
	return m
}

func clone(r, o *Replay) *Replay {
	if r == nil {
		r = o
	}
	if r == nil {
		return nil
	}
	return r.Merge(&Replay{})
}

// mergeBy returns the entries of a and of b, those of equal keys added up.
func mergeBy[E any, K comparable](a, b []E, key func(*E) K, add func(to, from *E)) []E {
	at := make(map[K]int, len(a)+len(b))
	var merged []E
	for _, list := range [][]E{a, b} {
		for i := range list {
			k := key(&list[i])
			if j, known := at[k]; known {
				add(&merged[j], &list[i])
				continue
			}
			at[k] = len(merged)
			merged = append(merged, list[i])
		}
	}
	return merged
}

func (l *Lateness) merge(o *Lateness) *Lateness {
	switch {
	case l == nil && o == nil:
		return nil
	case l == nil:
		l = &Lateness{}
	case o == nil:
		o = &Lateness{}
	}
	buckets := mergeBy(l.Buckets, o.Buckets, func(b *LatencyBucket) float64 { return b.UpTo }, func(a, b *LatencyBucket) {
		a.Count += b.Count
	})
	return LatenessOf(buckets, max(l.Max, o.Max))
}

// LatenessOf sums up a distribution, whose buckets may come in any order; most
// is the greatest lateness, in milliseconds.
func LatenessOf(buckets []LatencyBucket, most float64) *Lateness {
	l := &Lateness{Max: most, Buckets: slices.Clone(buckets)}
	l.Buckets = slices.DeleteFunc(l.Buckets, func(b LatencyBucket) bool { return b.Count == 0 })
	slices.SortFunc(l.Buckets, func(a, b LatencyBucket) int { return cmp.Compare(a.UpTo, b.UpTo) })
	for _, b := range l.Buckets {
		l.Planned += b.Count
	}
	l.P50, l.P90, l.P99 = l.at(0.5), l.at(0.9), l.at(0.99)
	return l
}

// at returns the upper end of the bucket in which the quantile lies.
func (l *Lateness) at(quantile float64) float64 {
	rank, seen := uint64(math.Ceil(quantile*float64(l.Planned))), uint64(0)
	for _, b := range l.Buckets {
		if seen += b.Count; seen >= rank {
			return min(b.UpTo, l.Max)
		}
	}
	return 0
}

// Since returns what r tells and an earlier look at the same run, which may be
// nil, did not yet: counts less its counts. The greatest lateness is that of the
// whole.
func (r *Replay) Since(before *Replay) *Replay {
	if before == nil {
		return r.Merge(nil)
	}
	return r.Merge(before.negative())
}

// negative returns the counts that undo those of r, in the arithmetic of unsigned
// numbers.
func (r *Replay) negative() *Replay {
	n := r.Merge(nil)
	n.Sustained = -n.Sustained
	for i := range n.Lanes {
		n.Lanes[i].Attested, n.Lanes[i].Misrouted = -n.Lanes[i].Attested, -n.Lanes[i].Misrouted
	}
	for i := range n.Links {
		n.Links[i].Sides = slices.Clone(n.Links[i].Sides)
		for j := range n.Links[i].Sides {
			s := &n.Links[i].Sides[j]
			s.Bound, s.Differing, s.Unbound = -s.Bound, -s.Differing, -s.Unbound
		}
	}
	for i := range n.Rewrites {
		w := &n.Rewrites[i]
		w.Changed, w.Left = -w.Changed, maps.Clone(w.Left)
		for reason, count := range w.Left {
			w.Left[reason] = -count
		}
	}
	if n.Lateness != nil {
		for i := range n.Lateness.Buckets {
			n.Lateness.Buckets[i].Count = -n.Lateness.Buckets[i].Count
		}
	}
	return n
}

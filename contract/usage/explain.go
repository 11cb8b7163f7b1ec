package usage

import (
	"cmp"
	"math"
	"slices"
)

// cover is a part of a value that was sent.
type cover struct {
	val        uint16
	begin, end uint8
}

func (a cover) overlaps(b cover) bool { return a.val == b.val && a.begin < b.end && b.begin < a.end }

// rivals are the candidates for one place of what is sent.
type rivals struct {
	list []*candidate
	// horizon is the hash up to which all of their flows have their samples.
	horizon uint64
	// taken is what is explained, by the sample's hash.
	taken map[uint64][]cover
}

// explain marks the candidates that others explain: at each place of what is sent
// the strongest first, each next one only if it explains what is left.
func (j *judgement) explain(origins []*origin) {
	type sink struct {
		flowKey
		into *spot
	}
	at := make(map[sink]*rivals)
	var order []*rivals
	for _, o := range origins {
		for i := range j.of[o] {
			c := &j.of[o][i]
			key := sink{c.flow.flowKey, c.into}
			if at[key] == nil {
				at[key] = &rivals{horizon: math.MaxUint64, taken: make(map[uint64][]cover)}
				order = append(order, at[key])
			}
			r := at[key]
			r.list = append(r.list, c)
			if w := c.flow; w.full {
				r.horizon = min(r.horizon, w.samples[len(w.samples)-1].hash)
			}
		}
	}
	for _, r := range order {
		r.settle()
	}
}

func (r *rivals) settle() {
	for _, c := range r.list {
		r.read(c)
	}
	slices.SortStableFunc(r.list, compareRivals)
	var accepted []*candidate
	for _, c := range r.list {
		if c.logE < minLog {
			c.explained = len(accepted) > 0
			continue
		}
		if len(accepted) > 0 {
			if rest := r.rest(c); rest.logE < minLog || c.way == computed && !rest.often() {
				c.explained = true
				continue
			}
		}
		accepted = append(accepted, c)
		r.take(c)
	}
	for _, a := range accepted {
		r.share(a)
	}
}

// compareRivals puts first what explains more, by the surer comparison, and comes
// with less that is not sent.
func compareRivals(a, b *candidate) int {
	return cmp.Or(
		compareBool(b.logE >= minLog, a.logE >= minLog), cmp.Compare(b.covers, a.covers),
		cmp.Compare(a.way.class(), b.way.class()), cmp.Compare(a.spare, b.spare), cmp.Compare(a.way, b.way),
		compareOrigins(a.origin, b.origin), cmp.Compare(a.from.place(), b.from.place()),
	)
}

// common are the samples of a flow that all flows have if they have such.
func (r *rivals) common(w *flow) []sample {
	n, _ := slices.BinarySearchFunc(w.samples, r.horizon, func(s sample, h uint64) int { return cmp.Compare(s.hash, h) })
	if n < len(w.samples) && w.samples[n].hash == r.horizon {
		n++
	}
	return w.samples[:n]
}

// read finds what a candidate explains.
func (r *rivals) read(c *candidate) {
	samples := r.common(c.flow)
	c.seen = make([][]cover, len(samples))
	for i := range samples {
		given := part(samples[i].given, c.from.id, c.way)
		given = slices.DeleteFunc(slices.Clone(given), func(e entry) bool { return e.stale })
		c.seen[i] = covers(given, part(samples[i].sent, c.into.id, 0))
		for _, v := range c.seen[i] {
			c.covers += int(v.end) - int(v.begin)
		}
		c.spare += len(given)
	}
}

func covers(given, sent []entry) (out []cover) {
	for i, j := 0, 0; i < len(given) && j < len(sent); {
		switch c := cmp.Compare(given[i].hash, sent[j].hash); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			out = append(out, cover{sent[j].val, sent[j].begin, sent[j].end})
			j++
		}
	}
	slices.SortFunc(out, func(a, b cover) int {
		return cmp.Or(cmp.Compare(a.val, b.val), cmp.Compare(a.begin, b.begin), cmp.Compare(b.end, a.end))
	})
	return slices.CompactFunc(out, cover.overlaps)
}

// take leaves out from now on what a candidate explains.
func (r *rivals) take(c *candidate) {
	samples := r.common(c.flow)
	for i, seen := range c.seen {
		if len(seen) > 0 {
			r.taken[samples[i].hash] = append(r.taken[samples[i].hash], seen...)
		}
	}
}

// rest tests a candidate on what is not explained yet.
func (r *rivals) rest(c *candidate) outcome {
	samples := r.common(c.flow)
	col := c.flow.column(c.key(), samples)
	for i := range samples {
		taken := r.taken[samples[i].hash]
		if len(taken) == 0 {
			continue
		}
		left := make([]entry, 0, len(col.sent[i]))
		for _, e := range col.sent[i] {
			at := cover{e.val, e.begin, e.end}
			if !slices.ContainsFunc(taken, at.overlaps) {
				left = append(left, e)
			}
		}
		col.sent[i] = left
	}
	return col.test()
}

// share tells those that explain exactly what an accepted one does, as surely and
// with as little beside, together with it.
func (r *rivals) share(a *candidate) {
	group := []*candidate{a}
	for _, c := range r.list {
		if c.explained && c.logE >= minLog && c.way.class() == a.way.class() && c.spare == a.spare && c.covers == a.covers &&
			!slices.ContainsFunc(group, func(g *candidate) bool { return g.origin == c.origin && g.from == c.from }) && r.same(a, c) {
			group = append(group, c)
		}
	}
	for _, c := range group {
		c.explained, c.shares = false, len(group)
	}
}

func (r *rivals) same(a, b *candidate) bool {
	explains := func(c *candidate) map[uint64][]cover {
		m, samples := make(map[uint64][]cover), r.common(c.flow)
		for i, seen := range c.seen {
			if len(seen) > 0 {
				m[samples[i].hash] = seen
			}
		}
		return m
	}
	of, other := explains(a), explains(b)
	if len(of) != len(other) {
		return false
	}
	for hash, seen := range of {
		if !slices.Equal(seen, other[hash]) {
			return false
		}
	}
	return true
}

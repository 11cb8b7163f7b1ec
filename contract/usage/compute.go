package usage

import (
	"cmp"
	"slices"
)

// series are the numbers that one place had in the calls of a group, in order.
type series struct {
	at    *spot
	items []decimal
	// own says that they are of the origin at hand; stale that none was news.
	own, stale bool
}

// amounts reports whether any of the numbers has a fraction.
func (s *series) amounts() bool {
	return slices.ContainsFunc(s.items, func(d decimal) bool { return d.e < 0 })
}

// gather appends the series of some values.
func gather(to []series, values []value, own bool) []series {
	for i := range values {
		v := &values[i]
		if !v.numeric || v.kind == text && len(v.text) > 12 {
			continue
		}
		j := slices.IndexFunc(to, func(s series) bool { return s.at == v.at })
		if j < 0 {
			if len(to) >= maxSeries {
				continue
			}
			to = append(to, series{at: v.at, own: own, stale: true})
			j = len(to) - 1
		}
		if s := &to[j]; len(s.items) < maxItems {
			s.items = append(s.items, v.dec)
			s.stale = s.stale && !v.fresh
		}
	}
	return to
}

// choose leaves the series that are computed with: the most likely of each kind.
func choose(all []series) []series {
	slices.SortStableFunc(all, func(a, b series) int {
		return cmp.Or(compareBool(b.own, a.own), compareBool(b.amounts(), a.amounts()))
	})
	own, other := 0, 0
	return slices.DeleteFunc(all, func(s series) bool {
		if s.own {
			own++
			return own > maxOwn
		}
		other++
		return other > maxOther
	})
}

// compute appends what the consumer may have computed out of its own series, with
// others: sums, and products with series as long, or with single numbers, and the
// sums of these; differences and sums of two amounts of one response.
func compute(to []entry, all []series) []entry {
	for i := range all {
		s := &all[i]
		if !s.own {
			break
		}
		e := entry{at: s.at.id, way: computed, stale: s.stale}
		to = total(to, e, s.items)
		for j := range all {
			f := &all[j]
			if i == j || len(f.items) != 1 && len(f.items) != len(s.items) {
				continue
			}
			to = products(to, e, s.items, f.items)
			if f.own && s.amounts() && f.amounts() {
				to = differences(to, e, s.items, f.items)
			}
		}
	}
	return to
}

func total(to []entry, e entry, items []decimal) []entry {
	if len(items) < 2 {
		return to
	}
	var sum decimal
	for _, d := range items {
		var ok bool
		if sum, ok = sum.plus(d); !ok {
			return to
		}
	}
	return result(to, e, sum)
}

func products(to []entry, e entry, items, factors []decimal) []entry {
	var buf [16]decimal
	list, changed := buf[:0], false
	for i, d := range items {
		f := factors[min(i, len(factors)-1)]
		p, ok := d.times(f)
		if !ok {
			return to
		}
		list = append(list, p)
		changed = changed || p != d && p != f
		if p.c != 0 && p != d && p != f {
			to = result(to, e, p)
			if len(factors) == 1 {
				to = share(to, e, d, f, p)
			}
		}
	}
	if !changed {
		return to
	}
	return total(to, e, list)
}

// share appends what the product p of an amount and a rate in hundredths or
// thousandths is, alone and on top of the amount, whichever of the two that is.
func share(to []entry, e entry, d, f, p decimal) []entry {
	for _, n := range [...]int{-2, -3} {
		part := p.shift(n)
		to = result(to, e, part)
		for _, base := range [...]decimal{d, f} {
			if sum, ok := base.plus(part); ok {
				to = result(to, e, sum)
			}
		}
	}
	return to
}

func differences(to []entry, e entry, items, others []decimal) []entry {
	for i, d := range items {
		o := others[min(i, len(others)-1)]
		if d.c == 0 || o.c == 0 {
			continue
		}
		if less, ok := d.plus(o.negated()); ok && less.c > 0 {
			to = result(to, e, less)
		}
		if more, ok := d.plus(o); ok {
			to = result(to, e, more)
		}
	}
	return to
}

// result appends a number, and as it is rounded to cents.
func result(to []entry, e entry, d decimal) []entry {
	if d.c == 0 {
		return to
	}
	e.hash = d.hash()
	to = append(to, e)
	if r, ok := d.cents(); ok && r.c != 0 {
		e.hash = r.hash()
		to = append(to, e)
	}
	return to
}

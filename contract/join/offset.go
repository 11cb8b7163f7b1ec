package join

import (
	"math"
	"slices"
	"time"
)

// band is from where to where values are, both included.
type band struct{ from, to int64 }

func (b band) has(v int64) bool { return v >= b.from && v <= b.to }

func (b band) width() int64 { return b.to - b.from }

func (b band) after(t int64) band { return band{b.from + t, b.to + t} }

func (b band) wider(by int64) band { return band{b.from - by, b.to + by} }

// offset is how far a clock is behind a recorder's in some time, with what the
// network and the recorder take.
type offset struct {
	from, to int64
	// lag holds nearly all, lagAll those of slow moments too; over and overAll are
	// those of the duration.
	lag, lagAll, over, overAll band
	// alike is the share of pairs that are none whose duration fits as well.
	alike float64
	// unknown: no offset stands out, although much was seen, or no more fits than by
	// chance. loose: little was seen, and that agrees.
	unknown, loose bool
}

func (o offset) found() bool { return !o.unknown && !o.loose }

func (o offset) widened(by int64) offset {
	o.lag, o.lagAll = o.lag.wider(by), o.lagAll.wider(by)
	return o
}

func (o offset) middle() int64 { return o.lag.from + o.lag.width()/2 }

const (
	// leastSure is how many exchanges with trace context tell of an offset, the
	// extremes of which leave one in ten out.
	leastSure = 16
	// leastPeak is how many pairs stand out by their number alone.
	leastPeak = 12
	// leastSeen is how many pairs are many enough that an offset had to stand out.
	leastSeen = 64
	// slack is what times are rounded to, and what the scheduler takes.
	slack = int64(500 * time.Microsecond)
	// slow is what a collection of garbage, or a busy processor, adds now and then.
	slow = int64(20 * time.Millisecond)
)

// offsetOf learns of the pairs of one clock in some time. Those by trace context
// count where they are enough.
func offsetOf(pairs []pairing, skew time.Duration) (offset, bool) {
	o := offset{from: pairs[0].at, to: pairs[len(pairs)-1].at}
	var sure, all, near []int64
	for _, p := range pairs {
		if p.sure {
			sure = append(sure, p.lag)
			continue
		}
		all = append(all, p.lag)
		if p.lag >= -int64(skew) && p.lag <= int64(skew) {
			near = append(near, p.lag)
		}
	}
	found := len(sure) >= leastSure
	if found {
		o.lag = bulk(sure)
	} else {
		slices.Sort(all)
		slices.Sort(near)
		if o.lag, found = peak(near, int64(skew)); !found {
			o.lag, found = peak(all, searched(skew))
		}
	}
	o.unknown = !found
	if !found {
		return o, len(near) >= leastSeen
	}
	o.lagAll = o.lag.wider(o.lag.width() + slack)
	o.lagAll.to = max(o.lagAll.to, o.lag.to+slow)
	o.over = band{math.MinInt64 / 2, math.MaxInt64 / 2}
	o.overAll = o.over
	o.alike = 1
	var overs, others []int64
	for _, p := range pairs {
		switch {
		case p.over == unknownOver:
		case !o.lagAll.has(p.lag):
			others = append(others, p.over)
		case o.lag.has(p.lag) && (p.sure || len(sure) < leastSure):
			overs = append(overs, p.over)
		}
	}
	if len(overs) >= leastPeak {
		o.over = bulk(overs)
		o.overAll = o.over.wider(o.over.width() + slack)
		o.overAll.to = max(o.overAll.to, o.over.to+slow)
		o.alike = share(others, o.overAll)
	}
	return o, true
}

// share is how many of values are in a band, by Laplace's rule.
func share(values []int64, in band) float64 {
	n := 1.0
	for _, v := range values {
		if in.has(v) {
			n++
		}
	}
	return n / float64(len(values)+1)
}

// bulk is where all values but one in a hundred at each end are, and a little more.
func bulk(values []int64) band {
	slices.Sort(values)
	out := len(values) / 100
	return band{values[out], values[len(values)-1-out]}.wider(slack / 10)
}

// widths are those that a peak may have, in which lags are counted.
var widths = [...]time.Duration{500 * time.Microsecond, 2 * time.Millisecond, 8 * time.Millisecond, 32 * time.Millisecond}

// peak finds where values, sorted, are so dense that it is no chance: pairs of
// exchanges with spans of others are spread over all of the time within far. The
// same stands out at another place where requests come at a beat: then none is
// taken.
func peak(values []int64, far int64) (band, bool) {
	for _, w := range widths {
		width := int64(w)
		at, best := densest(values, width, band{math.MaxInt64, math.MaxInt64})
		chance := float64(len(values)-best) * float64(width) / float64(2*far)
		chance = max(chance, float64(count(values, band{at - about*width, at + about*width})-best)/(2*about))
		if best < leastPeak || float64(best) < chance+8*math.Sqrt(chance+1) {
			continue
		}
		around := band{at - 2*width, at + 3*width}
		if _, second := densest(values, width, around); 2*(float64(second)-chance) > float64(best)-chance {
			continue
		}
		return spreadOf(values, at, width, int(2*chance)+best/100), true
	}
	return band{}, false
}

// densest is where most values lie within a width, beside those of a band.
func densest(values []int64, width int64, beside band) (at int64, most int) {
	from := 0
	for i, v := range values {
		for v-values[from] > width {
			from++
		}
		if beside.has(v) || beside.has(values[from]) {
			continue
		}
		if n := i - from + 1; n > most {
			at, most = values[from], n
		}
	}
	return at, most
}

// about is how many widths to each side of a peak tell of chance too: where the
// recording ends, pairs lie to one side alone.
const about = 32

// count is how many of values, sorted, are in a band.
func count(values []int64, in band) int {
	i, _ := slices.BinarySearch(values, in.from)
	j, _ := slices.BinarySearch(values, in.to+1)
	return j - i
}

// spreadOf extends a peak to both sides as long as there are more than few values.
func spreadOf(values []int64, at, width int64, few int) band {
	b := band{at, at + width}
	for range 64 {
		if count(values, band{b.to + 1, b.to + width}) <= few {
			break
		}
		b.to += width
	}
	for range 64 {
		if count(values, band{b.from - width, b.from - 1}) <= few {
			break
		}
		b.from -= width
	}
	return b.wider(width / 4)
}

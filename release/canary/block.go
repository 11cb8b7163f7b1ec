package canary

import "math"

// block is what one look saw.
type block struct {
	na, ya float64 // canary: requests, bad ones
	nb, yb float64 // baseline
}

// empty blocks say nothing about a difference.
func (b block) empty() bool { return b.na == 0 || b.nb == 0 }

// side is the side of the boundary on which the alternative is.
type side int8

const (
	worse side = 1  // the null is a-b <= δ
	safe  side = -1 // the null is a-b >= δ
)

// rates is a pair of rates of the canary and of the baseline.
type rates struct{ a, b float64 }

// minRate keeps alternatives from being certain, so that no single request ends a
// process: less than one failure in a million requests is not told from none.
const minRate = 1e-6

// alternative is effect beyond the boundary at the base rate, or as far as rates go. A
// canary that is better than a quarter of its baseline's rate is not looked for.
func (s side) alternative(base, delta, effect float64) rates {
	b := min(max(base, minRate), 1-minRate)
	a := b + delta + float64(s)*effect
	return rates{min(max(a, b/4), 1-minRate), b}
}

// beyond tells whether r is an alternative at all.
func (s side) beyond(r rates, delta float64) bool { return float64(s)*(r.a-r.b-delta) > 0 }

// project returns the point of the boundary a = b+delta that is the closest to the
// alternative in relative entropy for a block of na and nb requests: where the slope
//
//	na (b+δ-a*)/((b+δ)(1-b-δ)) + nb (b-b*)/(b(1-b))
//
// is 0. It increases in b, and either term is 0 at one end of the bracket or has its
// pole there, so that the root is within. Newton's steps are bisected where they leave
// the bracket, which at least halves in every other one.
func project(alt rates, delta, na, nb float64) rates {
	low := max(0, -delta, min(alt.a-delta, alt.b))
	high := min(1, 1-delta, max(alt.a-delta, alt.b))
	x := min(max((na*(alt.a-delta)+nb*alt.b)/(na+nb), low), high)
	if x <= low || x >= high {
		x = low + (high-low)/2
	}
	for range 80 {
		a := x + delta
		va, vb := a*(1-a), x*(1-x)
		p, q := na*(a-alt.a)/va, nb*(x-alt.b)/vb
		slope := p + q
		if slope > 0 {
			high = x
		} else {
			low = x
		}
		// The mean of the e-value is off by no more than exp(|slope|).
		if math.Abs(slope) < 1e-9 || high-low <= 1e-15*x {
			break
		}
		curve := (na-p*(1-2*a))/va + (nb-q*(1-2*x))/vb
		if x -= slope / curve; !(x > low && x < high) {
			x = low + (high-low)/2
		}
	}
	return rates{x + delta, x}
}

// logE is the logarithm of the block's e-value for one alternative.
func (b block) logE(s side, alt rates, delta float64) float64 {
	if b.empty() || !s.beyond(alt, delta) {
		return 0
	}
	null := project(alt, delta, b.na, b.nb)
	if !(null.a > 0 && null.a < 1 && null.b > 0 && null.b < 1) {
		return 0 // the projection is not told from a corner: no bet
	}
	return b.ya*math.Log(alt.a/null.a) + (b.na-b.ya)*math.Log((1-alt.a)/(1-null.a)) +
		b.yb*math.Log(alt.b/null.b) + (b.nb-b.yb)*math.Log((1-alt.b)/(1-null.b))
}

// logAdd returns log(exp(x)+exp(y)).
func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if x-y > 40 || math.IsInf(x, -1) { // what is added is below the last digit
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}

// maxE is what e-values are bounded by, less than the threshold of no chance at all.
const maxE = 1e300

func exp(x float64) float64 { return min(math.Exp(x), maxE) }

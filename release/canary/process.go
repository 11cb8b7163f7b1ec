package canary

import "math"

// process is the test of one null: for each effect of a grid a product of e-values.
type process struct {
	side    side
	delta   float64
	effects []float64 // beyond the boundary
	weights []float64 // logarithms; their exponentials sum up to 1
	capital []float64 // logarithms of the products, with what was staked later
	looks   float64   // that were not empty
	// now is the logarithm of the e-value, best the greatest that it was.
	now, best float64
	// tempered is the mean of 1/dispersion of the looks, by their weight.
	tempered, weight float64
}

func newProcess(s side, delta float64, effects, weights []float64) *process {
	p := &process{side: s, delta: delta, effects: effects, weights: weights}
	p.capital = make([]float64, len(effects))
	return p
}

// stake returns the logarithms of what is bet anew at the look, counted from 1, and of
// what is kept for later ones.
func (p *process) stake(look float64) (staked, kept float64) {
	switch {
	case p.side == safe && look == 1:
		return 0, math.Inf(-1)
	case p.side == safe:
		return math.Inf(-1), math.Inf(-1)
	case look == 1:
		return -math.Ln2, -math.Ln2
	}
	return -math.Log(2 * look * (look - 1)), -math.Log(2 * look)
}

// add takes a look in, at the base rates that it may have, all as likely, and with its
// e-values raised to 1/dispersion.
func (p *process) add(b block, bases []float64, dispersion float64) {
	p.looks++
	staked, kept := p.stake(p.looks)
	sum := kept
	for k, effect := range p.effects {
		before := staked
		if p.looks > 1 {
			before = logAdd(p.capital[k], staked)
		}
		p.capital[k] = before + p.bet(b, bases, effect)/dispersion
		sum = logAdd(sum, p.weights[k]+p.capital[k])
	}
	p.now = sum * p.correction(b, dispersion)
	p.best = max(p.best, p.now)
}

// correction is what the e-value is raised to as what is known of the dispersion now was
// not when the looks before were taken in: at most 1, so that it reaches a threshold
// only if it does without.
func (p *process) correction(b block, dispersion float64) float64 {
	w := b.na / (b.na + b.nb) * b.nb // the inverse variance of the difference
	p.tempered += w / dispersion
	p.weight += w
	return min(1, p.weight/p.tempered/dispersion)
}

// bet is the logarithm of the mean of the block's e-values over the base rates.
func (p *process) bet(b block, bases []float64, effect float64) float64 {
	sum := math.Inf(-1)
	for _, base := range bases {
		sum = logAdd(sum, b.logE(p.side, p.side.alternative(base, p.delta, effect), p.delta))
	}
	return sum - math.Log(float64(len(bases)))
}

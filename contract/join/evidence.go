package join

import "math"

// evidence is what was seen of a clock by which no offset stands out.
type evidence struct{ near, far float64 }

func (e *evidence) add(pairs []pairing, skew int64) {
	for _, p := range pairs {
		if p.lag >= -skew && p.lag <= skew {
			e.near++
		} else if !p.sure {
			e.far += float64(p.thin)
		}
	}
}

// mostChance is how likely it may be that chance alone made as many pairs within the
// skew.
const mostChance = 0.01

// agrees reports whether there are more pairs within the skew than chance explains:
// those of others lie as densely there as beyond it, up to far. A call of its own
// kind, far and wide, is evidence; one of a kind that comes all the time is none.
func (e *evidence) agrees(skew, far int64) bool {
	expected := e.far * float64(skew) / float64(far-skew)
	return e.near > 0 && tail(e.near, expected) <= mostChance
}

// tail is how likely a Poisson variable is n or more.
func tail(n, mean float64) float64 {
	term := math.Exp(-mean)
	below := 0.0
	for k := 0.0; k < n; k++ {
		below += term
		term *= mean / (k + 1)
	}
	return 1 - below
}

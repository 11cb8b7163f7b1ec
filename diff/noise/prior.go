package noise

import (
	"fmt"
	"math"
	"strconv"

	"twinspect.dev/diff/class"
)

// A nil *known knows nothing.

// taught is the class that earlier runs left to the values.
func (k *known) taught() class.Set {
	if k == nil {
		return class.All
	}
	return k.Classes
}

// quarter is what the evidence of a noisy cell weighs where that of a quiet one
// weighs 1, and noisyRate from which rate on a cell is as noisy as that. What
// sets a noisy cell apart takes two pairs more then, as each doubles an e-value,
// and quiet ones are proven the sooner, as the mean of the weights is 1.
const (
	quarter   = 0.25
	noisyRate = 0.01
)

// weight is what the cell's evidence weighs in relation to that of others. It
// depends on earlier runs alone.
func (k *known) weight() float64 {
	if k == nil {
		return 1
	}
	return 1 - (1-quarter)*min(1, k.Differing/k.Outcomes/noisyRate)
}

// likely is how probable differences must be to be explained by a rate.
const likely = 0.05

// makesLikely reports whether n outcomes at the rate that is known would differ
// in at least x blocks with a probability of at least likely. The rate is not
// known exactly: with the prior of Jeffreys it has a beta distribution, and the
// differences have a beta-binomial one.
func (k *known) makesLikely(n, x uint64) bool {
	if k == nil || x > n {
		return false
	}
	a, b, m := k.Differing+0.5, k.Outcomes-k.Differing+0.5, float64(n)
	// The probability of none, and each further by the one before.
	p := math.Exp(lgamma(b+m) - lgamma(b) + lgamma(a+b) - lgamma(a+b+m))
	below := 0.0
	for i := range x {
		below += p
		if below > 1-likely {
			return false
		}
		f := float64(i)
		p *= (m - f) * (a + f) / ((f + 1) * (b + m - f - 1))
	}
	return true
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// reason tells what is known.
func (k *known) reason() string {
	runs := fmt.Sprintf("%d earlier runs", k.Runs)
	if k.Runs == 1 {
		runs = "an earlier run"
	}
	return fmt.Sprintf("in %s base differed from itself here in %s of %s", runs, thousands(k.Differing), thousands(k.Outcomes))
}

// thousands shows a count with a comma at each thousand.
func thousands(x float64) string {
	s := strconv.FormatFloat(max(1, math.Round(x)), 'f', 0, 64)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

package stats

import "math"

// QuantileMargin returns how far from p to go on either side of it, in
// probability, so that the empirical quantiles there enclose the p-quantile of
// independent samples with a probability of at least 1-alpha, whenever in a
// growing sample one looks:
//
//	1.5 √(p(1-p) l) + 0.8 l, with l = (1.4 log log(2.1 n) + log(10/alpha)) / n
//
// (Howard and Ramdas, Sequential estimation of quantiles with applications to
// A/B testing and best-arm identification, Bernoulli 28(3), 2022,
// arXiv:1906.09712). It is 1 where n is 0.
func QuantileMargin(n uint64, p, alpha float64) float64 {
	if n == 0 {
		return 1
	}
	l := (1.4*math.Log(math.Log(2.1*float64(n))) + math.Log(10/alpha)) / float64(n)
	return min(1, 1.5*math.Sqrt(p*(1-p)*l)+0.8*l)
}

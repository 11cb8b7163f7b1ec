// Package stats holds the statistics of the judgement, as pure functions: a
// test martingale on discordant pairs, whose value may be looked at at any
// time, the e-BH procedure over many of them, and the blocks that make pairs out
// of what is not independent.
//
// # The test
//
// Branch and control are asked the same request, and each is compared with
// base. If branch is no different from control, the two are exchangeable: among
// the discordant pairs, in which exactly one of them differs from base, it is
// branch with a probability p <= 1/2. For x pairs in which it is branch and y in
// which it is control, the likelihood ratio of p against 1/2 is
// 2^(x+y) p^x (1-p)^y. Mixed over p it is [EValue]: p is 1 with the weight
// [Certain], as of a change that shows in every answer that it touches, and
// uniform in (1/2, 1] with the rest.
//
// Each ratio is, for p > 1/2, a nonnegative supermartingale that begins at 1, and
// so is the mixture. By Ville's inequality (Ville, Étude critique de la notion
// de collectif, 1939) it ever reaches 1/α with a probability of at most α, so
// that one may look after every pair, and stop or go on at will (Ramdas,
// Grünwald, Vovk, Shafer, Game-theoretic statistics and safe anytime-valid
// inference, Statistical Science 38(4), 2023). What a pair is, and what becomes
// of that where a pair is not complete when one looks, says [Blocks].
//
// # What the weight costs
//
// The least x for which the e-value reaches 1/0.045, the share of the usual
// error rate that the differences have, and for which it reaches a hundred times
// that, as it must where one of a hundred cells is a regression; by the weight:
//
//	           1/0.045               100/0.045
//	weight    y=0   1   2   5  20   y=0   1   2   5  20
//	0           7  10  12  19  44    15  18  21  29  57
//	0.3         6  11  13  20  45    13  19  22  29  58
//	0.5         6  11  14  20  46    12  19  22  30  59
//	0.6         5  12  14  21  47    12  20  23  30  59
//	0.8         5  13  16  22  49    12  21  24  32  61
//	0.95        5  15  18  25  53    12  23  26  34  65
//
// So 0.6 proves what is always so with five pairs instead of seven, and with
// twelve instead of fifteen among a hundred cells, for two or three pairs more
// where control differs as well. The least weight that proves it with five is
// 0.55.
package stats

import "math"

// Certain is the weight of "every discordant pair is branch's" in the mixture.
const Certain = 0.6

// EValue returns the evidence of branchOnly and controlOnly discordant pairs
// against "branch differs from base no more often than control does". It is 1
// where nothing was seen and at most [math.MaxFloat64].
func EValue(branchOnly, controlOnly uint64) float64 {
	return clampExp(LogEValue(branchOnly, controlOnly))
}

func clampExp(log float64) float64 { return min(math.Exp(log), math.MaxFloat64) }

// LogEValue returns the natural logarithm of the e-value.
func LogEValue(branchOnly, controlOnly uint64) float64 {
	uniform := math.Log1p(-Certain) + logUniform(branchOnly, controlOnly)
	if controlOnly > 0 {
		return uniform
	}
	always := math.Log(Certain) + float64(branchOnly)*math.Ln2 // not below uniform
	return always + math.Log1p(math.Exp(uniform-always))
}

// Uniform is the e-value of the uniform part of the mixture alone. It is the
// measure of how much more often branch differs, whether always or not.
func Uniform(branchOnly, controlOnly uint64) float64 {
	return clampExp(logUniform(branchOnly, controlOnly))
}

// logUniform returns the logarithm of the uniform part.
//
// With x = branchOnly, y = controlOnly and n = x+y, the mixture is
//
//	2^n · 2 · ∫ p^x (1-p)^y dp  over (1/2, 1]
//	= 2^(n+1) · B(x+1, y+1) · I_{1/2}(y+1, x+1)
//	= Σ_{j=0..x} x! y! / (j! (n+1-j)!)
//
// by I_{1/2}(y+1, x+1) = P(Bin(n+1, 1/2) <= x). All terms are positive, so the
// sum loses no digits. It is summed outwards from its greatest term.
func logUniform(branchOnly, controlOnly uint64) float64 {
	x, y := float64(branchOnly), float64(controlOnly)
	// Term j is at its greatest where j = n+2-j, or at the end of the range.
	mode := min(x, math.Floor((x+y+2)/2))
	sum := 1 + sumDown(mode, x+y) + sumUp(mode, x, x+y)
	return logTerm(mode, x, y) + math.Log(sum)
}

// logTerm returns log(x! y! / (j! (n+1-j)!)).
func logTerm(j, x, y float64) float64 {
	if j == x {
		return -math.Log1p(y)
	}
	return lgamma(x+1) - lgamma(j+1) + lgamma(y+1) - lgamma(x+y+2-j)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// maxTerms bounds the terms on each side of the greatest. The terms fall like a
// normal density of standard deviation sqrt(n)/2, so that the bound holds every
// term that matters for n up to 10^10. Beyond that terms are left out, which
// makes the e-value smaller: it stays valid and loses a little power.
const maxTerms = 1 << 20

// sumDown returns the sum of the terms below mode as multiples of term mode.
func sumDown(mode, n float64) float64 {
	sum, term := 0.0, 1.0
	for j, k := mode, 0; j > 0 && k < maxTerms; j, k = j-1, k+1 {
		term *= j / (n + 2 - j)
		if sum += term; term < sum*epsilon {
			break
		}
	}
	return sum
}

// sumUp returns the sum of the terms above mode, up to x, likewise.
func sumUp(mode, x, n float64) float64 {
	sum, term := 0.0, 1.0
	for j, k := mode, 0; j < x && k < maxTerms; j, k = j+1, k+1 {
		term *= (n + 1 - j) / (j + 1)
		if sum += term; term < sum*epsilon {
			break
		}
	}
	return sum
}

// epsilon ends a sum once a term no longer changes it.
const epsilon = 1e-18

// SignEValue returns the evidence of two opposite outcomes, seen up and down
// times, against "each is as likely as the other". It is the mean of both
// one-sided e-values, and so an e-value itself.
func SignEValue(up, down uint64) float64 {
	return EValue(up, down)/2 + EValue(down, up)/2
}

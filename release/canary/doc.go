// Package canary says of a canary's metrics whether they are proven to be worse than
// allowed, proven to be within what is allowed, or neither so far, by sequential tests
// that hold however often one looks.
//
// # Shares
//
// A look is a block of na requests to the canary and nb to the baseline, of which ya
// and yb are bad. A null hypothesis is a half-plane of rates (a, b) with the boundary
// a = b+δ: "a-b <= δ" where the canary is suspected of being worse, "a-b >= δ" where it
// is to be proven safe, each at δ = allowed. For an alternative (a*, b*) beyond the
// boundary let (a°, b°) be the point of the null that is closest to it in the relative
// entropy of the whole block, its reverse information projection. Then
//
//	E = (a*/a°)^ya ((1-a*)/(1-a°))^(na-ya) (b*/b°)^yb ((1-b*)/(1-b°))^(nb-yb)
//
// has a mean of at most 1 under the null (Turner, Ly, Grünwald, Generic E-variables for
// exact sequential k-sample tests, arXiv:2106.02693). It is so for independent requests
// of any rates whose means over the block, ā and b̄, are in the null: with
// g = (a*-a°)/(a°(1-a°)) and h = (b*-b°)/(b°(1-b°)) the mean is a product of 1+g(aᵢ-a°)
// and 1+h(bᵢ-b°), at most exp(na g (ā-a°) + nb h (b̄-b°)), and as na g = -nb h at the
// projection, that is exp(na g (ā-b̄-δ)), whose exponent is not positive. So the base
// rate may drift within and between looks, as long as it does so on both sides.
//
// The product over the looks is a test martingale, also where the alternative of a look
// rests on looks before it. The size of the effect is mixed over a fixed grid of
// doubling steps, each with a product of its own; the base rate of a look is the
// baseline's of the looks before, and in the first one, which is often the biggest, is
// mixed over a grid too. That may be coarse: where na g = -nb h a shift of both rates
// cancels. The e-value reaches 1/α with a probability of at most α, ever (Ville).
//
// "Worse" bets half of its capital on the first look and the rest on changes that begin
// at a later one, s with the weight 1/(2s(s-1)), so that hours of good looks do not
// outweigh what goes wrong then. "Safe" counts everything from the first look.
//
// # Bursts
//
// Failures come in bursts, and then counts vary more than independent ones: by the
// design effect φ. It is estimated by what Pearson's statistic says of successive looks
// at the baseline (its mean is φ; a slow drift that both sides share does not show), of
// the looks before this one and of those that [Analysis.Learn] was given. A look's
// e-value is raised to 1/φ. For independent requests that costs power and stays valid
// (Jensen); where each event comes φ times it is exactly the e-value of the events.
// Where φ turns out to be greater than it was taken to be in the looks before, the
// e-value of all of them is raised to what makes up for it, at most 1: then it reaches
// a threshold, which is above 1, only if it does without.
// Where nothing is known of the baseline φ is taken to be [priorDispersion]. Where the
// canary takes more than the baseline φ-1 is scaled by up to 2, as for rates that vary
// from look to look.
//
// How well that holds is measured in testdata/rollbacks.txt. It is an estimate of a
// variance: bursts that are rarer than the looks of the history, or a baseline that is
// so small (a twentieth of the canary) that it sees none, mislead more often than the
// budget says. What no test can tell from a bad canary is a lasting fault that hits
// only its side.
//
// # Quantiles
//
// The p-quantile of either side is enclosed at the margins of [stats.QuantileMargin],
// with n/φ samples, φ being the design effect of the requests above the baseline's
// quantile. Of a bucket only its bounds are known, so that a lower bound is the lower
// bound of its bucket and an upper one the upper bound: what is claimed stays true
// whatever lies within. Worse is proven where the canary's lower bound is above the
// baseline's upper bound × (1+allowed), safe where the canary's upper bound is at most
// the baseline's lower bound × (1+allowed); each side has half of the error rate. Where
// both quantiles are in one bucket whose bounds are farther apart than 1+allowed, no
// number of requests proves it safe, and the result says so. The sides are each summed
// up over all looks: it takes that what a quantile is does not change with the canary's
// share over time.
//
// # Several metrics
//
// A rollback needs one metric that is proven worse, so that FalseRollback is split
// evenly over them (union bound). A promotion needs all of them proven safe: if one is
// not, a false promotion takes the false proof of that one, so that each may use all of
// FalsePromote (intersection-union test, Berger 1982).
package canary

// Package prometheus asks a Prometheus server what a canary and its baseline counted.
//
// Counters are read as the raw samples that were scraped, and what they grew by is
// computed here, exactly: PromQL's increase() extrapolates to the ends of its window,
// so that its figures are no counts and two windows do not add up to one. The rules:
//
//   - What a counter grew by between two samples belongs to the time of the later one.
//     The looks [a, b) and [b, c) therefore add up to the look [a, c), whatever the
//     scrapes' alignment, as long as none of them was refused.
//   - A counter that falls began anew, and counts from 0. A histogram began anew where
//     any of its buckets, not cumulative, falls.
//   - Two samples further apart than five minutes, Prometheus' own lookback, are not
//     connected: what was between them is unknown, is not counted, and is told.
//   - A counter that appears is counted from 0 where its target was scraped well
//     (up is 1) within the five minutes before, as it was not there then: this is how
//     the first error of a process shows. Otherwise nothing is known of what was
//     before, as with a pod that was just found, and it counts from its first sample.
//   - A counter that ends counts up to its last sample.
//   - NaN, infinite, negative and fractional counters, and those above 2^53, beyond
//     which float64 cannot count by ones, are refused, and so are partial answers: the
//     whole look at that metric then counts nothing and has a problem that says why.
//     To leave out one series only would leave out the one with the errors.
//
// Samples become visible shortly after their time. A look must therefore lie at least
// [Settled] in the past: what appears later within its interval is counted by no look.
package prometheus

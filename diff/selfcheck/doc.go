// Package selfcheck tells how blind a run is: real answers of branch are
// changed, in one place at a time, and judged as the run judges.
//
// # Two steps
//
// While outcomes are observed, a [Checker] keeps for each operation the answers
// of the lowest rank, which has nothing to do with what was answered or when. So
// the sample is the same however the outcomes came, and however they were divided
// among workers. Each answer of the sample is changed in many ways, and compared
// with base's answer by the run's own comparer and rules: these are its [Trial]s.
// They hold places, kinds and classes, and no values, so that they may be stored.
//
// What noise would say of them is known at the end alone: [Checker.Report] asks
// the run's own judgement about every trial.
//
// # What is counted
//
// A trial is one answer changed in one way. The same change at the same place of
// the other answers belongs to it: it is found if, with all answers of the
// operation changed so, the run would have proven any of the differences that
// this gives. How many answers that is, is the share of the sample in which the
// change was possible and showed.
package selfcheck

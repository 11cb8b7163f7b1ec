// Package usage follows values of responses into what their consumer sends next,
// to tell which fields of a response the consumer uses.
//
// # What is followed
//
// A consumer that is called makes calls of its own and then answers. The values of
// a response that it got are looked for in the requests that it makes afterwards
// within the same call, and in its own answer: as they are, as the same number in
// another form, inside a longer text, in sums and products. Calls that no recorded
// call caused are followed into the later requests of the same consumer alone.
//
// # Coincidence
//
// A 1, a true and an "EUR" come again everywhere. So the question at each pair of
// places, one of the response and one of what is sent, is not how often the value
// came again but whether it does so more often within a trace than it would
// between traces. What one consumer sent in the samples is drawn anew for each
// sample out of what it sent in all of a block: if sending has nothing to do with
// the response, each of those that are left is as likely. A bet on the right one
// that pays what is fair by that makes the product of its returns an e-value (Vovk
// and Wang, E-values: calibration, combination and applications, Annals of
// Statistics 49(3), 2021), and it is worth far more than the vote of one pair: with
// eight samples of a unique value it is 8! where discordant pairs give 2^8. e-BH
// over all pairs of an operation that a consumer calls keeps the share of false
// ones below [Alpha]; the confidence is one less the least share at which the pair
// would still be told.
//
// Lists have values in common by chance: each value weighs by how rare it is among
// what was sent, and a sample wins by its share of the weight.
//
// A value that the consumer had before from a request, the one that it serves or
// one that it made, is no news, and proves nothing: the id of a product that was
// asked for by its id. So it is with each part of a link. Neither does a zero, nor a
// reading of the clock of less than a microsecond's precision: both sides may have
// read theirs.
//
// Of places that explain the same words of a value at a place, whichever provider
// they came from, the one that explains most is told; of equals the one that comes
// again as it is before one in a text, and the one that came with less beside; any
// other only for what it explains beyond that. Where two explain exactly the same,
// both are told, at half the confidence; of three and more none.
//
// The other number of a product is of the same trace, so that a 2 that is no
// quantity gives the right product wherever the quantity is 2: what is computed
// counts only where it comes again in half of the samples at least. Twelve series
// of numbers of a response, amounts with a fraction first, are computed with each
// other and with eight that the consumer had otherwise; differences only of amounts
// with a fraction. Others are in the account.
//
// # What no test can tell
//
// A field that is always the same, one whose value is no news, and one of which
// there are too few samples, is Seen, with the evidence beside: that it comes again
// under the same name is no proof. Seen is so no proof that it is not used. Neither
// can be told from traffic what a consumer keeps from one trace to the next: a field
// of now that goes with what it kept seems to be used.
//
// # Decisions
//
// A field of few values on which it depends what the consumer does next, the
// status of its answer, whether it makes a later call, whether its answer has a
// field or says one of a few things there, is used without its value being sent
// on. This is tested as association, by the likelihood of the outcomes given the
// field (mixed over Jeffreys' prior) against the greatest that they have without
// it, which is an e-value (Wasserman, Ramdas and Balakrishnan, Universal
// inference, PNAS 117(29), 2020). A field is left out where another field of the
// same response explains as well and this one adds nothing to it; where neither
// adds to the other, both are told at half the confidence. That there is a value
// which is followed is no decision.
//
// What is decided for each item of a list is asked of the items, or of the answers
// where there are several. An item of the consumer's answer stands for one of the
// response if they have a value in common that tells the items apart in both lists;
// of all such places those count at which most have. Which items the answer has,
// which fields these have, and what they say if it is one of a few things, is then
// tested as above, each item once however often it came: what is decided by the
// consumer's own memory of an item would else go with all there is in it. A list of
// which the answer has the first ones alone says nothing of why others are missing.
//
// # Bounds
//
// Counts are over all calls. The tests are over samples: of each flow those with
// the least hashes of their trace are kept, so that they do not depend on the order
// in which chains come. Where a bound on places or operations is met, what came
// first has its place; this is counted in the account.
package usage

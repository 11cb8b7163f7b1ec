package usage

import "twinspect.dev/capture"

// Alpha is the share of false ones among the pairs of places that are told as
// proven for one operation of a provider that a consumer calls.
const Alpha = 0.05

// MaxEvidence is how many places are told for each field.
const MaxEvidence = 10

const (
	// maxBody bounds a body that is walked, decoded. Answers that are read by a
	// program to be worked on are below 100 KB; what is above is an export.
	maxBody = 1 << 20
	// maxDepth is beyond any answer, whose depth is below 20.
	maxDepth = 64
	// maxValues of a message are walked: a list of 200 items with 20 fields.
	maxValues = 4096
	// maxWork of a chain, in values: 16 messages of the most, or 1300 of 50.
	maxWork = 1 << 16
	// maxText of a value is hashed and searched: beyond are documents.
	maxText = 4096

	// maxBooks are the messages of operations that are told apart: 2000 operations
	// with a request and a response each. maxPlaces is for each of them; a document
	// of a large API declares below 500 for an operation.
	maxBooks  = 4096
	maxPlaces = 2048
	// maxOrigins are the combinations of consumer, provider, operation and status;
	// maxFlows those of these with what is sent next. With maxKept bytes of samples
	// for all flows, each has 24 KiB where there are the most of them: 8 of 3 KiB.
	maxOrigins = 2048
	maxFlows   = 4096
	maxKept    = 96 << 20
	// maxSamples of a flow: four blocks of the test.
	maxSamples = 128
	// maxEntries of a sample on each side, 16 bytes each.
	maxEntries = 2048
	// maxPairs of an origin: 100 places that come again at 40 others each. maxAllPairs
	// are of all origins: 80 MB, 500 for each of the most.
	maxPairs    = 1 << 12
	maxAllPairs = 1 << 20
	// maxSteps of a chain, in values that are looked up, bound its time at some 0.2 s.
	// A chain of a thousand calls of 100 values takes a tenth of them.
	maxSteps = 1 << 22
	// maxTargets are the kinds of messages that are looked at after a response.
	maxTargets = 64
	// maxColumn are the values of one sample at one place that are tested, the least
	// by hash: these are the same ones on both sides.
	maxColumn = 128
	// maxHits are the places of a group's messages at which one value is found.
	maxHits = 64
	// maxState is how long a value of an enumeration may be.
	maxState = 64
	// maxLists of a response, of maxListed items each, are put together with as many of
	// an answer by maxTraits values, the columns of a wide table: at most 5 million
	// look-ups, of samples alone. Of a sample maxRows are kept, a page of a list; two
	// samples of the most take 150 KB, about what two others may.
	maxLists  = 8
	maxListed = 128
	maxRows   = 32
	maxTraits = 24
	// maxIdle are the slots of a table that are kept from chain to chain: 1 MB.
	maxIdle = 1 << 16

	// A text has maxWords words, of which up to maxSpan together are looked for, more
	// where it begins or ends with them.
	maxWords = 24
	maxSpan  = 5
	// minText is the length of a text that means something inside another.
	minText = 4

	// maxSeries of numbers are read of a group, of maxItems each. Of these the first
	// maxOwn of the origin are computed with each other and with maxOther of what
	// else the consumer had, amounts with a fraction before whole numbers: 240
	// products are as dear as the rest of two responses.
	maxSeries = 64
	maxOwn    = 12
	maxOther  = 8
	maxItems  = 128
)

// The reasons of the account.
const (
	// NotJSON: bodies of other media types are not followed.
	NotJSON capture.Reason = "not-json"
	// NothingAfter: the consumer sent nothing after the response that was recorded.
	NothingAfter capture.Reason = "nothing-after"
	// NoAnswer: there is no response.
	NoAnswer capture.Reason = "no-answer"
	// Nobody: it is not known who called.
	Nobody capture.Reason = "unknown-consumer"
	// TooLong: the body is longer than is walked.
	TooLong capture.Reason = "body-limit"
	// Damaged: the body is not whole, or not what it says it is.
	Damaged capture.Reason = "unreadable"
	// TooDeep: values that are nested too deep.
	TooDeep capture.Reason = "too-deep"
	// TooMany: values beyond those of one message or chain.
	TooMany capture.Reason = "too-many-values"
	// ManyPlaces: values at places beyond those that are told apart.
	ManyPlaces capture.Reason = "too-many-places"
	// ManyOperations: calls of operations beyond those that are told apart.
	ManyOperations capture.Reason = "too-many-operations"
	// MuchWork: calls of a chain in which more was looked up than is for one chain.
	MuchWork capture.Reason = "chain-work-limit"
	// ManySeries: numbers that nothing was computed of, as there are too many.
	ManySeries capture.Reason = "too-many-numbers"
	// ManyPairs: matches of places beyond the pairs that are counted.
	ManyPairs capture.Reason = "too-many-pairs"
)

package release

import (
	"time"
)

// Kind says what evidence is about.
type Kind string

// The kinds of evidence.
const (
	// Diff compares the answers of two versions to the same traffic.
	Diff Kind = "diff"
	// Provider holds a version against the document of its interface.
	Provider Kind = "provider"
	// Consumer holds a version, or its document, against what its consumers depend on.
	Consumer Kind = "consumer"
	// Canary compares the metrics of a canary with those of its baseline.
	Canary Kind = "canary"
)

// Kinds are all of them, in the order in which they are told.
var Kinds = []Kind{Diff, Provider, Consumer, Canary}

// Outcome is the verdict of evidence itself.
type Outcome string

// The outcomes.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Inconclusive Outcome = "inconclusive"
	Interrupted  Outcome = "interrupted"
)

// Subject says what was released, or what evidence was gathered of.
type Subject struct {
	Service string `json:"service"`
	// Digest is that of the image, such as "sha256:9f86…"; BaseDigest that of the
	// image that it is to replace, or was compared with, "" where it is not known.
	Digest     string `json:"digest"`
	BaseDigest string `json:"base_digest,omitempty"`
}

// Origin says where something comes from. Nothing of it is trusted.
type Origin struct {
	Branch   string `json:"branch,omitempty"`
	Commit   string `json:"commit,omitempty"`
	Pipeline string `json:"pipeline,omitempty"`
	Job      string `json:"job,omitempty"`
	URL      string `json:"url,omitempty"` // of the run
}

// Evidence is what a verdict needs to know of one document of evidence. The document
// stays what counts: ID is its hash.
type Evidence struct {
	// ID is "sha256:" and the hash of the document's bytes in hexadecimal.
	ID      string  `json:"id"`
	Kind    Kind    `json:"kind"`
	Schema  string  `json:"schema"` // of the document, such as "twinspect.dev/evidence/diff"
	Version string  `json:"version"`
	Tool    string  `json:"tool,omitempty"`
	Subject Subject `json:"subject"`
	Origin  Origin  `json:"origin"`
	// Started and Ended are the run's own times, Received is when it was filed, zero
	// where it was not.
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Received time.Time `json:"received,omitzero"`
	// Signer names the key whose signature was verified, "" where there is none.
	Signer string `json:"signer,omitempty"`

	Outcome Outcome  `json:"outcome"`
	Reasons []string `json:"reasons"`
	// Samples counts what was compared: pairs of answers, cases, interactions, or
	// requests to the canary.
	Samples uint64 `json:"samples"`
	// Operations are sorted by name.
	Operations []Operation `json:"operations,omitempty"`
	// SelfCheck is nil where none was made.
	SelfCheck *SelfCheck `json:"self_check,omitempty"`
	// Losses sums up the account, from the wire to the verdict.
	Losses Losses `json:"losses"`
	// Metrics and MaxWeight are of evidence of a canary.
	Metrics []MetricResult `json:"metrics,omitempty"`
	// MaxWeight is the greatest share of the traffic, 0 to 1, that the canary has the
	// capacity for; 0 where it was not measured.
	MaxWeight float64 `json:"max_weight,omitempty"`
}

// Operation is what evidence says of one operation of the service.
type Operation struct {
	Name    string `json:"name"`
	Samples uint64 `json:"samples"`
	// Regressions are proven: differences, findings, broken interactions, consumers
	// that break. Suspects are not.
	Regressions uint64 `json:"regressions,omitempty"`
	Suspects    uint64 `json:"suspects,omitempty"`
	// Texts says in sentences what they are, the worst first, at most [MaxTexts].
	Texts []string `json:"texts,omitempty"`
}

// MaxTexts is how many sentences an operation has: a person reads a few and opens the
// document for the rest.
const MaxTexts = 5

// SelfCheck says how blind a comparison was.
type SelfCheck struct {
	Mutations uint64 `json:"mutations"`
	Missed    uint64 `json:"missed"`
}

// Losses is what an account lost, over all of its stages of one unit: that of which the
// greatest share was lost.
type Losses struct {
	// Seen counts what was wanted of what entered, without what was left out on
	// purpose, Lost what any stage dropped of it.
	Seen uint64 `json:"seen"`
	Lost uint64 `json:"lost"`
	// Reasons has the lost by reason.
	Reasons map[string]uint64 `json:"reasons,omitempty"`
}

// Trend is what a sequential test says.
type Trend string

// The trends.
const (
	Worse     Trend = "worse"     // proven to be worse than allowed
	Safe      Trend = "safe"      // proven to be within what is allowed
	Undecided Trend = "undecided" // neither, so far
)

// MetricResult is what the looks at one metric of a canary say so far.
type MetricResult struct {
	Name  string `json:"name"`
	Trend Trend  `json:"trend"`
	// Canary and Baseline are the shares of bad requests, or quantiles in seconds,
	// whichever Unit says: "share" or "seconds".
	Unit     string  `json:"unit"`
	Canary   float64 `json:"canary"`
	Baseline float64 `json:"baseline"`
	// Lower and Upper bound how much worse the canary is than its baseline, in the
	// unit of Allowed, at the same confidence, however often one looks.
	Lower   float64 `json:"lower"`
	Upper   float64 `json:"upper"`
	Allowed float64 `json:"allowed"`
	// CanarySamples and BaselineSamples count the requests.
	CanarySamples   uint64 `json:"canary_samples"`
	BaselineSamples uint64 `json:"baseline_samples"`
	Looks           uint64 `json:"looks"`
	// EWorse and ESafe are the evidence against "within what is allowed" and against
	// "worse than allowed"; each is enough at Threshold.
	EWorse         float64 `json:"e_worse"`
	ESafe          float64 `json:"e_safe"`
	WorseThreshold float64 `json:"worse_threshold"`
	SafeThreshold  float64 `json:"safe_threshold"`
	// Problems says in sentences what could not be used: resets, gaps, no data.
	Problems []string `json:"problems,omitempty"`
	// More is how many more requests to the canary may decide it, 0 where unknown.
	More uint64 `json:"more,omitempty"`
	Text string `json:"text"`
}

package release

import (
	"time"

	"twinspect.dev/release/window"
)

// Policy says what a release needs. It is read by package policyfile, which checks it;
// a policy is not changed once it was read.
type Policy struct {
	// Name is what people call it, Digest is "sha256:" and the hash of its file.
	Name   string
	Digest string
	// Services are patterns with * for any text; the policy is for these alone.
	Services []string
	// Requirements are what must be there, at most one of a kind.
	Requirements []Requirement
	// Canary is nil where no metrics are watched.
	Canary *CanaryPolicy
	Budget Budget
	Freeze []window.Window
	// Overrides says who may set a verdict aside.
	Overrides OverridePolicy
	// Skew is how far clocks may differ; evidence from later than that is refused.
	Skew time.Duration
}

// Requirement is what evidence of one kind must say.
type Requirement struct {
	Kind Kind
	// Line is where it stands in the policy's file, 0 where nowhere.
	Line int
	// Optional evidence may be missing; where it is there it counts.
	Optional bool
	// MaxAge is how old evidence may be, by when it ended; 0 is any age.
	MaxAge time.Duration
	// MinSamples is the least of [Evidence.Samples].
	MinSamples uint64
	// AnyBase takes evidence whatever it was compared with. Otherwise it must be the
	// image that is running, where both are known, and known where the evidence is a
	// comparison: of the kinds diff and canary.
	AnyBase bool
	// MaxLost is the greatest share, 0 to 1, of the account that may be lost.
	MaxLost float64
	// MaxMissed is the greatest share, 0 to 1, of changes that the self-check may
	// miss, and SelfCheck whether there must be one. Both are of the kind diff.
	MaxMissed float64
	SelfCheck bool
	// Signed asks for a signature by one of Signers, or by any trusted key where there
	// are none.
	Signed  bool
	Signers []string
	// Operations are conditions for single operations; the first that matches counts.
	Operations []OperationRule
}

// OperationRule is a condition for the operations that match a pattern.
type OperationRule struct {
	Line int
	// Service and Match are patterns with * for any text: of the service, "" for
	// every one, and of the operation's name, such as "GET /products/*".
	Service string
	Match   string
	// MinSamples is the least for each operation that was seen. Required says that at
	// least one operation must match, as evidence that does not touch it is too thin.
	MinSamples uint64
	Required   bool
	// MaxRegressions and MaxSuspects are how many are let through. Suspects are not
	// bounded where MaxSuspects is negative.
	MaxRegressions uint64
	MaxSuspects    int64
	// Reason says why, and Until from when on the rule no longer applies, zero for
	// never. A rule that lets regressions through needs a reason.
	Reason string
	Until  time.Time
}

// Budget bounds what a release may cost.
type Budget struct {
	// FalseRollback is the chance, over all looks and all metrics of one release,
	// that a canary that is within what is allowed is rolled back; FalsePromote that
	// one which is not is promoted.
	FalseRollback float64
	FalsePromote  float64
	// MaxHold is how long evidence may hold a release before it is rolled back; 0 is
	// for ever. Freezes, stops and faults of the gate's own sources do not count.
	MaxHold time.Duration
	// MaxTraffic is the greatest share, 0 to 1, of the traffic that a canary takes
	// before its evidence is complete; 1 is all.
	MaxTraffic float64
}

// OverridePolicy says who may set a verdict aside, and for how long at most.
type OverridePolicy struct {
	// By are names; none means that nobody may.
	By []string
	// Max is the longest time that an override may last.
	Max time.Duration
	// Rollback lets an override promote what evidence would roll back. Without it only
	// what is held can be promoted.
	Rollback bool
}

// CanaryPolicy says which metrics are watched.
type CanaryPolicy struct {
	// Every is the time between two looks, Window how far back the first one goes.
	Every  time.Duration
	Window time.Duration
	// Baseline and Canary are the label matchers that tell the sides apart, such as
	// `app="catalog",track="canary"`; "$service" and "$namespace" stand for those of
	// the release.
	Baseline string
	Canary   string
	// History, where it is not 0, is how far back the canary's own past lies that is
	// compared with where there is no baseline: a week for a weekly rhythm.
	History time.Duration
	Metrics []MetricPolicy
	// Capacity is nil where it is not measured.
	Capacity *CapacityPolicy
}

// MetricPolicy is one metric. It is a share of bad requests where Bad or Above is set,
// and a quantile where Quantile is.
type MetricPolicy struct {
	Line int
	Name string
	// Counter names a counter of requests, and Bad the matchers of the bad ones.
	Counter string
	Bad     string
	// Histogram names a classic histogram of durations, without "_bucket", and Unit is
	// what it counts in: a second, or a millisecond as Istio does. Above makes it the
	// share of requests that took longer; it must be a bucket's bound.
	Histogram string
	Unit      time.Duration
	Above     time.Duration
	// Quantile, such as 0.99, compares that of the canary with the baseline's.
	Quantile float64
	// Allowed is how much worse it may be: an absolute share, 0.005 for half a
	// percent, or for a quantile the relative growth, 0.1 for a tenth.
	Allowed float64
	// MinSamples is how many requests to the canary it takes before it is judged.
	MinSamples uint64
}

// CapacityPolicy says how the weight is found that a canary can take.
type CapacityPolicy struct {
	// Requests names the counter of requests, Usage is a query in PromQL for how much
	// of its limit the canary uses, 0 to 1, such as of its CPU.
	Requests string
	Usage    string
	// Target is the usage that it may rise to.
	Target float64
}

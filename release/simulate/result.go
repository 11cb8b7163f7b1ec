package simulate

import (
	"time"

	"twinspect.dev/release"
)

// Schema names the JSON form of a result, Version its version.
const (
	Schema  = "twinspect.dev/simulation"
	Version = "1.0"
)

// Result is what a policy would have decided.
type Result struct {
	Schema  string            `json:"schema"`
	Version string            `json:"version"`
	Policy  release.PolicyRef `json:"policy"`
	// From is when the first release began, Until when the last one ended or the past
	// did.
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Totals Totals    `json:"totals"`
	// Releases are in the order in which they began.
	Releases []Release `json:"releases"`
	// Ignored counts by reason what of the past was not used.
	Ignored map[string]int `json:"ignored,omitempty"`
}

// What of the past is not used.
const (
	OtherService    = "releases of services that the policy is not for"
	UndatedRelease  = "releases without a time"
	UndatedEvidence = "evidence without a time"
	LoneEvidence    = "evidence of no release"
	LoneOverride    = "overrides of no release"
	LoneRecord      = "verdicts of no release"
)

// Release is what the policy would have decided on one release.
type Release struct {
	Subject release.Subject `json:"subject"`
	Since   time.Time       `json:"since"`
	// Until is when the release ended, or the past did.
	Until time.Time `json:"until"`
	// Outcome is the first decision that does not hold, as who asks until there is one
	// would have been told; Hold where there is none. Final is the last decision.
	Outcome release.Decision `json:"outcome"`
	Final   release.Decision `json:"final"`
	// Promoted and RolledBack are when it was first decided so, zero for never.
	Promoted   time.Time `json:"promoted,omitzero"`
	RolledBack time.Time `json:"rolled_back,omitzero"`
	// Was is the outcome that the gate really gave, "" where nobody asked, and
	// WasPromoted when it first promoted.
	Was         release.Decision `json:"was,omitempty"`
	WasPromoted time.Time        `json:"was_promoted,omitzero"`
	// Steps are the changes of the verdict, the first one being where it began.
	Steps []Step `json:"steps"`
	// Differences are the verdicts that the gate gave and the policy would not have.
	Differences []Difference `json:"differences"`
	// Moments counts those at which it was decided, Left the known ones that were
	// left out for [MaxMoments] or [MaxDecisions], at least, StepsLeft the steps left out for [MaxSteps].
	Moments   int `json:"moments"`
	Left      int `json:"moments_left,omitempty"`
	StepsLeft int `json:"steps_left,omitempty"`

	held []holding // the reasons of the time before the outcome
}

// Step is a change of the verdict.
type Step struct {
	At        time.Time        `json:"at"`
	Decision  release.Decision `json:"verdict"`
	MaxWeight float64          `json:"max_weight"`
	// Causes say what happened at that time.
	Causes []Cause `json:"causes"`
	// Reasons are the first that call for the decision, More counts the others of
	// those.
	Reasons []release.Reason `json:"reasons"`
	More    int              `json:"more_reasons,omitempty"`
}

// Cause is what made a moment.
type Cause string

// The causes.
const (
	Began      Cause = "began"      // the release did
	Filed      Cause = "evidence"   // evidence was filed
	ByOverride Cause = "override"   // one began, ended, or was taken back
	ByStop     Cause = "stop"       // an incident began or ended
	ByWindow   Cause = "window"     // a freeze window opened or closed
	Aged       Cause = "time"       // evidence went stale, or a hold overdue
	Asked      Cause = "asked"      // the gate was asked
	Readable   Cause = "fault over" // a source of evidence could be read again
	Ended      Cause = "ended"      // the release, or the past
)

// Difference is a verdict of the gate that the policy would not have given.
type Difference struct {
	Record int64            `json:"record"` // its ID
	At     time.Time        `json:"at"`
	Was    release.Decision `json:"was"`
	Would  release.Decision `json:"would"`
	// Reasons and More are those of the decision that it would have been.
	Reasons []release.Reason `json:"reasons"`
	More    int              `json:"more_reasons,omitempty"`
	// Weight is the one that was asked for, with which it is compared; 0 where it is not
	// on record.
	Weight float64 `json:"weight,omitempty"`
	// Incomparable says that the gate held for the weight that was asked for, which is
	// not on record.
	Incomparable bool `json:"incomparable,omitempty"`
}

// Totals sums the releases up.
type Totals struct {
	Would Outcomes `json:"would"`
	// Was are the outcomes that the gate really gave, of the releases that it was asked
	// about.
	Was Outcomes `json:"was"`
	// Changed counts the releases with another verdict, Differences the verdicts,
	// without those that are Incomparable.
	Changed      int `json:"changed"`
	Differences  int `json:"differences"`
	Incomparable int `json:"incomparable"`
	// Moments counts the decisions, Left the moments that were left out.
	Moments int `json:"moments"`
	Left    int `json:"moments_left"`
	// Holders are the reasons that held before the outcome, the longest first.
	Holders []Holder `json:"holders"`
}

// Outcomes counts releases by outcome.
type Outcomes struct {
	Releases   int `json:"releases"`
	Promoted   int `json:"promoted"`
	Held       int `json:"held"`
	RolledBack int `json:"rolled_back"`
	// MedianPromote is the median time from the beginning of a release to its
	// promotion, in seconds; 0 where none was promoted.
	MedianPromote float64 `json:"median_promote_seconds"`
}

// Holder is a reason that held releases.
type Holder struct {
	Code release.Code `json:"code"`
	Kind release.Kind `json:"kind,omitempty"`
	// Releases counts those that it held, Seconds for how long in all.
	Releases int     `json:"releases"`
	Seconds  float64 `json:"seconds"`
}

package release

import "time"

// Decision is what becomes of a release.
type Decision string

// The decisions, from the best to the worst.
const (
	Promote  Decision = "promote"
	Hold     Decision = "hold"
	Rollback Decision = "rollback"
)

// Rank orders decisions: the worst is the greatest. An unknown one is as bad as Hold.
func (d Decision) Rank() int {
	switch d {
	case Promote:
		return 0
	case Rollback:
		return 2
	}
	return 1
}

// Worst returns the worse of two decisions.
func Worst(a, b Decision) Decision {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// Code says for programs what a reason is.
type Code string

// The codes of reasons.
const (
	Passed     Code = "passed"     // evidence that lets it through
	Failed     Code = "failed"     // evidence that proves it bad
	Unproven   Code = "unproven"   // evidence that is inconclusive, or was interrupted
	Missing    Code = "missing"    // required, and not there
	Stale      Code = "stale"      // too old
	Foreign    Code = "foreign"    // of another image, or against another base
	Thin       Code = "thin"       // too few samples
	Lossy      Code = "lossy"      // too much was lost on the way
	Blind      Code = "blind"      // the self-check missed too much, or was not made
	Unsigned   Code = "unsigned"   // not signed by a key that the policy asks for
	Future     Code = "future"     // from later than now: a clock is wrong
	Frozen     Code = "frozen"     // a freeze window is open
	Stopped    Code = "stopped"    // an incident stops all releases
	Faulty     Code = "faulty"     // a source of evidence could not be read
	Traffic    Code = "traffic"    // more traffic than may be had
	Overdue    Code = "overdue"    // held longer than the budget
	Overridden Code = "overridden" // a person set the verdict aside
	Refused    Code = "refused"    // an override that does not count
	Unknown    Code = "unknown"    // the question itself lacks something
)

// Reason is one thing that calls for a decision.
type Reason struct {
	Code     Code     `json:"code"`
	Decision Decision `json:"decision"`
	Kind     Kind     `json:"kind,omitempty"`
	// Evidence is the ID of what it rests on, "" where it rests on none.
	Evidence  string `json:"evidence,omitempty"`
	Operation string `json:"operation,omitempty"`
	Metric    string `json:"metric,omitempty"`
	// Line is the place in the policy's file, 0 for none.
	Line int `json:"line,omitempty"`
	// Text says it in a sentence, Change what would change it, "" for what is good.
	Text   string `json:"text"`
	Change string `json:"change,omitempty"`
}

// PolicyRef names the policy that decided.
type PolicyRef struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
}

// VerdictSchema names the JSON form of a verdict, VerdictVersion its version.
const (
	VerdictSchema  = "twinspect.dev/verdict"
	VerdictVersion = "1.0"
)

// Verdict is the answer to a [Question].
type Verdict struct {
	Schema   string    `json:"schema"`
	Version  string    `json:"version"`
	Decision Decision  `json:"verdict"`
	Subject  Subject   `json:"subject"`
	Policy   PolicyRef `json:"policy"`
	At       time.Time `json:"at"`
	// Reasons has those that call for the decision first, then the others from the
	// worst to the best. There is always one.
	Reasons []Reason `json:"reasons"`
	// Weight is the share that was asked for, 0 where it was not told, and MaxWeight the
	// greatest share of the traffic, 0 to 1, that it may have now.
	Weight    float64 `json:"weight,omitempty"`
	MaxWeight float64 `json:"max_weight"`
	// Until is when the verdict may change by itself, as evidence goes stale or a
	// window closes; zero where no time changes it.
	Until time.Time `json:"until,omitzero"`
	// Override is the one that was followed, nil where none was.
	Override *Override `json:"override,omitempty"`
}

// Question asks for a verdict.
type Question struct {
	Subject Subject
	// Weight is the share of the traffic, 0 to 1, that the release wants next; 0 where
	// it was not told.
	Weight float64
	// Since is when the release was first asked about, zero where it was not.
	Since time.Time
	At    time.Time
}

// Case is a question with all that is known about it.
type Case struct {
	Question
	Evidence  []Evidence
	Overrides []Override
	Stops     []Stop
	// Faults says in sentences which sources of evidence could not be read.
	Faults []string
}

// Override is the word of a person against a verdict.
type Override struct {
	ID       string    `json:"id"`
	Service  string    `json:"service"`
	Digest   string    `json:"digest"` // the image that it is for
	Decision Decision  `json:"decision"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	// Revoked is when it was taken back, zero where it was not.
	Revoked time.Time `json:"revoked,omitzero"`
}

// Stop is an incident: while it lasts nothing is promoted.
type Stop struct {
	ID string `json:"id"`
	// Services are patterns with * for any text.
	Services []string  `json:"services"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	From     time.Time `json:"from"`
	// Until is zero while it lasts.
	Until time.Time `json:"until,omitzero"`
}

// Deployment says that a version was deployed, or is about to be.
type Deployment struct {
	Subject
	Origin
	// Environment is such as "production".
	Environment string    `json:"environment,omitempty"`
	At          time.Time `json:"at"`
	By          string    `json:"by,omitempty"`
}

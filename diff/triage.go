package diff

// Category is the kind of cause that triage takes a finding for.
type Category string

// The categories. A cause in the environment counts neither as a regression nor
// as a pass.
const (
	CauseRegression  Category = "regression"
	CauseNoise       Category = "noise"
	CauseEnvironment Category = "environment" // refused, reset, a gateway's error, both sides down
	CauseData        Category = "data"        // missing on all sides
	CauseCredentials Category = "credentials" // refused on all sides for want of valid credentials
	CauseMisrouted   Category = "misrouted"
	CauseUnknown     Category = "unknown"
)

// Remedy is what to do about a finding.
type Remedy string

// The remedies.
const (
	Retry     Remedy = "retry"     // run again once the environment is well
	AskAgain  Remedy = "ask again" // the same requests, until the test decides
	Refresh   Remedy = "refresh"   // get new credentials, or record anew
	Escalate  Remedy = "escalate"  // show it to those who changed the branch
	Configure Remedy = "configure" // change a rule, a route or the data of the environment
)

// Trouble is all findings of one category.
type Trouble struct {
	Category Category `json:"category"`
	Remedy   Remedy   `json:"remedy"`
	// Count is in Unit: "outcomes" of what could not be compared, or was in vain,
	// "differences" of what was.
	Count uint64 `json:"count"`
	Unit  string `json:"unit"`
	// What tells it in a sentence, with what to do.
	What string `json:"what"`
	// Operations are the first in which it was found, by name.
	Operations []string `json:"operations,omitempty"`
}

// Acceptance says that a difference is intended, who says so, and until when.
type Acceptance struct {
	// Where is the place of the entry, such as "twinspect.accepted.yaml:12".
	Where   string `json:"where"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"` // the day from which on it does not hold, 2006-01-02
}

// Location is the first place in a call-chain at which base and branch differ.
type Location struct {
	// Service and Span name the span: what ran, and what it did.
	Service string `json:"service"`
	Span    string `json:"span"`
	// What says how it differs, in a sentence.
	What string `json:"what"`
	// Path leads to it from the service that was asked, as "service span".
	Path []string `json:"path,omitempty"`
	// BaseTrace and BranchTrace are the traces of the example Exchange.
	Exchange    string `json:"exchange"`
	BaseTrace   string `json:"base_trace"`
	BranchTrace string `json:"branch_trace"`
	// Same of Of occurrences with both traces differ first at this place.
	Same uint64 `json:"same"`
	Of   uint64 `json:"of"`
}

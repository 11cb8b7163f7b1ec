package contract

import (
	"time"

	"twinspect.dev/capture"
)

// SchemaVersion is the version of the JSON form of [Report]. A reader must
// refuse a greater major number.
const SchemaVersion = "1.0"

// Schema names the kind of evidence that a [Report] is.
const Schema = "twinspect.dev/evidence/contract"

// Verdict is what a run says as a whole.
type Verdict string

// The verdicts and the exit codes that stand for them.
const (
	Pass         Verdict = "pass"         // 0
	Fail         Verdict = "fail"         // 1
	Inconclusive Verdict = "inconclusive" // 3
	Interrupted  Verdict = "interrupted"  // 130, the report is partial
)

// ExitCode returns the exit code that stands for the verdict. One that is not
// known stands for inconclusive: nothing unknown may look like a pass.
func (v Verdict) ExitCode() int {
	switch v {
	case Pass:
		return 0
	case Fail:
		return 1
	case Interrupted:
		return 130
	}
	return 3
}

// Report is the evidence of one run against a provider, or of recorded traffic
// held against a document.
type Report struct {
	Schema  string    `json:"schema"` // [Schema]
	Version string    `json:"version"`
	Tool    string    `json:"tool"` // name and version of the program
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`

	Document DocumentInfo `json:"document"`
	// Provider is the URL that was asked, "" where recorded traffic was checked.
	Provider string `json:"provider,omitempty"`
	// Input names the recording, "" where a provider was asked.
	Input string `json:"input,omitempty"`
	Seed  uint64 `json:"seed"`

	Verdict Verdict `json:"verdict"`
	// Reasons says in sentences why, most important first.
	Reasons []string `json:"reasons"`

	Cases    []KindCount `json:"cases"`
	Requests uint64      `json:"requests"`
	Latency  *Latency    `json:"latency,omitempty"`
	Checks   []CheckInfo `json:"checks"`
	// Findings are one a cause: those that are proven, then the flaky ones, within
	// each in the order of the checks and of the operations.
	Findings []Finding `json:"findings"`
	Coverage Coverage  `json:"coverage"`
	// Problems are the parts of the document that could not be used.
	Problems []Problem `json:"problems,omitempty"`
	// Gaps are what no case could be made for.
	Gaps    []Gap           `json:"gaps,omitempty"`
	Account capture.Account `json:"account,omitempty"`
}

// KindCount tells how the cases of one kind ended: Made = Passed + Broken + the
// sum of NotRun.
type KindCount struct {
	Kind   Kind   `json:"kind"`
	Made   uint64 `json:"made"`
	Passed uint64 `json:"passed"`
	Broken uint64 `json:"broken"`
	// NotRun counts by reason, such as "budget" or "setup-failed".
	NotRun map[capture.Reason]uint64 `json:"not_run,omitempty"`
}

// Latency describes latencies in milliseconds.
type Latency struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// CheckInfo tells how often a check was made and how often it was broken.
type CheckInfo struct {
	Check  Check  `json:"check"`
	Made   uint64 `json:"made"`
	Broken uint64 `json:"broken"`
}

// Problem is a part of the document that could not be used.
type Problem struct {
	// Place is file, line and JSON pointer, as far as they are known.
	Place     string `json:"place"`
	Operation string `json:"operation,omitempty"`
	Message   string `json:"message"`
}

// String returns the place, the operation and the message.
func (p Problem) String() string {
	if p.Operation == "" {
		return p.Place + ": " + p.Message
	}
	return p.Place + ": " + p.Operation + ": " + p.Message
}

// Finding is one cause of broken checks.
type Finding struct {
	Check     Check  `json:"check"`
	Operation string `json:"operation"`
	At        Place  `json:"at,omitempty"`
	Cause     string `json:"cause"`
	Message   string `json:"message"`
	// Count is how many answers were broken by it, Cases the first cases with it,
	// ten at most.
	Count uint64   `json:"count"`
	Cases []string `json:"cases"`
	// Flaky says that it did not come each time the same was asked again.
	Flaky bool `json:"flaky,omitempty"`
	// Asked says how often the example was asked again, Seen how often the cause
	// came.
	Asked uint64 `json:"asked_again"`
	Seen  uint64 `json:"seen_again"`
	// After is the time from the start of the run to the first broken answer.
	After time.Duration `json:"after_ns"`
	// Example is the smallest request, or sequence, with the cause.
	Example Example `json:"example"`
}

// Example is what shows a finding. Secrets in it are redacted.
type Example struct {
	Case string `json:"case"`
	Why  string `json:"why,omitempty"`
	// Left is the number of parts of the first example that the smallest one does
	// without.
	Left  int           `json:"left_out,omitempty"`
	Steps []ExampleStep `json:"steps"`
}

// ExampleStep is one request of an example.
type ExampleStep struct {
	Operation string `json:"operation"`
	// Curl is the request as a line for a shell; secrets are variables of it.
	Curl string `json:"curl"`
	// Exchange is the identity of the exchange in the recording of the run.
	Exchange string  `json:"exchange,omitempty"`
	Status   int     `json:"status,omitempty"`
	Fault    string  `json:"fault,omitempty"`
	Latency  float64 `json:"latency_ms"`
	Request  Text    `json:"request"`
	Response Text    `json:"response"`
}

// Text is a message to be read by a person.
type Text struct {
	Header []string `json:"header,omitempty"` // "Name: value"
	// Body is cut after 16 KiB; one that is no text is told by its length.
	Body string `json:"body,omitempty"`
	// Size is the length of the whole body in bytes.
	Size int64 `json:"size,omitempty"`
}

// Coverage tells which parts of the document the cases reached.
type Coverage struct {
	Operations []OperationCoverage `json:"operations"`
}

// OperationCoverage is the coverage of one operation.
type OperationCoverage struct {
	Operation string      `json:"operation"`
	Asked     uint64      `json:"asked"`
	Items     []CoverItem `json:"items"`
}

// CoverItem is one thing that a document says and that can be tested.
type CoverItem struct {
	// Part is "parameter", "body", "status", "response-media-type", "header",
	// "keyword" or "security".
	Part string `json:"part"`
	// Name tells it within its part: "query limit", "201", "application/json",
	// "query limit maximum", "body /items/*/quantity minimum".
	Name string `json:"name"`
	// Positive counts what kept to it, Negative what broke it; a status counts as
	// positive where it was answered.
	Positive uint64 `json:"positive"`
	Negative uint64 `json:"negative"`
	// CannotBreak says that no request can break it, as with a status.
	CannotBreak bool `json:"cannot_break,omitempty"`
	// Why says why it was not covered, where that is known.
	Why string `json:"why,omitempty"`
}

// Covered reports whether everything was done for the item that can be.
func (c *CoverItem) Covered() bool {
	return c.Positive > 0 && (c.CannotBreak || c.Negative > 0)
}

package diff

import (
	"time"

	"twinspect.dev/capture"
)

// SchemaVersion is the version of the JSON form of [Report]. A reader must
// refuse a greater major number.
const SchemaVersion = "1.1"

// Schema names the kind of evidence that a [Report] is.
const Schema = "twinspect.dev/evidence/diff"

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

// Report is the evidence of one comparison: what was run, on what, how many
// samples, what was found, and what was lost on the way.
type Report struct {
	Schema  string    `json:"schema"` // [Schema]
	Version string    `json:"version"`
	Tool    string    `json:"tool"` // name and version of the program
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Input names the recording, Sides the versions that were asked.
	Input string     `json:"input"`
	Sides []SideInfo `json:"sides"`
	Rules *RulesInfo `json:"rules,omitempty"`
	// Replay is nil where answers were judged that a run had kept.
	Replay *Replay `json:"replay,omitempty"`

	Verdict Verdict `json:"verdict"`
	// Reasons says in sentences why, most important first.
	Reasons []string `json:"reasons"`
	// ErrorRate is the share of false regressions among all regressions that
	// the judgement allows itself.
	ErrorRate float64 `json:"error_rate"`

	Operations []Operation `json:"operations"`
	// Differences holds the regressions, then the suspects, then the noise,
	// within each the most frequent first.
	Differences []Difference    `json:"differences"`
	Account     capture.Account `json:"account"`
}

// SideInfo says what one side was and how it did.
type SideInfo struct {
	Side     string            `json:"side"`
	URL      string            `json:"url,omitempty"`
	Asked    uint64            `json:"asked"`
	Answered uint64            `json:"answered"`
	Faults   map[string]uint64 `json:"faults,omitempty"`
}

// RulesInfo says which rules were in force and what each one did.
type RulesInfo struct {
	File  string     `json:"file"`
	Rules []RuleInfo `json:"rules"`
}

// RuleInfo is one rule of the rule file.
type RuleInfo struct {
	Line    int    `json:"line"`
	What    string `json:"what"`
	Reason  string `json:"reason"`
	Matched uint64 `json:"matched"`
}

// Operation sums up one operation of the service.
type Operation struct {
	Name string `json:"name"`
	// Compared is the number of outcomes in which base and branch were
	// compared, Differing those among them with a difference that is not noise.
	Compared  uint64 `json:"compared"`
	Differing uint64 `json:"differing"`
	// NotCompared counts the outcomes left out, by reason.
	NotCompared map[capture.Reason]uint64 `json:"not_compared,omitempty"`
	Latency     map[string]LatencyInfo    `json:"latency,omitempty"` // by side
}

// LatencyInfo describes the latencies of one side in one operation, in
// milliseconds.
type LatencyInfo struct {
	Count uint64  `json:"count"`
	Min   float64 `json:"min_ms"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
	// Buckets is the distribution: how many took at most UpTo and more than
	// the bucket before, empty buckets left out.
	Buckets []LatencyBucket `json:"buckets,omitempty"`
}

// LatencyBucket is one bar of a latency distribution.
type LatencyBucket struct {
	UpTo  float64 `json:"up_to_ms"`
	Count uint64  `json:"count"`
}

// Judged returns the differences with the judgement j, which stand
// together in Differences.
func (r *Report) Judged(j Judgement) []Difference {
	first := 0
	for first < len(r.Differences) && r.Differences[first].Judgement != j {
		first++
	}
	last := first
	for last < len(r.Differences) && r.Differences[last].Judgement == j {
		last++
	}
	return r.Differences[first:last]
}

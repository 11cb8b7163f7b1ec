package diff

import (
	"time"

	"twinspect.dev/capture"
)

// SchemaVersion is the version of the JSON form of [Report]. A reader must
// refuse a greater major number.
const SchemaVersion = "1.2"

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
	// Differences holds the regressions, then the suspects, what was accepted, and
	// the noise, within each the most frequent first.
	Differences []Difference `json:"differences"`
	// Troubles sums up the causes by category, those that need attention first.
	Troubles []Trouble `json:"troubles,omitempty"`
	// SelfCheck is nil where none was made.
	SelfCheck *SelfCheck `json:"self_check,omitempty"`
	// Confirmation is nil where nothing was asked again.
	Confirmation *Confirmation `json:"confirmation,omitempty"`
	// Profile is nil where no noise of earlier runs was known.
	Profile *ProfileInfo    `json:"profile,omitempty"`
	Account capture.Account `json:"account"`
}

// Confirmation says what was asked again to tell about suspects.
type Confirmation struct {
	// Exchanges were sent Times each, to every side.
	Exchanges uint64 `json:"exchanges"`
	Times     uint64 `json:"times"`
	// Suspects of the first pass, and how many are still.
	Suspects uint64 `json:"suspects"`
	Left     uint64 `json:"left"`
	// NotSeenAgain are suspects that did not come again, and count as noise.
	NotSeenAgain uint64 `json:"not_seen_again"`
	// NotAsked are suspects none of whose exchanges could be sent again, by reason.
	NotAsked map[capture.Reason]uint64 `json:"not_asked,omitempty"`
}

// ProfileInfo says what was known of noise before the run.
type ProfileInfo struct {
	File string `json:"file"`
	// Runs is how many runs it was learned from, Cells how many cells it knows.
	Runs  uint64 `json:"runs"`
	Cells uint64 `json:"cells"`
	// Explained is how many differences of this run are noise by it alone: base
	// did not differ from itself there in this run.
	Explained uint64 `json:"explained"`
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
	// Expires is the day from which on the rule does not apply, "" for never.
	Expires string `json:"expires,omitempty"`
	// Of the differences that it hid, Branch lay between base and branch and
	// Control between base and control: base's own noise, which is what earns a
	// rule its place.
	Branch  uint64 `json:"branch"`
	Control uint64 `json:"control"`
	// Problems says in sentences what is wrong with the rule.
	Problems []string `json:"problems,omitempty"`
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

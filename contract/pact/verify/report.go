package verify

import (
	"context"
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

// Outcome is what became of an interaction.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Pending Outcome = "pending" // failed, and does not count
	NotRun  Outcome = "not-run"
)

// The reasons for which an interaction is not run.
const (
	// NotSelected: it was not asked for.
	NotSelected capture.Reason = "not-selected"
	// StateFailed: a provider state could not be set up.
	StateFailed capture.Reason = "state-failed"
	// ProviderGone: no connection to the provider was made.
	ProviderGone capture.Reason = "provider-gone"
	// NoMessages: nothing is given that makes the provider's messages.
	NoMessages capture.Reason = "no-messages"
	// MessageFailed: what makes the messages failed.
	MessageFailed capture.Reason = "message-failed"
	// NotGenerated: a value could not be made anew.
	NotGenerated capture.Reason = "not-generated"
	// NoRequest: the file does not say what is to be sent or expected.
	NoRequest capture.Reason = "no-request"
	// Stopped: the run was interrupted.
	Stopped capture.Reason = "stopped"
)

// Mismatch is one thing that is not as expected.
type Mismatch struct {
	At       contract.Place `json:"at"`
	Expected string         `json:"expected,omitempty"`
	Actual   string         `json:"actual,omitempty"`
	Message  string         `json:"message"`
}

// Result is what became of one interaction.
type Result struct {
	Description string    `json:"description"`
	Key         string    `json:"key,omitempty"`
	Kind        pact.Kind `json:"kind"`
	States      []string  `json:"states,omitempty"`
	// Place is where it stands in the file, a JSON pointer.
	Place   string  `json:"place,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Pending says that a failure does not count.
	Pending bool `json:"pending,omitempty"`
	// Reason and Detail say why it is not run; Detail also why there was no answer.
	Reason capture.Reason `json:"reason,omitempty"`
	Detail string         `json:"detail,omitempty"`
	// Request is its method and path, Status what the provider answered.
	Request    string     `json:"request,omitempty"`
	Status     int        `json:"status,omitempty"`
	LatencyMS  float64    `json:"latency_ms,omitempty"`
	Mismatches []Mismatch `json:"mismatches,omitempty"`
	// Curl sends a request that failed once more, secrets left out.
	Curl string `json:"curl,omitempty"`
	// Notes are what else a person should know.
	Notes []string `json:"notes,omitempty"`
}

func resultOf(it *pact.Interaction) Result {
	r := Result{Description: it.Description, Key: it.Key, Kind: it.Kind, Place: it.Place, Pending: it.Pending}
	for _, s := range it.States {
		r.States = append(r.States, s.Name)
	}
	return r
}

func (r Result) skip(reason capture.Reason, detail string) Result {
	r.Outcome, r.Reason, r.Detail = NotRun, reason, detail
	return r
}

// Report is what became of a pact. Who expects, of whom, what, and whether it is so.
type Report struct {
	Consumer string           `json:"consumer"`
	Provider string           `json:"provider"`
	Verdict  contract.Verdict `json:"verdict"`
	// Reasons says in sentences why.
	Reasons []string `json:"reasons,omitempty"`
	// Results stand in the order of the file.
	Results []Result `json:"results"`
	// Counts has the results by outcome.
	Counts map[Outcome]int `json:"counts"`
	// Account balances: written are those that were asked.
	Account capture.Account `json:"account"`
}

func (r *run) report(ctx context.Context) *Report {
	out := &Report{Consumer: r.pact.Consumer, Provider: r.pact.Provider, Results: r.results, Counts: map[Outcome]int{}}
	stage := capture.Stage{Name: "pact", Unit: "interactions"}
	for i := range r.results {
		res := &r.results[i]
		out.Counts[res.Outcome]++
		stage.Seen++
		switch {
		case res.Outcome != NotRun:
			stage.Written++
		case res.Reason == NotSelected:
			stage.Filter(res.Reason, 1)
		default:
			stage.Drop(res.Reason, 1)
		}
	}
	out.Account = capture.Account{stage}
	out.judge(&stage, ctx.Err() != nil)
	return out
}

// judge fills the verdict: what the provider got wrong fails, and what was not asked
// is inconclusive, as nothing is known of it.
func (r *Report) judge(s *capture.Stage, interrupted bool) {
	say := func(n uint64, format string, args ...any) {
		if n > 0 {
			r.Reasons = append(r.Reasons, fmt.Sprintf("%d of %d interactions ", n, s.Seen)+fmt.Sprintf(format, args...))
		}
	}
	say(uint64(r.Counts[Failed]), "are not as %s expects", r.Consumer)
	say(uint64(r.Counts[Pending]), "failed and are pending, which does not count")
	say(s.Lost(), "were not run: %s", s.Losses())
	say(s.Skipped(), "were not asked for")
	switch {
	case interrupted:
		r.Verdict = contract.Interrupted
	case r.Counts[Failed] > 0:
		r.Verdict = contract.Fail
	case s.Lost() > 0 || s.Written == 0:
		r.Verdict = contract.Inconclusive
	default:
		r.Verdict = contract.Pass
	}
	if s.Written == 0 && s.Lost() == 0 {
		r.Reasons = append(r.Reasons, "nothing was verified")
	}
}

package report

import (
	"fmt"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/diff/report/look"
)

// SchemaName names the kind of evidence, SchemaVersion is the version of its JSON
// form. A reader must refuse a greater major number.
const (
	SchemaName    = "twinspect.dev/evidence/pact"
	SchemaVersion = "1.0"
)

// Evidence says which Pact files were verified against which provider, and what came
// of it.
type Evidence struct {
	Schema  string    `json:"schema"`
	Version string    `json:"version"`
	Tool    string    `json:"tool"` // name and version of the program
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Provider is the URL that was asked, Broker where the pacts came from, "" for
	// files.
	Provider string `json:"provider"`
	Broker   string `json:"broker,omitempty"`
	// ProviderVersion is the version that results were published for, "" where none
	// were.
	ProviderVersion string `json:"provider_version,omitempty"`

	Verdict contract.Verdict `json:"verdict"`
	// Reasons says in sentences why, the most important first.
	Reasons []string `json:"reasons"`
	// Counts has the interactions of all pacts by outcome.
	Counts  map[verify.Outcome]int `json:"counts"`
	Pacts   []Pact                 `json:"pacts"`
	Account capture.Account        `json:"account"`
}

// Pact is what became of one pact.
type Pact struct {
	// Source is the file, or the URL at the broker.
	Source string `json:"source"`
	// Pending says that what fails of it does not count, WIP that it is one that its
	// consumer still works on.
	Pending bool `json:"pending,omitempty"`
	WIP     bool `json:"wip,omitempty"`
	// Published says that the result was published to the broker.
	Published bool `json:"published,omitempty"`
	// Notices are what the broker wants a person to read.
	Notices []string `json:"notices,omitempty"`
	verify.Report
}

// Judge fills what follows from the pacts: counts, account, verdict and reasons.
//
// A pact of which nothing was asked for does not count. A pending one never fails the
// whole; that it could not be asked counts where the provider was away, as nothing is
// known of the others then either.
func (e *Evidence) Judge() {
	e.Counts, e.Account, e.Reasons = map[verify.Outcome]int{}, nil, nil
	var lost, failing int
	interrupted := false
	for i := range e.Pacts {
		p := &e.Pacts[i]
		e.Account = e.Account.Merge(p.Account)
		for outcome, n := range p.Counts {
			e.Counts[outcome] += n
		}
		interrupted = interrupted || p.Verdict == contract.Interrupted
		lost += p.missed()
		if p.Counts[verify.Failed] > 0 {
			failing++
		}
	}
	asked := e.Counts[verify.Passed] + e.Counts[verify.Failed] + e.Counts[verify.Pending]
	switch {
	case interrupted:
		e.Verdict = contract.Interrupted
	case failing > 0:
		e.Verdict = contract.Fail
	case lost > 0 || asked == 0:
		e.Verdict = contract.Inconclusive
	default:
		e.Verdict = contract.Pass
	}
	e.explain(failing, lost, asked)
}

// explain tells why the verdict is what it is.
func (e *Evidence) explain(failing, lost, asked int) {
	if len(e.Pacts) == 0 {
		e.Reasons = append(e.Reasons, "there was no pact to verify")
		return
	}
	if failing > 0 {
		e.Reasons = append(e.Reasons, fmt.Sprintf("%d of %d pacts are broken", failing, len(e.Pacts)))
	}
	if lost > 0 {
		e.Reasons = append(e.Reasons, fmt.Sprintf("%s not run, of which nothing is known", look.Plural(uint64(lost), "interaction"))) //nolint:gosec // a count
	}
	for i := range e.Pacts {
		p := &e.Pacts[i]
		for _, why := range p.Reasons {
			e.Reasons = append(e.Reasons, p.Consumer+": "+why)
		}
	}
	if asked == 0 && e.Verdict == contract.Inconclusive {
		e.Reasons = append(e.Reasons, "nothing was verified")
	}
}

// missed counts the interactions that were not run and whose absence leaves the
// whole undecided.
func (p *Pact) missed() (n int) {
	for i := range p.Results {
		r := &p.Results[i]
		pending := (p.Pending || r.Pending) && r.Reason != verify.ProviderGone
		if r.Outcome == verify.NotRun && r.Reason != verify.NotSelected && !pending {
			n++
		}
	}
	return n
}

// Package impact weighs what a provider's document promises, and what a change of
// it takes back, by who depends on it: which consumer breaks, by which of its
// calls, and which do not care.
//
// Consumers are contracts, inferred from traffic or read from Pact files.
package impact

import (
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat"
)

// Schema names the kind of evidence that a [Report] is, Version its JSON form. A
// reader must refuse a greater major number.
const (
	Schema  = "twinspect.dev/evidence/compatibility"
	Version = "1.0"
)

// Level says what becomes of a consumer.
type Level string

// The levels, the worst first.
const (
	// Breaks: the consumer uses what is taken back.
	Breaks Level = "breaks"
	// Risk: it may break, by what it was not seen to do, or by what is not told.
	Risk Level = "risk"
	// Notice: it meets what is taken back, and nothing shows that it uses it. A
	// consumer with notices alone is safe.
	Notice Level = "notice"
	// Safe: nothing concerns it.
	Safe Level = "safe"
)

// rank orders levels, the worst highest.
func (l Level) rank() int {
	switch l {
	case Breaks:
		return 3
	case Risk:
		return 2
	case Notice:
		return 1
	}
	return 0
}

// worst is the worse of two levels.
func worst(a, b Level) Level {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// Report is the evidence of one check.
type Report struct {
	Schema  string    `json:"schema"`
	Version string    `json:"version"`
	Tool    string    `json:"tool"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`

	Provider string `json:"provider"`
	// Old is the document before the change, nil where consumers were held against
	// New alone.
	Old *contract.DocumentInfo `json:"old,omitempty"`
	New contract.DocumentInfo  `json:"new"`

	// Strict says that every breaking change fails, whether anybody depends on it or
	// not.
	Strict  bool             `json:"strict,omitempty"`
	Verdict contract.Verdict `json:"verdict"`
	// Reasons says in sentences why, the most important first.
	Reasons []string `json:"reasons"`

	// Consumers are sorted by level, the worst first, then by name.
	Consumers []Consumer `json:"consumers"`
	// Changes are sorted by level, breaking ones first, then by operation and place.
	Changes []Change `json:"changes,omitempty"`
	// Problems are the parts of the documents that could not be read.
	Problems []contract.Problem `json:"problems,omitempty"`
	Account  capture.Account    `json:"account,omitempty"`
}

// Consumer is what becomes of one consumer.
type Consumer struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	// Source is "traffic" or "pact".
	Source string `json:"source"`
	// Calls counts the recorded calls, or the interactions of the Pact file.
	Calls    uint64    `json:"calls"`
	From, To time.Time `json:"-"`
	// Effects are sorted by level, the worst first, then by operation and place.
	Effects []Effect `json:"effects"`
}

// Effect is one thing that concerns a consumer.
type Effect struct {
	Level Level `json:"level"`
	// Rule is that of the change, or of the promise that is not kept.
	Rule      string         `json:"rule"`
	Operation string         `json:"operation"`
	Status    string         `json:"status,omitempty"`
	At        contract.Place `json:"at,omitempty"`
	// Calls counts the calls, or interactions, that are concerned, Of all of the
	// consumer's of the operation, and of the status where there is one.
	Calls uint64 `json:"calls"`
	Of    uint64 `json:"of"`
	Text  string `json:"text"`
	// Old and New tell where it stands in the documents.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// Change is a change of the document with those who are concerned.
type Change struct {
	ID        string           `json:"id"`
	Level     compat.Level     `json:"level"`
	Direction compat.Direction `json:"direction"`
	Operation string           `json:"operation"`
	Status    string           `json:"status,omitempty"`
	MediaType string           `json:"media_type,omitempty"`
	At        contract.Place   `json:"at,omitempty"`
	Text      string           `json:"text"`
	Old       string           `json:"old,omitempty"`
	New       string           `json:"new,omitempty"`
	// Breaks, Risks and Notices name the consumers that are concerned, sorted.
	Breaks  []string `json:"breaks,omitempty"`
	Risks   []string `json:"risks,omitempty"`
	Notices []string `json:"notices,omitempty"`
	// Weight says in a sentence who depends on it.
	Weight string `json:"weight,omitempty"`
}

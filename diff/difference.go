// Package diff holds what a comparison of two versions finds: the single
// [Difference], its counts, and the [Report] over a whole run.
package diff

import (
	"cmp"
	"strings"
)

// Part is the part of an answer in which a difference lies.
type Part string

// The parts of an answer.
const (
	Status  Part = "status"
	Header  Part = "header"
	Trailer Part = "trailer"
	Body    Part = "body"
	Latency Part = "latency"
	// Call is a call that the service made of another one to answer, as traces
	// show it.
	Call Part = "call"
)

// Kind is what differs.
type Kind string

// The kinds of differences. They are told apart because noise is learned for
// each alone: a timestamp may change its value, and still may not become null.
const (
	Changed   Kind = "changed"   // another value of the same type
	Retyped   Kind = "retyped"   // another JSON type, null among them
	Removed   Kind = "removed"   // base has it, the other side does not
	Added     Kind = "added"     // the other side has it, base does not
	Reordered Kind = "reordered" // the same elements in another order
	Class     Kind = "class"     // the value left the class that it must have
	Malformed Kind = "malformed" // one side's body breaks its media type's grammar
	Slower    Kind = "slower"    // the operation takes longer
	Moved     Kind = "moved"     // the same value at another place
	Repeated  Kind = "repeated"  // a call is made more often for one answer
)

// Place says where in an answer a difference lies.
type Place struct {
	Part Part `json:"part"`
	// Path is a normalized JSONPath whose indexes and keys are folded to
	// wildcards ($.items[*].price) for a body with a structure, "text" or
	// "bytes" for others, the lower-case name for a header, "SERVICE OPERATION"
	// for a call, the quantile ("p50") for a latency, and empty for the rest.
	Path string `json:"path,omitempty"`
}

// String returns the place as reports show it.
func (p Place) String() string {
	if p.Path == "" {
		return string(p.Part)
	}
	if p.Part == Body {
		return p.Path
	}
	return string(p.Part) + " " + p.Path
}

// Change is one difference between two answers.
type Change struct {
	Place
	Kind Kind
	// At is the exact place of this one, such as $.items[3].price.
	At string
	// Base and Other are the two values as text: JSON values in their JSON
	// form. They are cut to a bounded length. The one that is missing is "".
	Base, Other string
}

// Cell is what noise is learned for and what is judged: one kind of difference
// at one place of one operation.
type Cell struct {
	Operation string `json:"operation"`
	Place
	Kind Kind `json:"kind"`
}

// Counts tells how often a cell differed.
//
// N is the number of outcomes of the operation in which all the sides were
// compared. Without a control side, Control and ControlOnly stay 0 and Paired
// is false.
type Counts struct {
	N       uint64 `json:"n"`
	Branch  uint64 `json:"branch"`  // branch differs from base
	Control uint64 `json:"control"` // control differs from base
	// BranchOnly and ControlOnly are the discordant pairs: one side differs
	// from base and the other does not.
	BranchOnly  uint64 `json:"branch_only"`
	ControlOnly uint64 `json:"control_only"`
	Paired      bool   `json:"paired"`
	// BranchSessions and ControlSessions are the blocks of sessions in which more
	// of the discordant pairs were branch's, and control's. They are what is
	// tested: within a session one cause may show many times.
	BranchSessions  uint64 `json:"branch_sessions,omitempty"`
	ControlSessions uint64 `json:"control_sessions,omitempty"`
}

// Judgement is what the evidence says of a cell.
type Judgement string

// The judgements.
const (
	// Regression: branch differs more often than base differs from itself,
	// proven at the run's error rate.
	Regression Judgement = "regression"
	// Suspect: branch differs, and there are too few samples to tell.
	Suspect Judgement = "suspect"
	// Accepted: a person has said that the difference is intended.
	Accepted Judgement = "accepted"
	// Noise: base differs from itself in the same way.
	Noise Judgement = "noise"
)

// rank puts first what needs attention first.
func (j Judgement) rank() int {
	switch j {
	case Regression:
		return 0
	case Suspect:
		return 1
	case Accepted:
		return 2
	}
	return 3
}

// Example is one occurrence of a difference.
type Example struct {
	// Exchange is the identity of the recorded exchange.
	Exchange string `json:"exchange"`
	Method   string `json:"method"`
	Target   string `json:"target"`
	At       string `json:"at"`
	Base     string `json:"base"`
	Branch   string `json:"branch"`
	// Control is what control gave at the same place, where that differs from
	// base.
	Control string `json:"control,omitempty"`
}

// Difference is one cell with its counts and what they say.
type Difference struct {
	Cell
	Counts
	Judgement Judgement `json:"judgement"`
	// EValue is the evidence against "branch is no different from control":
	// 20 is as rare as one in twenty by chance, whenever one looks.
	EValue float64 `json:"e_value"`
	// MoreSamples is, for a suspect, how many more samples of the operation
	// would decide it if the difference keeps its rate.
	MoreSamples uint64 `json:"more_samples,omitempty"`
	// Learned is the class that noise left to the value, such as "uuid"; empty
	// where none was learned.
	Learned string `json:"learned_class,omitempty"`
	// Reason says in a sentence why it was judged so.
	Reason string `json:"reason"`
	// Category is what triage takes for the cause, Remedy what to do about it.
	Category Category `json:"category,omitempty"`
	Remedy   Remedy   `json:"remedy,omitempty"`
	// OneValue says that branch gave the same value in every occurrence; where it is
	// not set, nobody knows.
	OneValue bool `json:"one_value,omitempty"`
	// Accepted is set on what a person has accepted.
	Accepted *Acceptance `json:"accepted,omitempty"`
	// Location is where the traces of both sides first differ, nil where there
	// are none to tell.
	Location *Location `json:"location,omitempty"`
	Examples []Example `json:"examples,omitempty"`
}

// Compare orders differences as [Report] has them: by judgement, the most
// frequent first, and by their cell where these are equal.
func Compare(a, b Difference) int {
	return cmp.Or(
		cmp.Compare(a.Judgement.rank(), b.Judgement.rank()),
		cmp.Compare(b.Branch, a.Branch),
		strings.Compare(a.Operation, b.Operation),
		strings.Compare(string(a.Part), string(b.Part)),
		strings.Compare(a.Path, b.Path),
		strings.Compare(string(a.Kind), string(b.Kind)),
	)
}

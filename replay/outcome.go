// Package replay sends recorded exchanges to the sides of a comparison and
// tells what each one answered.
package replay

import (
	"time"

	"twinspect.dev/capture"
)

// Side names one of the versions that are asked.
type Side string

// The sides of a comparison, and To, the one side of a plain replay. Control is base asked once more: what differs
// between the two is noise.
const (
	Base    Side = "base"
	Control Side = "control"
	Branch  Side = "branch"
	To      Side = "to"
)

// Fault is the kind of failure that kept a side from giving a whole answer.
// It is empty for an answer, whatever its status.
type Fault string

// The faults of a side.
const (
	Refused   Fault = "refused"   // no connection was made
	Reset     Fault = "reset"     // the connection broke before the answer was whole
	Timeout   Fault = "timeout"   // no whole answer in time
	Malformed Fault = "malformed" // the answer breaks the grammar of HTTP
	TooLarge  Fault = "too-large" // the body is longer than the limit
	Canceled  Fault = "canceled"  // the run was interrupted
	// Misrouted: the answer came from another version than was asked for, or
	// does not prove which one it came from.
	Misrouted Fault = "misrouted"
	Failed    Fault = "failed" // any other failure, told by Answer.Err
)

// Answer is what one side gave for one request.
type Answer struct {
	Side Side
	// Request is what was sent, after rewriting; its Start is when sending
	// began.
	Request capture.Request
	// Response holds what came back; where Fault is set, as much as was read.
	Response capture.Response
	Fault    Fault
	// Err tells the fault to a person.
	Err string
}

// OK reports whether the side gave a whole answer.
func (a *Answer) OK() bool { return a != nil && a.Fault == "" }

// Latency is the time from the start of sending to the last byte of the answer.
func (a *Answer) Latency() time.Duration { return a.Response.End.Sub(a.Request.Start) }

// FirstByte is the time from the start of sending to the first byte of the
// answer.
func (a *Answer) FirstByte() time.Duration { return a.Response.Start.Sub(a.Request.Start) }

// Outcome is one recorded exchange and what each side answered to it.
type Outcome struct {
	Recorded capture.Exchange
	// Answers holds one entry a side, in the order of the run's targets.
	Answers []Answer
	// Late is how much later than planned the exchange was sent, 0 where there
	// was no plan. A latency to which it is added is what a client would have
	// seen that does not wait for others: it hides no coordinated omission.
	Late time.Duration
}

// Answer returns what side answered, or nil where it was not asked.
func (o *Outcome) Answer(side Side) *Answer {
	for i := range o.Answers {
		if o.Answers[i].Side == side {
			return &o.Answers[i]
		}
	}
	return nil
}

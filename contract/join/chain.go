// Package join puts spans and recorded exchanges together: a trace says who called
// whom and why, an exchange what was said.
package join

import (
	"twinspect.dev/capture"
	"twinspect.dev/capture/trace"
)

// How tells by what an exchange and its span were found to be the same call.
type How string

// The ways, the surest first.
const (
	// ByContext: the request carries the span's trace and its id.
	ByContext How = "trace-context"
	// ByTrace: the request carries the trace; target, status and time fit one span
	// of it alone.
	ByTrace How = "trace"
	// ByTime: the request carries no trace; service, target, status and time fit
	// one span alone.
	ByTime How = "time"
)

// Call is one call whose messages were recorded.
type Call struct {
	// Node is its place in the tree.
	Node *trace.Call
	// Consumer called Provider. Consumer is "" where nothing says who it was.
	Consumer, Provider string
	// Operation is the provider's, such as "GET /products/{id}".
	Operation string
	Exchange  *capture.Exchange
	How       How
	// Confidence is 1 for ByContext, less where others might have fitted.
	Confidence float64
	// Parent is the index in the chain of the recorded call during which Consumer
	// made this one, -1 where there is none.
	Parent int
}

// Chain is one trace with what was said in it.
type Chain struct {
	Tree *trace.Tree
	// Calls are those with an exchange, in the order in which they began.
	Calls []Call
}

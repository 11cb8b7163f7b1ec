// Package compat tells what a change of an OpenAPI document breaks.
package compat

import (
	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// Level says what a change means to a consumer that relies on all that was
// promised.
type Level string

// The levels.
const (
	Breaking Level = "breaking" // a consumer that kept to the old document may fail
	Risky    Level = "risky"    // it fails only where it is stricter than it need be
	Safe     Level = "safe"     // no consumer can tell
)

// Direction says who reads the part that changed: a provider reads requests, so
// that it may come to accept more, never less; a consumer reads responses, so that
// they may come to promise more, never less. Webhooks and callbacks, which the
// provider sends, are the other way round: what a consumer reads is InResponse though
// it stands in their request, what it answers is InRequest.
type Direction string

// The directions. Operation is what is neither: a path, a method.
const (
	InRequest  Direction = "request"
	InResponse Direction = "response"
	Operation  Direction = "operation"
)

// Change is one difference between two documents.
type Change struct {
	// ID names the rule, such as "response-property-removed". It is stable.
	ID        string
	Level     Level
	Direction Direction
	// Operation is the old document's name, such as "GET /products/{id}", or the new
	// one's for an operation that the old one does not have; of a webhook "webhook
	// newPet POST".
	Operation string
	// Status is that of the response, as the document has it; "" for requests.
	Status string
	// MediaType is that of the body, "" where it is none.
	MediaType string
	// At is the part of the message, as [contract.Field] has it: "query limit",
	// "body /items/*/price"; "" for the whole.
	At contract.Place
	// Text says in a sentence what has changed.
	Text string
	// Old and New are where it stands; "" where it does not.
	Old, New openapi.Place
}

// Rule is one kind of change that [Compare] tells.
type Rule struct {
	// ID is stable.
	ID        string
	Level     Level
	Direction Direction
	// Text says in a sentence what the change is.
	Text string
}

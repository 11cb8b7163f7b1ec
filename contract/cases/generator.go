// Package cases makes the cases of one request out of an OpenAPI document: those
// that keep to it, at every bound and at every two bounds together, and those that
// break it in one way each.
//
// What a request is meant to be is never taken on trust: each one is written as it
// goes on the wire, read again, and held against the document. What turns out
// otherwise, as a number where any text is allowed, is no case.
package cases

import (
	"sync"

	"twinspect.dev/contract"
	"twinspect.dev/contract/conform"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
	"twinspect.dev/contract/values"
)

// DefaultMax is how many cases an operation gets at most where nothing else is
// said: an operation of 20 parameters and fields with some ten levels each has
// 400, and a person can still look through 500.
const DefaultMax = 500

// Generator makes cases. It may be used by many goroutines, and must not be copied
// or changed after its first use.
type Generator struct {
	Document  *openapi.Document
	Schemas   *schema.Set
	Codec     *message.Codec
	Conformer *conform.Conformer
	Values    *values.Generator
	// Seed is what Values was made with. Cases take all chance from there.
	Seed uint64
	// Supplied tells by operation which places its setup fills in. They are left out
	// of requests, but where a case is about them.
	Supplied map[string][]contract.Place
	// Recorded returns the requests that recorded traffic had for an operation; nil
	// where there is none.
	Recorded func(operation string) []contract.Request
	// Max is how many cases an operation gets at most, 0 [DefaultMax].
	Max int

	once  sync.Once
	slugs map[string]string // by the operation's name
	plans sync.Map          // *openapi.Operation to *space, of Random alone
	cover sync.Map          // levels as a text to a function that gives the rows that cover them
}

// Operation returns the cases of an operation, and what of it no case could be
// made for.
func (g *Generator) Operation(op *openapi.Operation) ([]contract.Case, []contract.Gap) {
	p := g.plan(op)
	c := newCollector(p)
	c.positives()
	c.negatives()
	return c.result(g.limit())
}

// Ordinary returns a request that keeps to the document in its usual way: required
// parameters and the body, with values from the middle of what is allowed. What
// the setup supplies is in it. False says that none is known to be valid.
func (g *Generator) Ordinary(op *openapi.Operation) (contract.Request, bool) {
	p := g.plan(op)
	return p.ordinary, p.sound
}

func (g *Generator) limit() int {
	if g.Max > 0 {
		return g.Max
	}
	return DefaultMax
}

// slug returns what the IDs of an operation's cases begin with.
func (g *Generator) slug(op *openapi.Operation) string {
	g.once.Do(func() { g.slugs = slugs(g.Document.Operations) })
	if s, ok := g.slugs[op.Name]; ok {
		return s
	}
	return slug(op.Name)
}

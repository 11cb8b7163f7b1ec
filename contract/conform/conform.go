// Package conform tells whether a message keeps to an OpenAPI document: requests
// in their decoded form or from the wire, and answers.
//
// Values are trees of map[string]any, []any, string, bool, nil and
// [encoding/json.Number].
//
// What it tells is made for people and for grouping: a message names the place
// and what is expected there and never a value that was sent, but for a status, a
// media type and the name of a field; a cause is alike in all answers that have
// the same defect.
package conform

import (
	"sync"

	"twinspect.dev/capture/coding"
	"twinspect.dev/contract"
	"twinspect.dev/contract/message"
	"twinspect.dev/contract/openapi"
	"twinspect.dev/contract/schema"
)

// Conformer holds messages against one document. It may be used by many
// goroutines.
type Conformer struct {
	doc      *openapi.Document
	schemas  *schema.Set
	codec    *message.Codec
	decoders sync.Pool // of *coding.Decoder
}

// maxDecoded is how many bytes a body may become when its content coding is
// undone: what a run keeps of an answer at most, 64 MiB, so that a few KB of
// zeros do not take the machine's memory.
const maxDecoded = 64 << 20

// New returns a conformer of the document, whose schemas and codec it shares.
func New(doc *openapi.Document, schemas *schema.Set, codec *message.Codec) *Conformer {
	c := &Conformer{doc: doc, schemas: schemas, codec: codec}
	c.decoders.New = func() any { return &coding.Decoder{Limit: maxDecoded, Ratio: coding.TextRatio} }
	return c
}

// Violation is one part of a request that does not keep to the document.
type Violation struct {
	At contract.Place
	// Keyword is that of JSON Schema, or one of [Malformed], [Undeclared] and
	// [MediaType].
	Keyword string
	// Message says in a sentence what is wrong. It holds no value of the request.
	Message string
	// Schema is where the document says so, "" where no schema does.
	Schema openapi.Place
}

// What is wrong that no keyword of JSON Schema tells.
const (
	Malformed  = "malformed"  // not of the form that the document gives it
	Undeclared = "undeclared" // there, but not in the document
	MediaType  = "media-type" // not one of those that are declared
)

// keywordRequired is JSON Schema's, and is that of parameters and bodies too.
const keywordRequired = "required"

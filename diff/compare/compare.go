// Package compare tells what differs between two answers: the status, the
// header and trailer fields, and the bodies by their media type.
//
// # Fields
//
// Names are compared without regard to case, and the order of different fields
// does not count. Fields of the same name are one list, as if they had come on
// one line with commas between (RFC 9110 section 5.3). Vary, Allow,
// Cache-Control and the like are sets of members. Content-Type is compared by
// media type and parameters, Date by being a time at all. Each cookie of Set-Cookie is compared by itself:
// its value at "set-cookie NAME", each attribute at "set-cookie NAME; ATTRIBUTE".
//
// Not compared is what belongs to the connection (RFC 9110 section 7.6.1) and,
// since bodies are compared by content, Content-Length; it is compared for
// answers that have no content of their own (HEAD and 304), where it describes
// another one. The status of a gRPC call is a trailer, also where an answer
// without messages has it in its header.
//
// # Bodies
//
// Content-Encoding is undone first. JSON is compared by structure. So are XML,
// HTML, forms, multipart bodies, server-sent events, JSON lines, JSON text
// sequences and CSV, each by its projection to JSON, which package project
// describes, and protobuf and gRPC by that of [Comparer.SetProtobuf]. Text is
// compared by lines, anything else by hash.
//
// Where only one side breaks the grammar of its media type or its content
// coding, that is [diff.Malformed]; where both do, the next plainer form is
// compared: text for what has a structure, or bytes where it is none, and bytes
// for codings. So it is where a side has more than can be projected. What
// cannot be decoded within the limits, or has an unknown coding, is compared by
// the hash of its encoded bytes, and the values say why.
//
// A string in a document that holds another one on both sides, and in the same
// form, is compared by its inside, whose path goes on from the string's: JSON
// objects and arrays, base64 of them, base64 of gzip of them, and JSON Web
// Tokens ($.id_token.payload.exp). The rules are asked for the string itself
// first; those whose path depends on values do not see the inside.
//
// # Secrets
//
// A [diff.Change] holds no secrets: see masker. Rules decide on the true
// values.
package compare

import (
	"strconv"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/capture/coding"
	"twinspect.dev/diff"
	"twinspect.dev/diff/jsondiff"
	"twinspect.dev/diff/project"
	"twinspect.dev/diff/rules"
)

// Comparer compares answers. It keeps its buffers from one comparison to the
// next. It is not for concurrent use.
type Comparer struct {
	set   *rules.Set
	json  jsondiff.Differ
	lines liner
	mask  *masker

	protobuf Protobuf // nil for none

	codings               coding.Decoder
	baseBytes, otherBytes []byte // decoded bodies
	baseDoc, otherDoc     []byte // their projections
	plain, otherPlain     []byte // messages without their compression
	opener                project.Opener
	opened                [maxOpen]*opening // made at their first use
	baseFields            []field
	otherFields           []field

	// Of the comparison that goes on.
	scope  *rules.Scope
	yield  func(diff.Change)
	method string // of gRPC, or ""
	level  int    // how many strings are opened
	markup bool   // the documents are of elements
	order  order
	// Whether the texts that are compared look like JSON.
	jsonX, jsonY bool
}

// New returns a Comparer that leaves out what the rules hide. A nil set hides
// nothing.
func New(set *rules.Set) *Comparer {
	return &Comparer{set: set, mask: newMasker(processKey()), codings: coding.Decoder{Limit: maxDecoded}}
}

// Compare tells yield what differs between two answers to a request of the
// operation, which begins with the method and a space. The scope of the rules is
// the operation and base's status.
//
// Both answers must be whole: an incomplete one differs for reasons that are
// not the service's, and it is the caller's to leave it out and count it.
func (c *Comparer) Compare(operation string, base, other *capture.Response, yield func(diff.Change)) {
	c.scope, c.yield, c.method = c.set.Scope(operation, base.Status), yield, methodOf(operation)
	defer c.release()
	if base.Status != other.Status {
		c.status(base.Status, other.Status)
	}
	head := strings.HasPrefix(operation, "HEAD ")
	headerX, trailerX := sections(base)
	headerY, trailerY := sections(other)
	c.headers(headerX, headerY, isBodiless(head, base.Status) && isBodiless(head, other.Status))
	c.trailers(trailerX, trailerY)
	c.bodies(newBody(base, head), newBody(other, head))
}

// release lets go of the answers.
func (c *Comparer) release() {
	c.scope.Documents(nil, nil)
	c.scope, c.yield = nil, nil
}

func (c *Comparer) status(base, other int) {
	x, y := strconv.Itoa(base), strconv.Itoa(other)
	it := rules.Item{Part: diff.Status, Kind: diff.Changed, Base: []byte(x), Other: []byte(y)}
	if c.keeps(&it) {
		c.tell(it, "", "status", x, y)
	}
}

// keeps reports whether the rules let a difference be told. Where its value
// broke a rule, its kind becomes diff.Class.
func (c *Comparer) keeps(it *rules.Item) bool {
	switch c.scope.Decide(*it) {
	case rules.Hide:
		return false
	case rules.Broken:
		it.Kind = diff.Class
	}
	return true
}

// tell passes a difference on. base and other must hold no secrets and be
// clipped.
func (c *Comparer) tell(it rules.Item, path, at, base, other string) {
	c.yield(diff.Change{Place: diff.Place{Part: it.Part, Path: path}, Kind: it.Kind, At: at, Base: base, Other: other})
}

// isBodiless reports whether an answer has no content by its method and status
// (RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5).
func isBodiless(head bool, status int) bool {
	return head || status == 204 || status == 304 || status >= 100 && status < 200
}

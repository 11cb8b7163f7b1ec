// Package message turns requests from their decoded form into what stands on the
// wire and back, and bodies of answers into values, as an OpenAPI document says.
//
// Parameters are written by their styles (OpenAPI 3.1 section 4.8.12, RFC 6570),
// bodies by their media types. What is read is typed by the schemas: the text 5
// becomes a number where the schema allows one, and stays a text where it does
// not, so that a validator sees what is wrong with it.
//
// What cannot be written so that it would be read as what it is fails with
// [ErrNoForm]. Values of a type that the schema does not have are written as they
// are, for requests that are to be refused.
package message

import (
	"errors"

	"twinspect.dev/contract"
	"twinspect.dev/contract/jsontree"
)

// Why a message was not written or read. Errors of this package are one of them,
// or of capture/coding, and say more in their text.
var (
	// ErrNoForm: a value has no form in its style or media type that would be read
	// as that value, such as an empty list in a query.
	ErrNoForm = errors.New("the value has no form here")
	// ErrField: a value cannot be in a header field (RFC 9110 section 5.5).
	ErrField = errors.New("not a value of a header field")
	// ErrUndeclared: the document does not have what the request has.
	ErrUndeclared = errors.New("not declared")
	// ErrMedia: bodies of a media type are not read, only passed on.
	ErrMedia = errors.New("bodies of this media type are not read")
	// ErrSyntax: what was read breaks the grammar of its form.
	ErrSyntax = errors.New("not well-formed")
	// ErrTooDeep: a value is nested deeper than [MaxDepth].
	ErrTooDeep = jsontree.ErrTooDeep
	// ErrTooMany: a message has more than [MaxValues].
	ErrTooMany = jsontree.ErrTooMany
)

// MaxDepth is how deep a value may be nested. Schemas of services nest below 20;
// a call for each level stays within a small stack.
const MaxDepth = 512

// MaxValues is how many values one message may have: a list of 4 million
// numbers is a body of 8 MB at least, and takes some 100 MB of memory here.
const MaxValues = 4 << 20

// Problem is a part of a message that could not be written or read.
type Problem struct {
	At  contract.Place
	Err error
}

// Error tells the place and the cause.
func (p Problem) Error() string { return string(p.At) + ": " + p.Err.Error() }

// Unwrap returns the cause.
func (p Problem) Unwrap() error { return p.Err }

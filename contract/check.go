package contract

import (
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture"
)

// Check is a property that answers must have.
type Check string

// The checks. The first seven are made of every answer; the others where a case
// asks for them.
const (
	Answered       Check = "answered"         // a whole answer in the grammar of HTTP comes in time
	NoServerError  Check = "no-server-error"  // the status is below 500, or a declared one
	StatusDeclared Check = "status-declared"  // the document has the status
	MediaTypeKept  Check = "media-type"       // the document has the media type for the status
	HeadersKept    Check = "headers"          // required fields are there, and fit their schemas
	BodyKept       Check = "body-schema"      // the body fits its schema
	ResponseTime   Check = "response-time"    // the answer comes within the limit that was given
	Rejected       Check = "invalid-rejected" // an invalid request is answered 4xx
	Accepted       Check = "valid-accepted"   // a valid request is not answered as an invalid one
	AuthEnforced   Check = "auth-enforced"    // 401 or 403 without credentials, and with wrong ones
	MethodRefused  Check = "method-refused"   // 405 with Allow (RFC 9110 section 15.5.6)
	ReadAfterWrite Check = "read-after-write" // what was created is read as it was written
	WriteKept      Check = "write-kept"       // what an update was answered for is read afterwards
	UseAfterDelete Check = "use-after-delete" // what was deleted is gone
	Available      Check = "available-after-create"
	Idempotent     Check = "idempotent" // the second of two alike changes nothing (RFC 9110 section 9.2.2)

	// Those of recorded traffic.
	Documented  Check = "documented"     // the document has the operation
	RequestKept Check = "request-schema" // the recorded request keeps to the document
)

// Checks are all checks in the order in which they are reported.
var Checks = []Check{
	Answered, NoServerError, StatusDeclared, MediaTypeKept, HeadersKept, BodyKept, ResponseTime,
	Rejected, Accepted, AuthEnforced, MethodRefused,
	ReadAfterWrite, WriteKept, UseAfterDelete, Available, Idempotent,
	Documented, RequestKept,
}

// CompareChecks orders checks as [Checks] does, a user's own behind these by name.
func CompareChecks(a, b Check) int {
	rank := func(c Check) int {
		if i := slices.Index(Checks, c); i >= 0 {
			return i
		}
		return len(Checks)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// ParseCheck finds a check by its name.
func ParseCheck(name string) (Check, bool) {
	i := slices.Index(Checks, Check(name))
	if i < 0 {
		return "", false
	}
	return Checks[i], true
}

// Observation is what one request of a case gave.
type Observation struct {
	// Step is the index of the step in its case; Page counts from 0 where the step
	// asks for several.
	Step, Page int
	// Request is what the step came to, values of earlier answers put in.
	Request Request
	// Exchange holds what was sent and what came back.
	Exchange capture.Exchange
	// Fault is the kind of failure that kept the answer from being whole, such as
	// "timeout"; Err tells it to a person.
	Fault, Err string
	// Latency is from the start of sending to the last byte of the answer.
	Latency time.Duration
}

// Broken is one check that an answer did not keep to.
type Broken struct {
	Check Check
	// Step is the index of the step whose answer it is.
	Step int
	// At is the place in the answer, "" for the whole.
	At Place
	// Cause tells one cause from another within an operation and a check: what is
	// alike in all answers that are broken by it. It holds no value of one answer.
	Cause string
	// Message says in a sentence what is wrong.
	Message string
}

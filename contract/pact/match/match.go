// Package match says whether a recorded request, response or message is what a Pact
// expects, by the matching rules of the Pact specification, version 1 to 4
// (https://github.com/pact-foundation/pact-specification).
//
// Postel's law decides what is more than expected: a request may have no more, as
// the provider might not take it; a response may, as the consumer does not look at
// it. Headers may always be more.
package match

import (
	"fmt"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/pact"
)

const (
	// MaxMismatches is how many mismatches of a message are told one by one: more
	// than a person reads. A last one counts the others.
	MaxMismatches = 200
	// MaxText is how many bytes of a value a mismatch shows.
	MaxText = 200
	// MaxSteps bounds the work for one message: as many values and rules are looked
	// at as in two bodies of pact.MaxValues, some two seconds.
	MaxSteps = 8 << 20
)

// Mismatch is one thing that is not as expected.
type Mismatch struct {
	// At is where it is in the actual message, or where it is missing: "method",
	// "path", "query limit", "header Accept", "status", "metadata topic", "body
	// /items/0/price".
	At contract.Place
	// Expected and Actual are texts for people, cut to [MaxText]; "" where there is
	// nothing. They may be values of the message.
	Expected, Actual string
	// Message says in a sentence what is wrong. It holds no value of the actual
	// message.
	Message string
}

// String tells the place and what is wrong.
func (m Mismatch) String() string { return string(m.At) + ": " + m.Message }

// checker compares one message. It is used by one goroutine.
type checker struct {
	strict bool // nothing more than expected may be there
	rules  pact.Rules
	found  []Mismatch
	more   int // that were found beyond MaxMismatches
	work   *work
}

func newChecker(rules pact.Rules, strict bool) *checker {
	return &checker{rules: rules, strict: strict, work: newWork()}
}

func (c *checker) add(at contract.Place, expected, actual any, format string, args ...any) {
	c.keep(Mismatch{At: at, Expected: show(expected), Actual: show(actual), Message: fmt.Sprintf(format, args...)})
}

func (c *checker) keep(m Mismatch) {
	if len(c.found) >= MaxMismatches {
		c.more++
		return
	}
	c.found = append(c.found, m)
}

// apart runs do and returns what it found, which is not kept.
func (c *checker) apart(do func(*checker)) []Mismatch {
	sub := &checker{strict: c.strict, rules: c.rules, work: c.work}
	do(sub)
	return sub.found
}

// result returns the mismatches, and that not all was looked at.
func (c *checker) result() []Mismatch {
	if c.more > 0 {
		c.found = append(c.found, Mismatch{At: "body", Message: fmt.Sprintf("%d more mismatches", c.more)})
	}
	if why := c.work.exceeded(); why != "" {
		c.found = append(c.found, Mismatch{At: "body", Message: why})
	}
	return c.found
}

// Request compares a request with the expected one. No mismatch is a match. It may be
// used by many goroutines, as long as nothing changes what is expected.
func Request(expected *pact.Request, got *capture.Request) []Mismatch {
	c := newChecker(expected.Rules, true)
	path, query := splitTarget(got.Target)
	c.method(expected.Method, got.Method)
	c.path(expected.Path, path)
	switch {
	case expected.QueryText == "":
		c.query(expected.Query, pact.ParseQuery(query))
	case decoded(expected.QueryText) != decoded(query):
		c.add("query", expected.QueryText, query, "version 1 of the specification expects the same text")
	}
	c.headers(expected.Header, got.Header)
	c.message(&expected.Body, &got.Message)
	return c.result()
}

// Response compares a response with the expected one, as [Request] does.
func Response(expected *pact.Response, got *capture.Response) []Mismatch {
	c := newChecker(expected.Rules, false)
	c.status(expected.Status, got.Status)
	c.headers(expected.Header, got.Header)
	c.message(&expected.Body, &got.Message)
	return c.result()
}

// Message compares a message of no protocol with the expected one, as [Request]
// does. Its metadata may be more than expected. A contentType of "" is that of the
// metadata.
func Message(expected *pact.Message, metadata map[string]any, contentType string, body []byte) []Mismatch {
	c := newChecker(expected.Rules, false)
	if contentType == "" {
		contentType = pact.MetadataType(metadata)
	}
	c.metadata(expected.Metadata, metadata, contentType)
	c.body(&expected.Body, contentType, body)
	return c.result()
}

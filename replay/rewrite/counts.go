package rewrite

import (
	"sync"

	"twinspect.dev/capture"
)

// The reasons for which an entry leaves a request as it is.
const (
	// Absent: there is nothing at the place that the entry names.
	Absent capture.Reason = "absent"
	// Same: the value is what it would become, or the expression does not match
	// it.
	Same capture.Reason = "same"
	// NotText: an expression is for a string, and the value is none.
	NotText capture.Reason = "not-text"
	// Covered: the value lies in one that another rule sets or removes.
	Covered capture.Reason = "covered"
	// NoPath: the request-target has no path, as that of "OPTIONS *".
	NoPath capture.Reason = "no-path"
	// BadValue: what an expression made cannot stand at its place, such as a line
	// break in a header field.
	BadValue capture.Reason = "bad-value"
	// NoBody: the request has no body.
	NoBody capture.Reason = "no-body"
	// NotJSON: the body is not JSON, or is nested deeper than 10,000 levels.
	NotJSON capture.Reason = "not-json"
	// NotForm: the body is not a form.
	NotForm capture.Reason = "not-form"
	// Undecodable: the content coding is broken.
	Undecodable capture.Reason = "undecodable"
	// UnknownCoding: the content coding is not known.
	UnknownCoding capture.Reason = "unknown-coding"
	// DecodedLimit: the body decodes to more than 32 MiB, or to more than 200
	// times its length.
	DecodedLimit capture.Reason = "decoded-limit"
	// Unsigned: there is a JSON Web Token but no key to sign it anew.
	Unsigned capture.Reason = "unsigned"
	// NotToken: the recorded credentials are not a JSON Web Token.
	NotToken capture.Reason = "not-token"
	// Overruled: an earlier entry set the same field.
	Overruled capture.Reason = "overruled"
	// Unavailable: there was no token, so the request was not sent.
	Unavailable capture.Reason = "unavailable"
	// NoRecordedTime: it is not known when the request was recorded.
	NoRecordedTime capture.Reason = "no-recorded-time"
)

// Counts tell what one entry did. They balance over the requests that it is for:
//
//	Matched = Changed + Left
type Counts struct {
	Matched uint64 `json:"matched"`
	Changed uint64 `json:"changed"`
	// Left is how many were left as they are, by reason.
	Left map[capture.Reason]uint64 `json:"left,omitempty"`
}

// counter is Counts for many goroutines.
type counter struct {
	mu     sync.Mutex
	counts Counts
}

// add counts one request: changed where left is "".
func (c *counter) add(left capture.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Matched++
	if left == "" {
		c.counts.Changed++
		return
	}
	if c.counts.Left == nil {
		c.counts.Left = make(map[capture.Reason]uint64)
	}
	c.counts.Left[left]++
}

func (c *counter) read() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.counts
	if c.counts.Left != nil {
		out.Left = make(map[capture.Reason]uint64, len(c.counts.Left))
		for reason, n := range c.counts.Left {
			out.Left[reason] = n
		}
	}
	return out
}

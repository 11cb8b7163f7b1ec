package replay

import "twinspect.dev/capture"

// The reasons under which a run leaves exchanges out.
const (
	// UnsafeMethod: the method may change the service, and writes are not
	// allowed.
	UnsafeMethod capture.Reason = "unsafe-method"
	// IncompleteRequest: the request was not recorded whole.
	IncompleteRequest capture.Reason = "incomplete-request"
	// Connect: a tunnel is no exchange that can be sent again.
	Connect capture.Reason = "connect"
	// Upgrade: the connection was meant to change its protocol.
	Upgrade capture.Reason = "upgrade"
	// ReplayAnswer: the record is what a side gave to an earlier replay, so the
	// recorded exchange itself stands in the same stream.
	ReplayAnswer capture.Reason = "replay-answer"
)

// Safe reports whether the method is safe (RFC 9110 section 9.2.1). QUERY is
// safe by its own definition (draft-ietf-httpbis-safe-method-w-body). Methods
// are compared with regard to case.
func Safe(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY":
		return true
	}
	return false
}

// Idempotent reports whether sending the method twice is like sending it once
// (RFC 9110 section 9.2.2).
func Idempotent(method string) bool {
	return Safe(method) || method == "PUT" || method == "DELETE"
}

// unfit returns the reason why e is not sent, or "".
func (r *Runner) unfit(e *capture.Exchange) capture.Reason {
	switch method := e.Request.Method; {
	case !e.Context.Recorded.IsZero():
		return ReplayAnswer
	case e.Request.Incomplete != "":
		return IncompleteRequest
	case method == "CONNECT":
		return Connect
	case e.Request.Header.Has("Upgrade"):
		return Upgrade
	case !r.AllowWrites && !Safe(method):
		return UnsafeMethod
	}
	return ""
}

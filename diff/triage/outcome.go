// Package triage tells causes apart: what the branch did, what the environment
// did, and what nobody can tell. It is pure.
//
// An outcome that shows no more than the state of the environment is not
// compared: it counts neither as a regression nor as a pass.
package triage

import (
	"bytes"
	"slices"
	"strings"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// Sides are what a comparison asks, in the order of the report. Answers of any
// other side take no part in it.
var sides = [...]replay.Side{replay.Base, replay.Control, replay.Branch}

// The reasons for which an outcome is not compared, besides the faults of its
// sides, which have the side before them: "branch-refused".
const (
	// NotAsked: there is no answer of base or branch, as in a plain recording.
	NotAsked capture.Reason = "not-asked"
	// AllFail: every side answers with a server's error, and the recording has none.
	AllFail capture.Reason = "all-sides-fail"
	// AllRefuse: every side refuses the credentials, which the recorded service took.
	AllRefuse capture.Reason = "all-sides-refuse-credentials"
	// AllMiss: no side has what the recorded service had.
	AllMiss capture.Reason = "all-sides-miss-data"
)

// gateway is the fault of a side before which something else answered.
const gateway = "gateway-error"

// Of returns why an outcome cannot be compared, "" where it can.
func Of(o *replay.Outcome) capture.Reason {
	if o.Answer(replay.Base) == nil || o.Answer(replay.Branch) == nil {
		return NotAsked
	}
	for _, side := range sides {
		if a := o.Answer(side); a != nil && !a.OK() {
			return capture.Reason(string(side) + "-" + string(Fault(a)))
		}
	}
	if reason := together(o); reason != "" {
		return reason
	}
	for _, side := range sides {
		if a := o.Answer(side); a != nil && isGateways(&a.Response) {
			return capture.Reason(string(side) + "-" + gateway)
		}
	}
	return ""
}

// Fault returns the fault of an answer. One that is not known, as a file may hold
// it, is a failure like any other, so that the reasons stay few.
func Fault(a *replay.Answer) replay.Fault {
	if slices.Contains(faults, a.Fault) {
		return a.Fault
	}
	return replay.Failed
}

var faults = []replay.Fault{
	replay.Refused, replay.Reset, replay.Timeout, replay.Malformed,
	replay.TooLarge, replay.Canceled, replay.Misrouted, replay.Failed,
}

// together returns what all sides have in common, and the recording has not.
func together(o *replay.Outcome) capture.Reason {
	recorded := o.Recorded.Response.Status
	all := func(is func(status int) bool) bool {
		for _, side := range sides {
			if a := o.Answer(side); a != nil && !is(a.Response.Status) {
				return false
			}
		}
		return recorded != 0 && !is(recorded)
	}
	switch {
	case all(func(status int) bool { return status >= 500 }):
		return AllFail
	case recorded >= 400:
	case all(func(status int) bool { return status == 401 || status == 403 || status == 407 }):
		return AllRefuse
	case all(func(status int) bool { return status == 404 || status == 410 }):
		return AllMiss
	}
	return ""
}

// gatewayTexts are what proxies answer themselves when they do not reach the
// service: Envoy (source/common/http/..., local replies), nginx, HAProxy and
// the load balancers of the large clouds. An answer of the service in its own
// words is the service's, whatever its status.
var gatewayTexts = [][]byte{
	[]byte("upstream connect error or disconnect/reset before headers"),
	[]byte("no healthy upstream"),
	[]byte("upstream request timeout"),
	[]byte("<h1>502 Bad Gateway</h1>"),
	[]byte("<h1>503 Service Temporarily Unavailable</h1>"),
	[]byte("<h1>503 Service Unavailable</h1>"),
	[]byte("<h1>504 Gateway Time-out</h1>"),
	[]byte("no server is available to handle this request"),
}

// maxGatewayText is how much of a body is looked at: what a proxy says is short.
const maxGatewayText = 2 << 10

// isGateways reports whether a gateway answered in the service's place (RFC 9110
// sections 15.6.3 to 15.6.5).
func isGateways(r *capture.Response) bool {
	if r.Status < 502 || r.Status > 504 {
		return false
	}
	text := bytes.ToLower(r.Body[:min(len(r.Body), maxGatewayText)])
	return slices.ContainsFunc(gatewayTexts, func(t []byte) bool { return bytes.Contains(text, bytes.ToLower(t)) })
}

// IsReason reports whether [Of] may give the reason.
func IsReason(r capture.Reason) bool {
	switch r {
	case NotAsked, AllFail, AllRefuse, AllMiss:
		return true
	}
	for _, side := range sides {
		if fault, ok := strings.CutPrefix(string(r), string(side)+"-"); ok {
			return fault == gateway || slices.Contains(faults, replay.Fault(fault))
		}
	}
	return false
}

// Category returns the kind of cause that a reason of [Of] stands for.
func Category(r capture.Reason) diff.Category {
	switch {
	case r == AllRefuse:
		return diff.CauseCredentials
	case r == AllMiss:
		return diff.CauseData
	case strings.HasSuffix(string(r), "-"+string(replay.Misrouted)):
		return diff.CauseMisrouted
	case r == NotAsked || strings.HasSuffix(string(r), "-"+string(replay.Canceled)):
		return diff.CauseUnknown
	}
	return diff.CauseEnvironment
}

package check

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"twinspect.dev/contract"
	"twinspect.dev/contract/openapi"
)

// canceled is the fault of a request that the run itself gave up: it says nothing
// of the provider.
const canceled = "canceled"

// answer makes the checks that are made of every answer.
func (j *judge) answer(o *contract.Observation) {
	why := fault(o)
	if why == canceled {
		return
	}
	if j.make(contract.Answered) && why != "" {
		j.tell(contract.Answered, o.Step, "", why, noAnswer(why, o.Err))
	}
	if status(o) == 0 {
		return
	}
	op := j.operation(o)
	failed := j.serverError(o, op)
	if why != "" {
		return
	}
	j.document(o, op, failed)
	if j.limit > 0 && j.make(contract.ResponseTime) && o.Latency > j.limit {
		j.tell(contract.ResponseTime, o.Step, "", "slow",
			fmt.Sprintf("the answer took %s, more than %s", o.Latency.Round(time.Millisecond/10), j.limit))
	}
}

var faults = map[string]string{
	"refused":           "there was no connection",
	"reset":             "the connection broke before the answer was whole",
	"closed":            "the connection was closed before the answer was whole",
	"timeout":           "no whole answer came in time",
	"malformed":         "the answer breaks the grammar of HTTP",
	"ambiguous-framing": "where the answer ends is ambiguous",
	"too-large":         "the answer is larger than is read",
	"body-limit":        "the answer is larger than is read",
	"no-status":         "the answer has no status",
}

// maxErr is how much of an error is told: a line.
const maxErr = 200

func noAnswer(why, err string) string {
	text, ok := faults[why]
	if !ok {
		text = "there was no whole answer (" + why + ")"
	}
	if err == "" || err == why {
		return text
	}
	return text + ": " + cut(err, maxErr)
}

// serverError looks for a status of 500 and above. One that the operation
// declares by itself, such as 503, is a part of what it promises; but 500 says
// that the server met what it did not expect, and is broken however it is
// declared, as is what only a range or "default" declares: they tell the form of
// an error, not that there should be one. 501 is right for a method that the
// document declares nowhere (RFC 9110 section 15.6.2).
//
// It reports whether the check is broken: one failure is told once, and not as a
// status that is not declared as well.
func (j *judge) serverError(o *contract.Observation, op *openapi.Operation) bool {
	if !j.make(contract.NoServerError) || status(o) < 500 {
		return false
	}
	s := status(o)
	if s != 500 && op != nil && slices.ContainsFunc(op.Responses, func(r *openapi.Response) bool { return r.Status == strconv.Itoa(s) }) {
		return false
	}
	if s == 501 && op == nil && !j.known[o.Request.Method] {
		return false
	}
	mark := j.fingerprint(o)
	j.tell(contract.NoServerError, o.Step, "status", strconv.Itoa(s)+" "+mark.cause, told(s, mark))
	return true
}

// told says what an answer tells of itself.
func told(status int, mark fingerprint) string {
	text := fmt.Sprintf("the answer is %d", status)
	if mark.text == "" {
		return text
	}
	return text + ": " + cut(mark.text, maxErr)
}

// document holds the answer against what the document says of it. failed says that
// it is a failure of the server, whose status was told.
func (j *judge) document(o *contract.Observation, op *openapi.Operation, failed bool) {
	if op == nil {
		return
	}
	found := j.conformer.Examine(op, &o.Exchange.Request, &o.Exchange.Response)
	for _, check := range found.Made {
		j.make(check)
	}
	for _, b := range found.Broken {
		if failed && b.Check == contract.StatusDeclared {
			continue
		}
		if j.enabled == nil || j.enabled[b.Check] {
			b.Step = o.Step
			j.broken = append(j.broken, b)
		}
	}
}

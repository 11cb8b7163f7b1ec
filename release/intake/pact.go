package intake

import (
	"fmt"
	"io"
	"strings"

	"twinspect.dev/contract/pact/report"
	"twinspect.dev/contract/pact/verify"
	"twinspect.dev/release"
)

func readPact(r io.Reader) (*release.Evidence, error) {
	p, err := report.Read(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	e := release.Evidence{Kind: release.Consumer, Tool: p.Tool, Started: p.Started, Ended: p.Ended, Reasons: p.Reasons}
	var ops operations
	for i := range p.Pacts {
		for j := range p.Pacts[i].Results {
			result := &p.Pacts[i].Results[j]
			if interaction(&ops, p.Pacts[i].Consumer, result) {
				e.Samples++
			}
		}
	}
	return compared(build(e, p.Verdict, &ops, p.Account))
}

// interaction notes what became of one, and reports whether it was asked at all.
func interaction(ops *operations, consumer string, r *verify.Result) bool {
	if r.Outcome == verify.NotRun && r.Reason == verify.NotSelected {
		return false
	}
	op := ops.at(asked(r))
	switch r.Outcome {
	case verify.Failed:
		op.regression("%s is not answered as it expects: %s%s", consumer, r.Description, why(r))
	case verify.Pending:
		op.suspect("%s is not answered as it expects, which is pending: %s%s", consumer, r.Description, why(r))
	case verify.NotRun:
		op.suspect("%s: %s was not run: %s", consumer, r.Description, r.Reason)
		return false
	}
	op.Samples++
	return true
}

// asked names what was asked: the method and path without a query, or the message.
func asked(r *verify.Result) string {
	if r.Request == "" {
		return r.Description
	}
	path, _, _ := strings.Cut(r.Request, "?")
	return path
}

func why(r *verify.Result) string {
	switch {
	case len(r.Mismatches) > 0:
		return fmt.Sprintf(": %s (%d in all)", r.Mismatches[0].Message, len(r.Mismatches))
	case r.Detail != "":
		return ": " + r.Detail
	}
	return ""
}

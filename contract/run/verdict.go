package run

import (
	"fmt"
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
)

// Unasked is a case that was not begun as the time that was given was over.
const Unasked capture.Reason = "budget"

// maxHalted is the share of cases that may not be run, for reasons that nobody
// asked for, before nothing is said of a provider without findings: with one in
// five unasked a whole resource may be missing.
const maxHalted = 0.2

// Decide fills the verdict of a report, and its reasons, from its findings and
// counts. interrupted says that the run was stopped.
func Decide(r *contract.Report, halts map[capture.Reason]string, interrupted bool) {
	proven, flaky := 0, 0
	for i := range r.Findings {
		if r.Findings[i].Flaky {
			flaky++
		} else {
			proven++
		}
	}
	var asked, made, halted uint64
	reasons := map[capture.Reason]uint64{}
	for _, k := range r.Cases {
		made += k.Made
		asked += k.Passed + k.Broken
		for reason, n := range k.NotRun {
			if reason != Unasked && reason != Skipped {
				halted += n
			}
			reasons[reason] += n
		}
	}
	r.Verdict, r.Reasons = contract.Pass, nil
	doubt := func(format string, args ...any) {
		r.Verdict = contract.Inconclusive
		r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...))
	}
	if flaky > 0 {
		doubt("%s did not come each time the same was asked again", count(flaky, "finding", "findings"))
	}
	if reasons[ProviderGone] > 0 {
		doubt("the provider could not be reached for %s", count(int(reasons[ProviderGone]), "case", "cases"))
	}
	if asked == 0 {
		doubt("no case was asked to its end")
	} else if float64(halted) > maxHalted*float64(made) {
		doubt("%d of %d cases could not be run", halted, made)
	}
	if proven > 0 {
		r.Verdict = contract.Fail
		r.Reasons = slices.Insert(r.Reasons, 0, fmt.Sprintf("the provider does not keep to the document: %s", count(proven, "cause", "causes")))
	}
	if interrupted {
		r.Verdict = contract.Interrupted
		r.Reasons = append(r.Reasons, "the run was stopped")
	}
	if r.Verdict == contract.Pass {
		r.Reasons = append(r.Reasons, fmt.Sprintf("all %d cases were answered as the document says", asked))
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		text := fmt.Sprintf("%d cases were not run: %s", reasons[reason], reason)
		if halts[reason] != "" {
			text = fmt.Sprintf("%d cases were not run; one of them: %s", reasons[reason], halts[reason])
		}
		r.Reasons = append(r.Reasons, text)
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// Report makes the evidence of a run; of is what is known besides. What the run
// was told to leave must be counted before.
func (r *Result) Report(of contract.Report, interrupted bool) contract.Report {
	of.Schema, of.Version = contract.Schema, contract.SchemaVersion
	of.Started, of.Ended, of.Requests = r.Started, r.Ended, r.Requests
	of.Cases, of.Checks, of.Latency, of.Findings = r.Kinds, r.Checks, r.Latency, r.Findings
	Decide(&of, r.Halts, interrupted)
	if r.Over > 0 {
		of.Reasons = append(of.Reasons, fmt.Sprintf("%d more answers were broken by causes beyond the first %d", r.Over, findings.Max))
	}
	return of
}

// Leave counts a case that was not begun: [Unasked] as the time was over, or
// [Stopped].
func (r *Result) Leave(cs *contract.Case, reason capture.Reason) {
	for i := range r.Kinds {
		if k := &r.Kinds[i]; k.Kind == cs.Kind {
			k.Made++
			k.NotRun[reason]++
		}
	}
}

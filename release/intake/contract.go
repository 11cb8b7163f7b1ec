package intake

import (
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/report"
	"twinspect.dev/contract/run"
	"twinspect.dev/release"
)

func readContract(r io.Reader) (*release.Evidence, error) {
	c, err := report.Read(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was read
	}
	e := release.Evidence{Kind: release.Provider, Tool: c.Tool, Started: c.Started, Ended: c.Ended, Reasons: c.Reasons}
	var ops operations
	for i := range c.Coverage.Operations {
		o := &c.Coverage.Operations[i]
		op := ops.at(o.Operation)
		op.Samples = sum(op.Samples, o.Asked)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		op := ops.at(f.Operation)
		if f.Flaky {
			op.suspect("%s: %s, in %d of %d times that it was asked again", f.Check, f.Message, f.Seen, f.Asked)
		} else {
			op.regression("%s: %s, in %d answers", f.Check, f.Message, f.Count)
		}
	}
	cases := casesOf(c)
	e.Samples = cases.Written
	return certain(compared(build(e, c.Verdict, &ops, append(c.Account.Clone(), cases))))
}

// casesOf is the account of the cases: those that were not run are lost, but for those
// that were to be left, and those that the time was not enough for, which the run was
// told beforehand.
func casesOf(c *contract.Report) capture.Stage {
	st := capture.Stage{Name: "cases", Unit: "cases"}
	for i := range c.Cases {
		k := &c.Cases[i]
		st.Seen = sum(st.Seen, k.Made)
		st.Written = sum(st.Written, k.Passed, k.Broken)
		for reason, n := range k.NotRun {
			if reason == run.Unasked || reason == run.Skipped {
				st.Filter(reason, n)
			} else {
				st.Drop(reason, n)
			}
		}
	}
	return st
}

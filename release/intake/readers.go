package intake

import (
	"fmt"
	"io"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/compat/impact"
	pactreport "twinspect.dev/contract/pact/report"
	"twinspect.dev/diff"
	"twinspect.dev/release"
	"twinspect.dev/release/canary"
)

// readers reads evidence by its schema.
var readers = map[string]func(io.Reader) (*release.Evidence, error){
	diff.Schema:           readDiff,
	contract.Schema:       readContract,
	pactreport.SchemaName: readPact,
	impact.Schema:         readCompatibility,
	canary.Schema:         readCanary,
}

// outcomes are those of all kinds; the readers refuse others.
var outcomes = []release.Outcome{release.Pass, release.Fail, release.Inconclusive, release.Interrupted}

// outcome gives a verdict of a document its name here.
func outcome[V ~string](v V) (release.Outcome, error) {
	if o := release.Outcome(v); slices.Contains(outcomes, o) {
		return o, nil
	}
	return "", fmt.Errorf("its verdict is %.40q, which this program does not know", v)
}

// build fills what all kinds have alike.
func build[V ~string](e release.Evidence, verdict V, ops *operations, account capture.Account) (*release.Evidence, error) {
	var err error
	if e.Outcome, err = outcome(verdict); err != nil {
		return nil, err
	}
	if e.Operations, err = ops.list(); err != nil {
		return nil, err
	}
	if e.Losses, err = losses(account); err != nil {
		return nil, err
	}
	return &e, nil
}

// compared refuses a pass of nothing.
func compared(e *release.Evidence, err error) (*release.Evidence, error) {
	if err == nil && e.Outcome == release.Pass && e.Samples == 0 {
		return nil, fmt.Errorf("%w: the verdict is pass, and nothing was compared", ErrContradicts)
	}
	return e, err
}

// certain refuses a pass beside what is not proven, for the kinds whose verdict would
// be inconclusive.
func certain(e *release.Evidence, err error) (*release.Evidence, error) {
	if err != nil || e.Outcome != release.Pass {
		return e, err
	}
	for i := range e.Operations {
		if o := &e.Operations[i]; o.Suspects > 0 {
			return nil, fmt.Errorf("%w: the verdict is pass, and %.80q has %d suspects", ErrContradicts, o.Name, o.Suspects)
		}
	}
	return e, nil
}

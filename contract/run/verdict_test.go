package run

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
)

func TestTheVerdictIsThatOfWhatWasFoundAndAsked(t *testing.T) {
	proven, flaky := contract.Finding{}, contract.Finding{Flaky: true}
	ran := func(passed uint64, notRun map[capture.Reason]uint64) []contract.KindCount {
		k := contract.KindCount{Kind: contract.Positive, Made: passed, Passed: passed, NotRun: notRun}
		for _, n := range notRun {
			k.Made += n
		}
		return []contract.KindCount{k}
	}
	tests := map[string]struct {
		report      contract.Report
		interrupted bool
		want        contract.Verdict
	}{
		"all passed":               {contract.Report{Cases: ran(10, nil)}, false, contract.Pass},
		"proven":                   {contract.Report{Cases: ran(10, nil), Findings: []contract.Finding{proven, flaky}}, false, contract.Fail},
		"flaky alone":              {contract.Report{Cases: ran(10, nil), Findings: []contract.Finding{flaky}}, false, contract.Inconclusive},
		"nothing asked":            {contract.Report{Cases: ran(0, nil)}, false, contract.Inconclusive},
		"few not run":              {contract.Report{Cases: ran(10, map[capture.Reason]uint64{SetupFailed: 2})}, false, contract.Pass},
		"many not run":             {contract.Report{Cases: ran(10, map[capture.Reason]uint64{SetupFailed: 5})}, false, contract.Inconclusive},
		"many left to the budget":  {contract.Report{Cases: ran(10, map[capture.Reason]uint64{Unasked: 500})}, false, contract.Pass},
		"many skipped by the user": {contract.Report{Cases: ran(10, map[capture.Reason]uint64{Skipped: 500})}, false, contract.Pass},
		"the provider went away":   {contract.Report{Cases: ran(100, map[capture.Reason]uint64{ProviderGone: 1})}, false, contract.Inconclusive},
		"interrupted":              {contract.Report{Cases: ran(10, nil)}, true, contract.Interrupted},
	}
	for name, test := range tests {
		Decide(&test.report, nil, test.interrupted)
		assert.Equal(t, test.want, test.report.Verdict, name)
		assert.NotEmpty(t, test.report.Reasons, name)
	}
}

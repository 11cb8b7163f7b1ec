//go:build e2e && linux

package main

import (
	"fmt"
	"time"
)

// gatePolicies are the policies of the tests by name, which is that of their service
// too. Each but the first two breaks one promise of the evidence of the good branch.
func gatePolicies() map[string]string {
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	policies := map[string]string{
		"ci": `services: [ci]
require:
  diff: {signers: [ci], self_check: {max_missed: 25%}, operations: [{match: "*", max_suspects: 0}]}
  provider: {signed: true, max_lost: 10%} # orders are not written, so some cases lack their setup
  consumer: {signed: true}
`,
		"canary": `services: ["canary-*"]
require:
  diff: {signed: true, self_check: {max_missed: 25%}}
  canary: {max_age: 50s}
canary:
  every: 1s
  sides: {baseline: 'app="shop",track="stable"', canary: 'app="$service",track="canary"'}
  metrics:
    - {name: errors, counter: http_requests_total, bad: 'code=~"5.."', allow: 1%, min_samples: 200}
    - {name: slow, histogram: http_request_duration_seconds, above: 100ms, allow: 2%, min_samples: 200}
budget: {false_rollback: 1%, false_promote: 5%}
`,
	}
	for name, diff := range map[string]string{
		"plain":  "",
		"aged":   "max_age: 1s, ",
		"thin":   "min_samples: 1000000, ",
		"lossy":  "max_lost: 0%, ",
		"blind":  "",
		"signed": "signers: [ci], ",
	} {
		missed := "25%"
		if name == "blind" {
			missed = "1%"
		}
		policies[name] = fmt.Sprintf("services: [%s]\nrequire:\n  diff: {%sself_check: {max_missed: %s}}\n", name, diff, missed)
	}
	policies["frozen"] = "services: [frozen]\nrequire: {diff: {self_check: {max_missed: 25%}}}\nfreeze: [{name: year-end, from: " + day(-1) + ", to: " + day(1) + ", reason: nobody is in}]\n"
	policies["words"] = "services: [words]\nrequire: {diff: {self_check: {max_missed: 25%}}, consumer: {}}\noverrides: {by: [alice], max: 1h}\n"
	for name, text := range policies {
		policies[name] = "version: 1\nname: " + name + "\n" + text
	}
	return policies
}

// Package policyfile reads the policy of a release gate: a YAML file that people write
// and review beside the service. Every mistake is reported at once, with its line and
// column; what is not known is refused, as a condition that is misspelt would be one
// that is not there.
//
//	version: 1
//	name: shop
//	services: [catalog, "cart-*"]       # for these alone; * is any text
//	skew: 1m                            # how far clocks may differ
//	require:                            # at least one kind that is not optional
//	  diff:
//	    max_age: 24h                    # or any
//	    min_samples: 500
//	    max_lost: 5%                    # of what the account saw
//	    self_check: {max_missed: 25%}   # or false
//	    signed: true                    # by a trusted key
//	    signers: [ci]                   # by one of these; says signed too
//	    any_base: false                 # true takes a comparison with any other image
//	    operations:                     # the first that matches counts
//	      - {match: "GET /products/*", min_samples: 100, required: true}
//	      - {match: "POST /ads", service: catalog, max_regressions: 2, max_suspects: 5,
//	         reason: prices are rounded anew, until: 2026-12-24}
//	  provider: {max_age: 7d}
//	  consumer: {optional: true}        # may be missing; where it is there it counts
//	  canary: {}
//	canary:
//	  preset: istio                     # or prometheus, opentelemetry
//	  every: 30s                        # between two looks
//	  window: 10m                       # how far back the first look goes
//	  sides:                            # label matchers; also $namespace
//	    baseline: 'app="$service",track="stable"'
//	    canary: 'app="$service",track="canary"'
//	  history: 7d                       # the canary's own past, for want of a baseline
//	  metrics:
//	    - {name: errors, counter: http_requests_total, bad: 'code=~"5.."', allow: 0.5%}
//	    - {name: slow, histogram: http_request_duration_seconds, above: 300ms, allow: 1%}
//	    - {name: p99, histogram: latency_ms, unit: ms, quantile: 0.99, allow: 10%}
//	  capacity: {requests: http_requests_total, usage: 'max(cpu_used / cpu_limit)', target: 70%}
//	budget: {false_rollback: 1%, false_promote: 5%, max_hold: 2h, max_traffic: 50%}
//	freeze:
//	  - {name: weekend, cron: "0 16 * * FRI", for: 62h, zone: Europe/Berlin, reason: nobody is in}
//	  - {name: year-end, from: 2026-12-20, to: 2027-01-02, zone: Europe/Berlin, services: ["pay-*"]}
//	overrides: {by: [alice, bob], max: 4h, rollback: false}
//
// # Values
//
// A duration has units: 90s, 1h30m, 7d, 2w, 2d12h; a day is 24 hours. A share is 0.5%
// or 0.005. A time is a date, a date and a time such as 2026-12-20 18:00, both in the
// entry's zone (UTC where there is none), or one of RFC 3339 with its offset. A date
// that begins or ends something does so as it is safe: a freeze lasts to the end of
// the day that is its to, and a rule with until applies no more when that day begins,
// in UTC.
//
// # Defaults
//
//	skew                  1m
//	max_age               diff 24h; provider and consumer 7d; canary 10m or thrice every
//	min_samples           1; of a metric 100
//	max_lost              5%, what diff-run itself lets pass
//	self_check            asked for, with max_missed 25%, what diff-run itself lets pass
//	max_regressions       0
//	max_suspects          any number
//	every, window         30s, 10m
//	target                80%
//	budget                false_rollback 1%, false_promote 5%, max_traffic 100%, and
//	                      no max_hold: evidence may hold for ever
//	overrides             nobody may; max 24h, and rollback false
//
// How much worse a metric may be, allow, has no default: it is the one thing that only
// the owner of the service can say. It is an absolute share, or for a quantile the
// relative growth, and more than nothing, as no number of requests proves that a
// canary is not worse at all.
//
// # Presets
//
// A preset names the metrics that a metric leaves out: one with above or quantile is
// of the histogram, any other is the share of bad requests of the counter.
//
//	istio          istio_requests_total with response_code=~"5..", and
//	               istio_request_duration_milliseconds, as the destination reports them
//	               (https://istio.io/latest/docs/reference/config/metrics/)
//	prometheus     http_requests_total with code=~"5..", and
//	               http_request_duration_seconds
//	opentelemetry  http_server_request_duration_seconds, its count with
//	               http_response_status_code=~"5.." (semantic conventions 1.23, HTTP
//	               metrics)
package policyfile

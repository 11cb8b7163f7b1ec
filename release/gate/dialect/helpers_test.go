package dialect

import (
	"math"
	"time"

	"twinspect.dev/release"
)

var at = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

var subject = release.Subject{Service: "catalog", Digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}

func verdict(d release.Decision, most float64, codes ...release.Code) *release.Verdict {
	v := &release.Verdict{Decision: d, Subject: subject, At: at, MaxWeight: most, Policy: release.PolicyRef{Name: "shop"}}
	for _, c := range codes {
		v.Reasons = append(v.Reasons, release.Reason{Code: c, Decision: d, Text: "the reason is " + string(c), Change: "do it otherwise"})
	}
	return v
}

// states is every state that a verdict can come in, by name.
func states() map[string]*release.Verdict {
	all := map[string]*release.Verdict{
		"promote":                verdict(release.Promote, 1, release.Passed),
		"promote up to a fifth":  verdict(release.Promote, 0.2, release.Passed),
		"rollback":               verdict(release.Rollback, 0, release.Failed),
		"rollback with a weight": verdict(release.Rollback, 1, release.Failed),
		"unknown decision":       verdict("perhaps", 1, release.Missing),
		"no decision":            {MaxWeight: 1},
		"hold without reasons":   verdict(release.Hold, 1),
		"hold without a number":  verdict(release.Hold, math.NaN(), release.Missing),
		"hold of no traffic":     verdict(release.Hold, 0, release.Missing),
		"fault":                  Fault(subject, at, "the database is away"),
		"fault without a text":   Fault(subject, at),
		"no verdict":             nil,
	}
	for _, c := range holdingCodes {
		all["hold: "+string(c)] = verdict(release.Hold, 0, c)
		all["hold up to a fifth: "+string(c)] = verdict(release.Hold, 0.2, c)
	}
	return all
}

var holdingCodes = []release.Code{
	release.Unproven, release.Missing, release.Stale, release.Foreign, release.Thin, release.Lossy, release.Blind, release.Unsigned,
	release.Future, release.Frozen, release.Stopped, release.Faulty, release.Traffic, release.Overdue, release.Refused, release.Unknown,
	release.Failed, release.Overridden, "a code of tomorrow",
}

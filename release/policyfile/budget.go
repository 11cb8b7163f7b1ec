package policyfile

import (
	"time"

	"twinspect.dev/capture/rulefile"
	"twinspect.dev/release"
)

// likely is what a budget of errors may be: at a half, a coin decides as well.
var likely = span{0, 0.5, true}

func (r *reader) budget(fields rulefile.Fields) release.Budget {
	b := release.Budget{FalseRollback: 0.01, FalsePromote: 0.05, MaxTraffic: 1}
	f, ok := fields["budget"]
	if !ok {
		return b
	}
	members := r.Fields(f.Value, "budget", "false_rollback", "false_promote", "max_hold", "max_traffic")
	r.share(members, "false_rollback", &b.FalseRollback, likely)
	r.share(members, "false_promote", &b.FalsePromote, likely)
	r.duration(members, "max_hold", &b.MaxHold, time.Minute, maxAge)
	r.share(members, "max_traffic", &b.MaxTraffic, anyShare)
	return b
}

// maxOverride bounds how long a person's word lasts: what is to hold for longer is
// changed in the policy.
const maxOverride = 30 * day

func (r *reader) overrides(fields rulefile.Fields) release.OverridePolicy {
	o := release.OverridePolicy{Max: day}
	f, ok := fields["overrides"]
	if !ok {
		return o
	}
	members := r.Fields(f.Value, "overrides", "by", "max", "rollback")
	r.needs(f.Value, members, "overrides", "by")
	o.By = r.list(members, "by")
	r.duration(members, "max", &o.Max, time.Minute, maxOverride)
	r.boolean(members, "rollback", &o.Rollback)
	return o
}

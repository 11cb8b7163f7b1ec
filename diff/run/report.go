package run

import (
	"maps"
	"slices"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/diff/noise"
	"twinspect.dev/diff/rules"
	"twinspect.dev/diff/triage"
)

// paceShare is the part of the error rate that goes to the pace of the
// operations, and the rest to all other differences: the false discovery rates
// of two families add up. It is small as a shift of the median takes few more
// samples to prove at a tenth of the rate, and the others hardly notice.
const paceShare = 0.1

// callsShare is the part that goes to the calls that traces show, where there are
// any.
const callsShare = 0.1

// Report judges what was observed so far. The caller fills in what only it
// knows: the times, the input and the URLs of the sides. It may be called
// again after more was observed; reports share no memory with the judge.
func (j *Judge) Report() *diff.Report {
	judged, differences := j.judge()
	r := &diff.Report{
		Schema:      diff.Schema,
		Version:     diff.SchemaVersion,
		Sides:       j.sideInfos(),
		ErrorRate:   j.cfg.ErrorRate,
		Rules:       j.cfg.Rules.Info(),
		Differences: differences,
		Operations:  j.summaries(judged.Differing),
		Account:     j.account(),
		Profile:     j.profileInfo(judged),
	}
	j.again.Settle(r)
	j.cfg.Accepted.Apply(r)
	if j.cfg.Calls != nil {
		j.cfg.Calls.Locate(r)
	}
	if j.check != nil {
		r.SelfCheck = j.check.Report(judged)
	}
	j.checkRules(r)
	triage.Sum(r)
	r.Verdict, r.Reasons = verdict(r, j.cfg.MaxLoss)
	return r
}

// judge judges each family of differences at its part of the error rate.
func (j *Judge) judge() (*noise.Judged, []diff.Difference) {
	answers := 1 - paceShare
	differences := j.slowerOperations(paceShare * j.cfg.ErrorRate)
	if j.cfg.Calls != nil {
		answers -= callsShare
		differences = append(differences, j.cfg.Calls.Judge(callsShare*j.cfg.ErrorRate)...)
	}
	judged := j.ledger.Judge(answers * j.cfg.ErrorRate)
	differences = append(differences, judged.Differences...)
	slices.SortStableFunc(differences, diff.Compare)
	return judged, differences
}

// checkRules enters what the run shows to be wrong with its rules.
func (j *Judge) checkRules(r *diff.Report) {
	if r.Rules == nil {
		return
	}
	for _, problem := range rules.Check(j.cfg.Rules, r) {
		for i := range r.Rules.Rules {
			if info := &r.Rules.Rules[i]; info.Line == problem.Line {
				info.Problems = append(info.Problems, problem.What+": "+problem.Do)
			}
		}
	}
}

// profileInfo tells what was known of noise before; the caller knows the file.
func (j *Judge) profileInfo(judged *noise.Judged) *diff.ProfileInfo {
	if p := j.cfg.Profile; p != nil {
		return &diff.ProfileInfo{Runs: p.Runs(), Cells: p.Cells(), Explained: judged.Explained}
	}
	return nil
}

// Profile returns the noise of earlier runs together with that of this one, to be
// kept for the next.
func (j *Judge) Profile() *noise.Profile { return j.ledger.Profile(j.cfg.Profile) }

// sideInfos returns the sides that were asked at all.
func (j *Judge) sideInfos() []diff.SideInfo {
	var infos []diff.SideInfo
	for i, side := range sides {
		if s := &j.asked[i]; s.Asked > 0 {
			infos = append(infos, diff.SideInfo{Side: string(side), Asked: s.Asked, Answered: s.Answered, Faults: maps.Clone(s.Faults)})
		}
	}
	return infos
}

func (j *Judge) account() capture.Account {
	compared := capture.Stage{Name: "compare", Unit: "outcomes", Stats: j.stats.Clone()}
	account := append(append(j.before.Merge(j.merged), compared), j.ledger.Account()...)
	if j.cfg.Calls != nil {
		account = append(account, j.cfg.Calls.Account()...)
	}
	return account
}

func (j *Judge) summaries(differing map[string]uint64) []diff.Operation {
	var operations []diff.Operation
	for _, name := range slices.Sorted(maps.Keys(j.operations)) {
		op := j.operations[name]
		latencies := make(map[string]diff.LatencyInfo, len(sides))
		for i, side := range sides {
			if l := op.latency[i]; l != nil {
				latencies[string(side)] = l.info()
			}
		}
		operations = append(operations, diff.Operation{
			Name:        name,
			Compared:    op.compared,
			Differing:   differing[name],
			NotCompared: maps.Clone(op.notCompared),
			Latency:     latencies,
		})
	}
	return operations
}

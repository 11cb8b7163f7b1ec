package report

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"twinspect.dev/diff"
)

// checkNumbers finds the floats that JSON cannot hold.
func checkNumbers(r *diff.Report) error {
	if !finite(r.ErrorRate) {
		return fmt.Errorf("evidence: error_rate is %v", r.ErrorRate)
	}
	if r.SelfCheck != nil && !finite(r.SelfCheck.MaxMissed) {
		return fmt.Errorf("evidence: self_check.max_missed is %v", r.SelfCheck.MaxMissed)
	}
	if err := checkReplay(r.Replay); err != nil {
		return err
	}
	for i := range r.Differences {
		if e := r.Differences[i].EValue; !finite(e) {
			return fmt.Errorf("evidence: differences[%d].e_value is %v", i, e)
		}
	}
	for i := range r.Operations {
		for side, l := range r.Operations[i].Latency {
			if !finite(l.Min, l.P50, l.P90, l.P99, l.Max) || !finiteBuckets(l.Buckets) {
				return fmt.Errorf("evidence: operations[%d].latency[%q] holds a number that is infinite or none", i, side)
			}
		}
	}
	return nil
}

func checkReplay(r *diff.Replay) error {
	switch {
	case r == nil:
		return nil
	case !finite(r.Sustained):
		return errors.New("evidence: replay.sustained_per_second is infinite or none")
	case r.Lateness == nil:
		return nil
	}
	if l := r.Lateness; !finite(l.P50, l.P90, l.P99, l.Max) || !finiteBuckets(l.Buckets) {
		return errors.New("evidence: replay.lateness holds a number that is infinite or none")
	}
	return nil
}

func finiteBuckets(buckets []diff.LatencyBucket) bool {
	for _, b := range buckets {
		if !finite(b.UpTo) {
			return false
		}
	}
	return true
}

func finite(numbers ...float64) bool {
	for _, f := range numbers {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}

// What the evidence may say, besides nothing where a field may be absent.
var (
	verdicts   = []diff.Verdict{diff.Pass, diff.Fail, diff.Inconclusive, diff.Interrupted}
	judgements = []diff.Judgement{diff.Regression, diff.Suspect, diff.Accepted, diff.Noise}
	categories = []diff.Category{"", diff.CauseRegression, diff.CauseNoise, diff.CauseEnvironment, diff.CauseData,
		diff.CauseCredentials, diff.CauseMisrouted, diff.CauseUnknown}
	remedyNames = []diff.Remedy{"", diff.Retry, diff.AskAgain, diff.Refresh, diff.Escalate, diff.Configure}
)

// check refuses what has no meaning to this program, or contradicts itself.
func check(r *diff.Report) error {
	if !slices.Contains(verdicts, r.Verdict) {
		return fmt.Errorf("read evidence: verdict %q is unknown", r.Verdict)
	}
	for i := range r.Differences {
		if err := checkDifference(&r.Differences[i]); err != nil {
			return fmt.Errorf("read evidence: differences[%d]: %w", i, err)
		}
	}
	for i := range r.Troubles {
		if err := checkCause(r.Troubles[i].Category, r.Troubles[i].Remedy); err != nil {
			return fmt.Errorf("read evidence: troubles[%d]: %w", i, err)
		}
	}
	if err := checkSelfCheck(r.SelfCheck); err != nil {
		return fmt.Errorf("read evidence: self_check: %w", err)
	}
	if c := r.Confirmation; c != nil && c.Left > c.Suspects {
		return fmt.Errorf("read evidence: confirmation: %d of %d suspects are left", c.Left, c.Suspects)
	}
	if err := r.Account.Balance(); err != nil {
		return fmt.Errorf("read evidence: %w", err)
	}
	return nil
}

func checkDifference(d *diff.Difference) error {
	switch {
	case !slices.Contains(judgements, d.Judgement):
		return fmt.Errorf("judgement %q is unknown", d.Judgement)
	case d.Judgement == diff.Accepted && d.Accepted == nil:
		return errors.New("accepted by nobody: the field accepted is missing")
	case d.Location != nil && d.Location.Same > d.Location.Of:
		return fmt.Errorf("location: the same in %d of %d", d.Location.Same, d.Location.Of)
	}
	return checkCause(d.Category, d.Remedy)
}

func checkCause(c diff.Category, r diff.Remedy) error {
	switch {
	case !slices.Contains(categories, c):
		return fmt.Errorf("category %q is unknown", c)
	case !slices.Contains(remedyNames, r):
		return fmt.Errorf("remedy %q is unknown", r)
	}
	return nil
}

// checkSelfCheck holds the mutations to their sum: a self-check that lost some
// would look less blind than the run was.
func checkSelfCheck(s *diff.SelfCheck) error {
	if s == nil {
		return nil
	}
	left := s.Mutations
	for _, n := range []uint64{s.Proven, s.Suspected, s.Missed} {
		if n > left {
			return fmt.Errorf("more than its %d mutations", s.Mutations)
		}
		left -= n
	}
	switch {
	case left > 0:
		return fmt.Errorf("%d of %d mutations are unaccounted for", left, s.Mutations)
	case s.MaxMissed < 0 || s.MaxMissed > 1:
		return fmt.Errorf("max_missed is %v, want a share", s.MaxMissed)
	}
	for i := range s.Blind {
		if b := &s.Blind[i]; b.Missed > b.Tried {
			return fmt.Errorf("blind[%d]: missed %d of %d", i, b.Missed, b.Tried)
		}
	}
	return nil
}

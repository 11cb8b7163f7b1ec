package run

import (
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"twinspect.dev/capture"
	"twinspect.dev/contract"
	"twinspect.dev/contract/findings"
)

// shown is what shows a finding: the case and what was seen of it.
type shown struct {
	cs   contract.Case
	seen []contract.Observation
}

// found is a finding with what shows it.
type found = findings.Found[shown]

// tally counts. Its methods may be called from many goroutines at once.
type tally struct {
	mu       sync.Mutex
	kinds    map[contract.Kind]*contract.KindCount
	checks   map[contract.Check]*contract.CheckInfo
	findings findings.Set[shown]
	latency  *hdr.Histogram
	halts    map[capture.Reason]string // one of each reason, in words: the least, as cases end in any order
}

// longest is the greatest latency that is told apart.
const longest = 10 * time.Minute

func (t *tally) init() {
	t.kinds = map[contract.Kind]*contract.KindCount{}
	for _, k := range []contract.Kind{contract.Positive, contract.Negative, contract.Sequence} {
		t.kinds[k] = &contract.KindCount{Kind: k, NotRun: map[capture.Reason]uint64{}}
	}
	t.checks = map[contract.Check]*contract.CheckInfo{}
	t.halts = map[capture.Reason]string{}
	t.latency = hdr.New(1, longest.Microseconds(), 3)
}

func (t *tally) kind(k contract.Kind) *contract.KindCount {
	c := t.kinds[k]
	if c == nil {
		c = &contract.KindCount{Kind: k, NotRun: map[capture.Reason]uint64{}}
		t.kinds[k] = c
	}
	return c
}

// left counts a case that was not begun.
func (t *tally) left(cs *contract.Case, reason capture.Reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.kind(cs.Kind)
	c.Made++
	c.NotRun[reason]++
}

// add counts a case that was asked. What is broken counts even where the case went
// no further: that is what it was broken by.
func (t *tally) add(e *Ended, made []contract.Check, after time.Duration, watch func(Ended)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.kind(e.Case.Kind)
	c.Made++
	switch reason := reasonOf(e.Halt); {
	case len(e.Broken) > 0:
		c.Broken++
	case reason != "":
		c.NotRun[reason]++
		if text := e.Halt.Error(); t.halts[reason] == "" || text < t.halts[reason] {
			t.halts[reason] = text
		}
	default:
		c.Passed++
	}
	for i := range e.Seen {
		_ = t.latency.RecordValue(min(max(e.Seen[i].Latency, time.Microsecond), longest).Microseconds())
	}
	for _, check := range made {
		t.check(check).Made++
	}
	for _, b := range e.Broken {
		t.check(b.Check).Broken++
		if t.find(e, b, after) {
			e.News++
		}
	}
	if watch != nil {
		watch(*e)
	}
}

func (t *tally) check(c contract.Check) *contract.CheckInfo {
	info := t.checks[c]
	if info == nil {
		info = &contract.CheckInfo{Check: c}
		t.checks[c] = info
	}
	return info
}

// find adds what is broken to the finding of its cause, and reports whether that is
// new.
func (t *tally) find(e *Ended, b contract.Broken, after time.Duration) bool {
	f := t.findings.Add(blamed(e.Case, &b), e.Case.ID, b)
	if f == nil || f.Count > 1 {
		return false
	}
	f.After, f.Of = after, shown{*e.Case, slices.Clone(e.Seen)}
	return true
}

// Result is what a run came to.
type Result struct {
	Started, Ended time.Time
	Requests       uint64
	Kinds          []contract.KindCount
	Checks         []contract.CheckInfo
	Latency        *contract.Latency
	Findings       []contract.Finding
	// Examples are the exchanges of the findings' examples, each with the
	// identity that its step names, secrets redacted.
	Examples []capture.Exchange
	// Over is how many broken answers had causes that were not kept, as there were
	// too many.
	Over uint64
	// Halts tells for each reason in words of one case that was not run by it.
	Halts map[capture.Reason]string
}

func (t *tally) result(started time.Time, requests uint64) *Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &Result{Started: started, Ended: time.Now(), Requests: requests, Over: t.findings.Over, Halts: t.halts}
	for _, k := range []contract.Kind{contract.Positive, contract.Negative, contract.Sequence} {
		r.Kinds = append(r.Kinds, *t.kinds[k])
	}
	for _, info := range t.checks {
		r.Checks = append(r.Checks, *info)
	}
	slices.SortFunc(r.Checks, func(a, b contract.CheckInfo) int { return contract.CompareChecks(a.Check, b.Check) })
	if n := t.latency.TotalCount(); n > 0 {
		ms := func(us int64) float64 { return float64(us) / 1000 }
		r.Latency = &contract.Latency{
			Count: uint64(n), P50: ms(t.latency.ValueAtQuantile(50)), P90: ms(t.latency.ValueAtQuantile(90)),
			P99: ms(t.latency.ValueAtQuantile(99)), Max: ms(t.latency.Max()),
		}
	}
	all := t.findings.All()
	slices.SortFunc(all, func(a, b *found) int { return findings.Compare(&a.Finding, &b.Finding) })
	for _, f := range all {
		r.Findings = append(r.Findings, f.Finding)
		for i := range f.Of.seen {
			r.Examples = append(r.Examples, f.Of.seen[i].Exchange)
		}
	}
	return r
}

package selfcheck

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"twinspect.dev/capture"
	"twinspect.dev/diff/noise"
)

// The limits. Together a checker stays below 200 MiB at worst, with what
// one answer takes while it is tried.
const (
	// maxOperations is as many as the ledger of a run tells apart.
	maxOperations = noise.DefaultOperations
	// maxPerOperation bounds the sample: beyond some dozens, shares change by
	// less than a hundredth.
	maxPerOperation = 64
	// maxPending bounds the answers that wait for their trials, in bytes: some
	// thousand of usual ones. Beyond it they are tried at once, and forgotten.
	maxPending = 16 << 20
	// maxHeld bounds the trials that are held, in bytes: those of a hundred
	// changes in eight answers of 400 operations.
	maxHeld = 96 << 20
	// trialSize is what a trial takes beside its paths, with one difference and a
	// half.
	trialSize = 250
	// maxHeldPerAnswer is the most that one answer's trials take.
	maxHeldPerAnswer = maxPerAnswer*trialSize + maxPathBytes
)

// sample is the answers of one operation that have the lowest ranks.
type sample struct {
	operation string
	entries   []*entry // by rank, each once
}

// entry is one answer: first raw, then tried.
type entry struct {
	rank uint64
	// asked is when branch began to answer, in nanoseconds since 1970: of an
	// exchange that was asked several times the first is in the sample.
	asked   int64
	raw     *raw // nil once it was tried
	untried bool // there was no time, or no room
	skipped uint64
	trials  []Trial
}

// raw is the answers themselves. They are never stored.
type raw struct {
	rulesOf      string
	base, branch capture.Response
	size         int
}

func copyOf(a *Answers) *raw {
	r := &raw{rulesOf: cmp.Or(a.RulesOf, a.Operation), base: copyResponse(a.Base), branch: copyResponse(a.Branch)}
	r.size = sizeOf(&r.base) + sizeOf(&r.branch)
	return r
}

func copyResponse(r *capture.Response) capture.Response {
	c := capture.Response{Status: r.Status}
	c.Header, c.Trailer, c.Body = slices.Clone(r.Header), slices.Clone(r.Trailer), bytes.Clone(r.Body)
	return c
}

func sizeOf(r *capture.Response) int {
	n := len(r.Body)
	for _, h := range [2]capture.Header{r.Header, r.Trailer} {
		for _, f := range h {
			n += len(f.Name) + len(f.Value)
		}
	}
	return n
}

// wants reports whether an answer would be in a sample of k.
func (s *sample) wants(rank uint64, asked int64, k int) bool {
	if len(s.entries) == k && rank > s.entries[k-1].rank {
		return false
	}
	i, found := s.search(rank)
	return !found || asked < s.entries[i].asked
}

func (s *sample) search(rank uint64) (int, bool) {
	return slices.BinarySearchFunc(s.entries, rank, func(e *entry, r uint64) int { return cmp.Compare(e.rank, r) })
}

// insert puts e, which the sample wants, in its place. It returns the one that is
// driven out, if any.
func (s *sample) insert(e *entry, k int) *entry {
	i, found := s.search(e.rank)
	if found {
		out := s.entries[i]
		s.entries[i] = e
		return out
	}
	s.entries = slices.Insert(s.entries, i, e)
	if len(s.entries) <= k {
		return nil
	}
	out := s.entries[k]
	s.entries = s.entries[:k]
	return out
}

// try makes the trials of all answers that wait: first one of each operation,
// then the next of each, so that none is left out when the time is spent.
func (c *Checker) try() {
	type waiting struct {
		turn int
		s    *sample
		e    *entry
	}
	var list []waiting
	for _, s := range c.operations {
		for turn, e := range s.entries {
			if e.raw != nil {
				list = append(list, waiting{turn, s, e})
			}
		}
	}
	slices.SortFunc(list, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.s.operation, b.s.operation))
	})
	for _, w := range list {
		c.attempt(w.e)
	}
}

// attempt makes the trials of one answer, or notes that it stays untried.
func (c *Checker) attempt(e *entry) {
	if e.raw == nil {
		return
	}
	before := c.opt.Now()
	if c.held+maxHeldPerAnswer > maxHeld || c.spent >= c.allowed(before) {
		e.untried = true
	} else {
		e.trials, e.skipped = c.tester.try(e.raw, e.rank)
		c.held += heldBy(e.trials)
		c.spent += c.opt.Now().Sub(before)
	}
	c.pending -= e.raw.size
	e.raw = nil
}

// heldBy returns how many bytes trials take.
func heldBy(trials []Trial) int {
	n := len(trials) * trialSize
	for i := range trials {
		n += trials[i].pathBytes()
	}
	return n
}

func (c *Checker) allowed(now time.Time) time.Duration {
	if c.opt.Budget < 0 {
		return 0
	}
	return max(c.opt.Budget, now.Sub(c.began)/budgetShare)
}

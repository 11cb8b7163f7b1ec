package gate

import (
	"context"
	"slices"
	"sync"
	"time"

	"twinspect.dev/release"
	"twinspect.dev/release/store"
)

// maxRemembered bounds the verdicts that are kept in memory, twice: some kilobytes each,
// of the releases that a large company has on their way at once.
const maxRemembered = 4096

// question is what a verdict is remembered by.
type question struct {
	release.Subject
	weight float64
}

// known is a verdict with what it was made of.
type known struct {
	policy *release.Policy
	mark   store.Mark
	at     time.Time
	record release.Record
}

// holds reports whether the same would be decided again: nothing was told since, the
// policy is the same, and the time at which the verdict may change by itself has not
// come (which release.Decide is held to).
func (k *known) holds(policy *release.Policy, mark store.Mark, at time.Time) bool {
	until := k.record.Until
	return k.policy == policy && k.mark.Same(mark, k.looksAside()) && !at.Before(k.at) && (until.IsZero() || at.Before(until))
}

// looksAside reports whether evidence of other images changes what is told: that it is
// foreign, where there is none of this image.
func (k *known) looksAside() bool {
	return slices.ContainsFunc(k.record.Reasons, func(r release.Reason) bool {
		return r.Code == release.Missing || r.Code == release.Foreign
	})
}

// memory keeps verdicts that were given last.
type memory struct {
	mu         sync.Mutex
	young, old map[question]*known // old goes when young is full
}

func (m *memory) get(q question) *known {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.young[q]; k != nil {
		return k
	}
	return m.old[q]
}

func (m *memory) add(q question, k *known) {
	if k.mark == (store.Mark{}) || k.record.ID == 0 {
		return // nothing would tell that it no longer holds, or nobody counts it
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= maxRemembered || m.young == nil {
		m.young, m.old = map[question]*known{}, m.young
	}
	m.young[q] = k
}

// again returns the verdict of before where it holds, counted once more.
func (g *Gate) again(ctx context.Context, policy *release.Policy, q release.Question, mark store.Mark) (release.Verdict, bool) {
	k := g.memory.get(question{q.Subject, q.Weight})
	if k == nil || !k.holds(policy, mark, q.At) {
		return release.Verdict{}, false
	}
	v := k.record.Verdict
	v.At = q.At
	return v, g.cfg.Store.Again(ctx, k.record, v) == nil
}

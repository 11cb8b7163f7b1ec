package shard

import (
	"context"
	"errors"
	"fmt"
	"io"

	"twinspect.dev/capture"
	"twinspect.dev/diff/shard/store"
)

// Merger adds counts up.
type Merger interface {
	// MergeFrom adds what a [Judge] wrote. On an error nothing was added.
	MergeFrom(r io.Reader) error
	// Account takes the account of the stages before the comparison.
	Account(a capture.Account)
}

// The reasons under which the stage "chunks" counts offsets.
const (
	// NotWorked: the chunk is not stored: no worker came to its end.
	NotWorked capture.Reason = "not-worked"
	// Damaged: the chunk's object is damaged, and damage was to be passed over.
	Damaged capture.Reason = "partial-damaged"
)

// MergeOptions say what a merge takes.
type MergeOptions struct {
	// SkipDamaged counts an object that is damaged as lost, instead of failing.
	SkipDamaged bool
	// Progress is told how many chunks were looked at, unless it is nil.
	Progress func(done, total int)
}

// Result is what a merge has found.
type Result struct {
	// Merged of Chunks were stored and are in the report.
	Merged, Chunks int
	// Missing are those that are not stored, Skipped those that are damaged.
	Missing, Skipped []Chunk
	// Account is what the merger was given: a stage "chunks" that has seen every
	// offset of the window, then the stages of all chunks together.
	Account capture.Account
	// Attempts is how often a chunk was begun without its result being stored:
	// by workers that were killed or stopped, or that another one overtook.
	Attempts int
	// Resent is at most how many exchanges these have sent besides those that
	// are counted. What a killed worker has sent is not known; all of its chunk
	// is assumed.
	Resent uint64
}

// Complete reports whether every chunk is in the report. A run that is not
// complete is inconclusive, however small a share of it is missing.
func (r *Result) Complete() bool { return r.Merged == r.Chunks }

// Merge adds all chunks of the plan that are stored to into, each once, and
// counts the offsets of the others as lost. It holds one object at a time. Where
// it returns an error, into is not to be used.
func Merge(ctx context.Context, s store.Store, p *Plan, into Merger, o MergeOptions) (*Result, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	all, err := p.Chunks()
	if err != nil {
		return nil, err
	}
	plan, err := p.Fingerprint()
	if err != nil {
		return nil, err
	}
	m := &merge{
		store: s, plan: p, fingerprint: plan, into: into, options: o,
		result: Result{Chunks: len(all)}, attempts: make(map[Chunk]map[string]bool),
	}
	stored, err := m.list(ctx, all)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		if err := m.chunk(ctx, c, stored[c]); err != nil {
			return nil, fmt.Errorf("merge %s: %w", c.partial(p.Run), err)
		}
		if o.Progress != nil {
			o.Progress(i+1, len(all))
		}
	}
	m.result.Account = append(capture.Account{{Name: "chunks", Unit: "offsets", Stats: m.stats}}, m.account...)
	into.Account(m.result.Account.Clone())
	return &m.result, nil
}

type merge struct {
	store       store.Store
	plan        *Plan
	fingerprint string
	into        Merger
	options     MergeOptions

	result  Result
	stats   capture.Stats
	account capture.Account
	// attempts are those that were begun, and whether they say how they ended.
	attempts map[Chunk]map[string]bool
}

// list finds which chunks are stored, and how often each was begun.
func (m *merge) list(ctx context.Context, all []Chunk) (map[Chunk]bool, error) {
	type start struct {
		partition int
		from      int64
	}
	at := make(map[start]Chunk, len(all))
	for _, c := range all {
		at[start{c.Partition, c.From}] = c
	}
	stored := make(map[Chunk]bool, len(all))
	for name, err := range m.store.List(ctx, m.plan.Run+"/p") {
		if err != nil {
			return nil, err
		}
		place, err := parseName(m.plan.Run, name)
		if err != nil {
			return nil, err
		}
		c, ok := at[start{place.partition, place.from}]
		switch {
		case !ok:
			return nil, foreign(name)
		case place.kind == partialKind:
			stored[c] = true
		default:
			m.begun(c, place)
		}
	}
	return stored, nil
}

func foreign(name string) error {
	return fmt.Errorf("%s: %w: no chunk of this plan begins there", name, ErrForeign)
}

func (m *merge) begun(c Chunk, p place) {
	if m.attempts[c] == nil {
		m.attempts[c] = make(map[string]bool)
	}
	m.attempts[c][p.attempt] = m.attempts[c][p.attempt] || p.kind == leftKind
}

// chunk merges one chunk.
func (m *merge) chunk(ctx context.Context, c Chunk, stored bool) error {
	m.stats.Seen += uint64(c.Offsets())
	if !stored {
		m.result.Missing = append(m.result.Missing, c)
		m.stats.Drop(NotWorked, uint64(c.Offsets()))
		return m.others(ctx, c, "")
	}
	h, err := m.take(ctx, c)
	switch {
	case err == nil:
	case m.options.SkipDamaged && errors.Is(err, errDamaged):
		m.result.Skipped = append(m.result.Skipped, c)
		m.stats.Drop(Damaged, uint64(c.Offsets()))
		return m.others(ctx, c, "")
	default:
		return err
	}
	m.result.Merged++
	m.stats.Written += uint64(c.Offsets())
	m.account = m.account.Merge(h.Account)
	return m.others(ctx, c, h.Attempt)
}

func (m *merge) take(ctx context.Context, c Chunk) (*head, error) {
	data, err := m.store.Get(ctx, c.partial(m.plan.Run))
	if err != nil {
		return nil, err
	}
	h, counts, err := parseObject(data, m.fingerprint, c)
	if err != nil {
		return nil, err
	}
	if err := m.into.MergeFrom(counts); err != nil {
		return nil, err
	}
	return h, nil
}

// others adds up what the attempts have sent that are not the one stored.
func (m *merge) others(ctx context.Context, c Chunk, stored string) error {
	for attempt, told := range m.attempts[c] {
		if attempt == stored {
			continue
		}
		m.result.Attempts++
		sent, err := m.sent(ctx, c, attempt, told)
		if err != nil {
			return err
		}
		m.result.Resent += sent
	}
	return nil
}

func (m *merge) sent(ctx context.Context, c Chunk, attempt string, told bool) (uint64, error) {
	atMost := uint64(c.Offsets())
	if !told {
		return atMost, nil
	}
	data, err := m.store.Get(ctx, c.left(m.plan.Run, attempt))
	if err != nil {
		return 0, err
	}
	h, err := parseHead(data, m.fingerprint)
	if errors.Is(err, ErrForeign) {
		return 0, err
	}
	if err != nil {
		return atMost, nil //nolint:nilerr // what it would have told is not known, and so all is assumed
	}
	return min(h.Sent, atMost), nil
}

package run

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

// memory is a recording in memory, and in place of a nil exchange an error.
type memory struct {
	kept  []*capture.Exchange
	err   error
	stats capture.Stats
}

func (m *memory) WriteExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.kept = append(m.kept, e.Clone())
	return nil
}

// keepIn keeps outcomes in a sink.
func keepIn(sink capture.Sink) func(*replay.Outcome) error {
	return func(o *replay.Outcome) error { return replay.WriteOutcome(context.Background(), sink, o) }
}

func (m *memory) ReadExchange(ctx context.Context, e *capture.Exchange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(m.kept) == 0 {
		return io.EOF
	}
	next := m.kept[0]
	m.kept = m.kept[1:]
	m.stats.Seen++
	if next == nil {
		m.stats.Drop("torn", 1)
		return m.err
	}
	m.stats.Written++
	*e = *next
	return nil
}

func (m *memory) Account() capture.Account {
	return capture.Account{{Name: "memory", Unit: "exchanges", Stats: m.stats.Clone()}}
}

// script is a runner whose answers are known, and the error that ends it.
type script struct {
	outcomes []*replay.Outcome
	end      error
	stats    capture.Stats
}

func (s *script) Run(_ context.Context, _ capture.Source, each func(*replay.Outcome) error) error {
	for _, o := range s.outcomes {
		s.stats.Seen++
		s.stats.Written++
		if err := each(o); err != nil {
			return err
		}
	}
	return s.end
}

func (s *script) Account() capture.Account {
	return capture.Account{{Name: "replay", Unit: "exchanges", Stats: s.stats}}
}

// judged is what a report says apart from the account of how it came about.
func judged(r *diff.Report) diff.Report {
	r.Account = nil
	return *r
}

func TestKeptOutcomesAreJudgedAsTheRunWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []*replay.Outcome
		for _, o := range outcomes.Draw(t, "outcomes") {
			if len(o.Answers) > 0 && o.Answers[0].Side != "" {
				list = append(list, named(o))
			}
		}
		first, second, file := newJudge(), newJudge(), &memory{}
		require.NoError(t, Replay(context.Background(), &script{outcomes: list}, &memory{}, first, keepIn(file)))
		require.NoError(t, Again(context.Background(), replay.NewOutcomeReader(file), second, nil))
		require.Empty(t, cmp.Diff(judged(first.Report()), judged(second.Report()), cmpopts.EquateEmpty()))
	})
}

// named leaves out the answers whose side has no name: they cannot be kept.
func named(o *replay.Outcome) *replay.Outcome {
	kept := o.Answers[:0]
	for _, a := range o.Answers {
		if a.Side != "" {
			kept = append(kept, a)
		}
	}
	o.Answers = kept
	return o
}

func TestAccountGoesFromTheRecordingToTheJudgement(t *testing.T) {
	j := newJudge()
	require.NoError(t, Replay(t.Context(), &script{outcomes: times(3, "/a", "base 1", "branch 1")}, &memory{}, j, nil))
	var names []string
	for _, s := range j.Report().Account {
		names = append(names, s.Name)
	}
	assert.Equal(t, []string{"memory", "replay", "compare"}, names[:3])
	assert.EqualValues(t, 3, stage(j.Report().Account, "replay").Written)
}

func TestInterruptedRunKeepsWhatWasJudged(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j, file := newJudge(), &memory{}
	runner := &script{outcomes: times(3, "/a", "base 1", "control 1", "branch 1"), end: context.Canceled}
	require.ErrorIs(t, Replay(ctx, runner, &memory{}, j, keepIn(file)), context.Canceled)
	r := j.Report()
	assert.EqualValues(t, 3, operationOf(r, "GET /a").Compared)
	assert.EqualValues(t, 3, stage(r.Account, "replay").Written)
	assert.NoError(t, r.Account.Balance())
	assert.Len(t, file.kept, 3*4, "what was answered is kept although the context had ended")
}

func TestRunEndsWhereItCannotKeepAnOutcome(t *testing.T) {
	full := errors.New("disk full")
	keep := capture.SinkFunc(func(context.Context, *capture.Exchange) error { return full })
	j := newJudge()
	require.ErrorIs(t, Replay(t.Context(), &script{outcomes: times(3, "/a", "base 1", "branch 1")}, &memory{}, j, keepIn(keep)), full)
	assert.EqualValues(t, 1, operationOf(j.Report(), "GET /a").Compared, "the outcome itself is judged")
}

func TestDamagedOutcomesAreToldAndTheRestIsJudged(t *testing.T) {
	file := &memory{}
	for _, o := range times(2, "/a", "base 1", "branch 1") {
		require.NoError(t, replay.WriteOutcome(t.Context(), file, o))
	}
	// Even a damage whose cause is an end of file does not end the stream.
	file.kept = append([]*capture.Exchange{nil}, file.kept...)
	file.err = &capture.RecordError{Input: "x.twin", Reason: "torn", Lost: 1, Err: io.EOF}
	j := newJudge()
	var told []*capture.RecordError
	require.NoError(t, Again(t.Context(), direct{file}, j, func(bad *capture.RecordError) { told = append(told, bad) }))
	assert.Len(t, told, 1)
	r := j.Report()
	assert.EqualValues(t, 2, stage(r.Account, "compare").Seen)
	assert.Equal(t, map[capture.Reason]uint64{"torn": 1}, stage(r.Account, "memory").Dropped)
}

// direct reads outcomes without answers.
type direct struct{ *memory }

func (d direct) ReadOutcome(ctx context.Context, o *replay.Outcome) error {
	for {
		err := d.ReadExchange(ctx, &o.Recorded)
		if err != nil || o.Recorded.Context.Recorded.IsZero() {
			return err
		}
	}
}

func TestInterruptedReadingKeepsWhatWasJudged(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := &memory{}
	for _, o := range times(2, "/a", "base 1", "branch 1") {
		require.NoError(t, replay.WriteOutcome(t.Context(), file, o))
	}
	file.kept = append(file.kept, nil)
	file.err = &capture.RecordError{Reason: "torn", Err: errors.New("torn")}
	j := newJudge()
	err := Again(ctx, replay.NewOutcomeReader(file), j, func(*capture.RecordError) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	r := j.Report()
	assert.EqualValues(t, 2, operationOf(r, "GET /a").Compared)
	assert.EqualValues(t, 6, stage(r.Account, "memory").Written)
	assert.NoError(t, r.Account.Balance())
}

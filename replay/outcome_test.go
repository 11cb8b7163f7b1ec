package replay_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
)

// keep returns a sink that appends to the list.
func keep(list *[]any) capture.Sink {
	return capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		*list = append(*list, *e.Clone())
		return nil
	})
}

var messages = rapid.Custom(func(t *rapid.T) capture.Message {
	field := rapid.Custom(func(t *rapid.T) capture.Field {
		return capture.Field{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")}
	})
	m := capture.Message{Header: rapid.SliceOfN(field, 0, 3).Draw(t, "header"), Trailer: rapid.SliceOfN(field, 0, 2).Draw(t, "trailer")}
	m.Body = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "body")
	m.BodySize = int64(len(m.Body))
	m.Start = start.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "start")))
	m.End = m.Start.Add(time.Second)
	m.Incomplete = rapid.SampledFrom([]capture.Incomplete{"", capture.Closed, capture.Timeout}).Draw(t, "incomplete")
	return m
})

// outcome draws the i-th outcome, or a plain exchange: one without answers.
func outcome(t *rapid.T, i int) replay.Outcome {
	o := replay.Outcome{Recorded: recorded("s", i)}
	o.Recorded.Request.Message = messages.Draw(t, "request")
	o.Recorded.Response.Message = messages.Draw(t, "response")
	o.Recorded.Context.Labels = rapid.MapOfN(rapid.SampledFrom([]string{"lane", "fault", "error", "pod"}), rapid.String(), 0, 3).Draw(t, "labels")
	for _, side := range []replay.Side{replay.Base, replay.Control, replay.Branch}[:rapid.IntRange(0, 3).Draw(t, "sides")] {
		a := replay.Answer{Side: side, Fault: rapid.SampledFrom([]replay.Fault{"", replay.Reset}).Draw(t, "fault"), Err: rapid.String().Draw(t, "err")}
		a.Request.Method, a.Request.Message = "GET", messages.Draw(t, "sent")
		a.Response.Status, a.Response.Message = rapid.IntRange(0, 599).Draw(t, "status"), messages.Draw(t, "got")
		o.Answers = append(o.Answers, a)
	}
	return o
}

func TestOutcomesAreReadBackAsTheyWereWritten(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		var file []any
		var want []replay.Outcome
		for i := range rapid.IntRange(0, 5).Draw(t, "outcomes") {
			want = append(want, outcome(t, i))
			require.NoError(t, replay.WriteOutcome(ctx, keep(&file), &want[i]))
		}
		ids := make(map[capture.ID]bool)
		for _, e := range file {
			ids[e.(capture.Exchange).ID] = true
		}
		require.Len(t, ids, len(file), "every record has an identity of its own")
		r := replay.NewOutcomeReader(source(file...))
		for i := range want {
			var got replay.Outcome
			require.NoError(t, r.ReadOutcome(ctx, &got))
			require.Empty(t, cmp.Diff(want[i], got, cmpopts.EquateEmpty()))
		}
		require.ErrorIs(t, r.ReadOutcome(ctx, new(replay.Outcome)), io.EOF)
		require.EqualValues(t, len(want), r.Account()[0].Written)
	})
}

// Whatever records are lost, the outcomes that are read are whole, and the rest
// is told.
func TestLostRecordsNeverMakeAnotherOutcome(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		var file, left []any
		want := make(map[capture.ID]replay.Outcome)
		for i := range rapid.IntRange(1, 5).Draw(t, "outcomes") {
			o := outcome(t, i)
			want[o.Recorded.ID] = o
			require.NoError(t, replay.WriteOutcome(ctx, keep(&file), &o))
		}
		for _, e := range file {
			switch rapid.IntRange(0, 5).Draw(t, "fate") {
			case 0:
			case 1:
				left = append(left, &capture.RecordError{Reason: "broken", Err: errors.New("bad")})
			default:
				left = append(left, e)
			}
		}
		r := replay.NewOutcomeReader(source(left...))
		for {
			var got replay.Outcome
			err := r.ReadOutcome(ctx, &got)
			if errors.Is(err, io.EOF) {
				break
			}
			var bad *capture.RecordError
			if errors.As(err, &bad) {
				continue
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(want[got.Recorded.ID], got, cmpopts.EquateEmpty()))
		}
		require.NoError(t, r.Account().Balance())
	})
}

func TestDamagedOutcomesAreToldWithTheirReason(t *testing.T) {
	ctx := context.Background()
	var file []any
	for i := range 2 {
		o := replay.Outcome{Recorded: recorded("s", i), Answers: []replay.Answer{{Side: replay.Base}, {Side: replay.Branch}}}
		require.NoError(t, replay.WriteOutcome(ctx, keep(&file), &o))
	}
	odd := recorded("s", 7)
	odd.Context.Labels = map[string]string{replay.AnswersLabel: strconv.Itoa(1 << 30)}
	plain := recorded("s", 8)
	tests := []struct {
		name   string
		file   []any
		reason capture.Reason
		want   string
		whole  int
	}{
		{"cut at the end", file[:2], replay.CutOutcome, "offset 1: outcome of " + recorded("s", 0).ID.String() + " has 1 of its 2 answers", 0},
		{"cut before another", []any{file[0], file[1], file[3], file[4], file[5]}, replay.CutOutcome, "has 1 of its 2 answers", 1},
		{"cut before a plain one", []any{file[0], plain}, replay.CutOutcome, "has 0 of its 2 answers", 1},
		{"orphan", []any{file[1]}, replay.OrphanAnswer, `offset 0: answer of "base"`, 0},
		{"bad label", []any{odd, plain}, replay.BadOutcome, `is "1073741824": want 1 to 1024`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := replay.NewOutcomeReader(source(tt.file...))
			var bad *capture.RecordError
			require.ErrorAs(t, r.ReadOutcome(ctx, new(replay.Outcome)), &bad)
			assert.Equal(t, tt.reason, bad.Reason)
			assert.ErrorContains(t, bad, tt.want)
			for range tt.whole {
				require.NoError(t, r.ReadOutcome(ctx, new(replay.Outcome)))
			}
			require.ErrorIs(t, r.ReadOutcome(ctx, new(replay.Outcome)), io.EOF)
			stats := r.Account()[0].Stats
			require.NoError(t, stats.Balance())
			assert.Equal(t, map[capture.Reason]uint64{tt.reason: 1}, stats.Dropped)
		})
	}
}

func TestOutcomeThatCouldNotBeReadBackIsNotWritten(t *testing.T) {
	var file []any
	noID := replay.Outcome{Answers: []replay.Answer{{Side: replay.Base}}}
	assert.ErrorContains(t, replay.WriteOutcome(context.Background(), keep(&file), &noID), "has no identity")
	noSide := replay.Outcome{Recorded: recorded("s", 0), Answers: []replay.Answer{{}}}
	assert.ErrorContains(t, replay.WriteOutcome(context.Background(), keep(&file), &noSide), "names no side")
}

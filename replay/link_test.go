package replay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/replay"
	"twinspect.dev/replay/pace"
)

// needs is a linker with a table: target to the exchanges that it needs.
type needs map[string][]capture.ID

func (n needs) Link(e *capture.Exchange) replay.Links {
	if list := n[e.Request.Target]; list != nil {
		return links(list)
	}
	return nil
}

type links []capture.ID

func (l links) Needs() []capture.ID { return l }

// journal notes when requests begin and end.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
	j.mu.Unlock()
}

func (j *journal) index(line string) int {
	for i, l := range j.lines {
		if l == line {
			return i
		}
	}
	return -1
}

// noting notes each ask's session and target.
func (j *journal) noting() replay.Sender {
	return replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
		j.note("begin %s %s", ask.Session, ask.Request.Target)
		a := echo(ctx, &ask.Request)
		j.note("end %s %s", ask.Session, ask.Request.Target)
		return a
	})
}

func TestAnExchangeWaitsForTheAnswersThatItNeeds(t *testing.T) {
	noLeak(t)
	create, read := recorded("writer", 0), recorded("reader", 1)
	held := make(chan struct{})
	var log journal
	slow := replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
		if ask.Request.Target == create.Request.Target {
			<-held
		}
		return log.noting().Send(ctx, ask)
	})
	other := recorded("other", 2)
	released := replay.SenderFunc(func(ctx context.Context, ask *replay.Ask) replay.Answer {
		if ask.Request.Target == other.Request.Target {
			close(held) // the third passes both
		}
		return slow(ctx, ask)
	})
	r := replay.Runner{Targets: sides(released), Linker: needs{read.Request.Target: {create.ID}}}
	require.NoError(t, r.Run(t.Context(), source(create, read, other), func(*replay.Outcome) error { return nil }))
	assert.Less(t, log.index("end writer /writer/0"), log.index("begin reader /reader/1"))
}

func TestWhatIsNotOnItsWayIsNotWaitedFor(t *testing.T) {
	noLeak(t)
	e := recorded("a", 0)
	r := replay.Runner{Targets: sides(echo), Linker: needs{e.Request.Target: {{9}, e.ID}}}
	var got []string
	require.NoError(t, r.Run(t.Context(), source(e), collect(&got)))
	assert.Len(t, got, 1)
}

// Whatever is linked to earlier exchanges, at any pace and with any times, all
// is sent, and after what it needs unless that is planned for later.
func TestLinksNeverStopARun(t *testing.T) {
	noLeak(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(rt, "exchanges")
		var records []any
		var ids []capture.ID
		table := needs{}
		for i := range n {
			e := recorded(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "session"), i)
			e.Request.Start = start.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "start")) * time.Microsecond)
			for range rapid.IntRange(0, min(i, 3)).Draw(rt, "needs") {
				table[e.Request.Target] = append(table[e.Request.Target], ids[rapid.IntRange(0, i-1).Draw(rt, "giver")])
			}
			records, ids = append(records, e), append(ids, e.ID)
		}
		var log journal
		r := replay.Runner{
			Targets:  sides(log.noting()),
			Linker:   table,
			InFlight: rapid.IntRange(1, 4).Draw(rt, "in flight"),
			Pacer: rapid.SampledFrom([]replay.Pacer{
				pace.Max{}, pace.Rate{PerSecond: 1e9}, pace.Recorded{Factor: 1},
			}).Draw(rt, "pace"),
			Copies: rapid.IntRange(1, 3).Draw(rt, "copies"),
		}
		require.NoError(rt, r.Run(context.Background(), source(records...), func(*replay.Outcome) error { return nil }))
		require.EqualValues(rt, n*r.Copies, r.Account()[0].Written)
	})
}

func TestCopiesHaveSessionsAndIdentitiesOfTheirOwn(t *testing.T) {
	noLeak(t)
	create, read := recorded("writer", 0), recorded("reader", 1)
	passes := 0
	r := replay.Runner{
		Targets: sides(echo), Copies: 2, Linker: needs{read.Request.Target: {create.ID}},
		Again: func(context.Context) (capture.Source, error) {
			if passes++; passes == 2 {
				return nil, io.EOF
			}
			return source(create, read), nil
		},
	}
	seen := make(map[capture.ID]int)
	require.NoError(t, r.Run(t.Context(), source(create, read), func(o *replay.Outcome) error {
		seen[o.Recorded.ID]++
		return nil
	}))
	assert.Len(t, seen, 8, "two exchanges, two copies, two passes")
	assert.Contains(t, seen, create.ID, "the first copy is the exchange itself")
	assert.Equal(t, capture.Stats{Seen: 8, Written: 8}, balanced(t, &r))
}

func TestAPassBeginsAfterTheTimesOfTheOneBefore(t *testing.T) {
	noLeak(t)
	var planned []time.Duration
	spy := pacer(func(_ time.Duration, _ uint64, recorded time.Duration) time.Duration {
		planned = append(planned, recorded)
		return replay.Now
	})
	again := []capture.Source{source(recorded("a", 0), recorded("a", 2))}
	r := replay.Runner{Targets: sides(echo), Pacer: spy, Again: func(context.Context) (capture.Source, error) {
		if len(again) == 0 {
			return nil, io.EOF
		}
		src := again[0]
		again = again[1:]
		return src, nil
	}}
	require.NoError(t, r.Run(t.Context(), source(recorded("a", 0), recorded("a", 2)), func(*replay.Outcome) error { return nil }))
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{0, 2 * ms, 3 * ms, 5 * ms}, planned)
}

func TestOffsetsAreCountedFromTheOrigin(t *testing.T) {
	var offsets []time.Duration
	r := replay.Runner{Targets: sides(echo), Origin: start.Add(-time.Second), Pacer: pacer(
		func(_ time.Duration, _ uint64, recorded time.Duration) time.Duration {
			offsets = append(offsets, recorded)
			return replay.Now
		})}
	require.NoError(t, r.Run(t.Context(), source(recorded("a", 3)), func(*replay.Outcome) error { return nil }))
	assert.Equal(t, []time.Duration{time.Second + 3*time.Millisecond}, offsets)
}

type pacer func(elapsed time.Duration, sent uint64, recorded time.Duration) time.Duration

func (p pacer) Pace(elapsed time.Duration, sent uint64, recorded time.Duration) time.Duration {
	return p(elapsed, sent, recorded)
}

type feedback func(*replay.Outcome) error

func (f feedback) Observe(o *replay.Outcome) error { return f(o) }

func TestFeedbackEndsARun(t *testing.T) {
	noLeak(t)
	enough := errors.New("enough")
	n := 0
	r := replay.Runner{Targets: sides(echo), InFlight: 1, Feedback: feedback(func(*replay.Outcome) error {
		if n++; n == 2 {
			return enough
		}
		return nil
	})}
	var got []string
	err := r.Run(t.Context(), source(recorded("a", 0), recorded("a", 1), recorded("a", 2), recorded("a", 3)), collect(&got))
	require.ErrorIs(t, err, enough)
	assert.Len(t, got, 2, "what it was told of was delivered")
	assert.NoError(t, r.Account().Balance())
}

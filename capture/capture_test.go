package capture_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/capture/capturetest"
)

func TestHeaderNamesAreComparedWithoutCase(t *testing.T) {
	h := capture.Header{{Name: "Host", Value: "a"}, {Name: "SET-cookie", Value: "x"}, {Name: "Set-Cookie", Value: "y"}, {Name: "X", Value: ""}}
	assert.Equal(t, "a", h.Get("hOST"))
	assert.Equal(t, "x", h.Get("set-cookie"))
	assert.Equal(t, []string{"x", "y"}, h.Values("set-cookie"))
	assert.Empty(t, h.Get("missing"))
	assert.Nil(t, h.Values("missing"))
	assert.True(t, h.Has("x"))
	assert.False(t, h.Has(""))
}

func TestHeaderWithoutLeavesTheReceiverAsItIs(t *testing.T) {
	h := capture.Header{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "a", Value: "3"}, {Name: "C", Value: "4"}}
	before := append(capture.Header(nil), h...)
	assert.Equal(t, capture.Header{{Name: "B", Value: "2"}}, h.Without("a", "c"))
	assert.Equal(t, before, h.Without())
	assert.Equal(t, before, h)
}

func TestIDsDifferWithEveryPart(t *testing.T) {
	at := time.Unix(1, 2)
	base := capture.NewID("agent", "connection", at, 0)
	require.Equal(t, base, capture.NewID("agent", "connection", at.In(time.FixedZone("", 3600)), 0))
	for name, other := range map[string]capture.ID{
		"agent":      capture.NewID("agen", "connection", at, 0),
		"boundary":   capture.NewID("agentc", "onnection", at, 0),
		"connection": capture.NewID("agent", "", at, 0),
		"start":      capture.NewID("agent", "connection", at.Add(1), 0),
		"index":      capture.NewID("agent", "connection", at, 1),
	} {
		assert.NotEqual(t, base, other, name)
	}
	assert.False(t, base.IsZero())
	assert.True(t, capture.ID{}.IsZero())
}

func TestAnIDIsTextAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := capture.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text, err := want.MarshalText()
		require.NoError(t, err)
		var got capture.ID
		require.NoError(t, got.UnmarshalText(text))
		require.Equal(t, want, got)
	})
}

func TestABadIDIsRefusedAndLeavesTheOldOne(t *testing.T) {
	for _, s := range []string{"", "0", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("g", 32)} {
		id := capture.ID{1}
		require.ErrorContains(t, id.UnmarshalText([]byte(s)), "exchange id")
		require.Equal(t, capture.ID{1}, id)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("00112233445566778899aabbccddeeff")
	f.Add("00112233445566778899AABBCCDDEEFF")
	f.Add("short")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := capture.ParseID(s)
		if err != nil {
			require.True(t, id.IsZero())
			return
		}
		require.Equal(t, strings.ToLower(s), id.String())
	})
}

func TestStatsBalanceWhateverIsCounted(t *testing.T) {
	reasons := rapid.SampledFrom([]capture.Reason{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		var parts []capture.Stats
		var sum capture.Stats
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			var s capture.Stats
			s.Written = rapid.Uint64Range(0, 1000).Draw(t, "written")
			s.Open = rapid.Uint64Range(0, 10).Draw(t, "open")
			s.Filter(reasons.Draw(t, "reason"), rapid.Uint64Range(0, 10).Draw(t, "filtered"))
			s.Drop(reasons.Draw(t, "reason"), rapid.Uint64Range(0, 10).Draw(t, "dropped"))
			s.Seen = s.Written + s.Open + s.Skipped() + s.Lost()
			require.NoError(t, s.Balance())
			parts = append(parts, s)
			sum.Add(s)
		}
		require.NoError(t, sum.Balance())
		var seen, lost uint64
		for _, p := range parts {
			seen += p.Seen
			lost += p.Lost()
		}
		require.Equal(t, seen, sum.Seen)
		require.Equal(t, lost, sum.Lost())
		sum.Seen++
		require.Error(t, sum.Balance())
	})
}

func TestStatsAddAndCloneShareNoMemory(t *testing.T) {
	a := capture.Stats{Seen: 1, Dropped: map[capture.Reason]uint64{"x": 1}}
	var sum capture.Stats
	sum.Add(a)
	clone := a.Clone()
	clone.Drop("x", 5)
	sum.Drop("x", 7)
	assert.EqualValues(t, 1, a.Lost())
	assert.EqualValues(t, 6, clone.Lost())
	assert.EqualValues(t, 8, sum.Lost())
	clone.Filter("nothing", 0)
	assert.Nil(t, clone.Filtered, "nothing is no reason")
}

func TestAnAccountNamesTheStageThatDoesNotBalance(t *testing.T) {
	a := capture.Account{
		{Name: "good", Stats: capture.Stats{Seen: 1, Open: 1}},
		{Name: "bad", Stats: capture.Stats{Seen: 2, Written: 1}},
	}
	require.ErrorContains(t, a.Balance(), "stage bad")
	require.NoError(t, a[:1].Balance())
	clone := a.Clone()
	clone[0].Drop("x", 1)
	require.NoError(t, a[:1].Balance())
	require.Nil(t, capture.AccountOf(7))
}

func TestACloneSharesNoMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := capturetest.Exchange().Draw(t, "exchange")
		want, clone := e.Clone(), e.Clone()
		overwrite(e)
		if diff := capturetest.Diff(want, clone); diff != "" {
			t.Fatal(diff)
		}
	})
}

func overwrite(e *capture.Exchange) {
	for _, m := range []*capture.Message{&e.Request.Message, &e.Response.Message} {
		clear(m.Body)
		clear(m.Header)
		clear(m.Trailer)
	}
	for i := range e.Response.Interim {
		clear(e.Response.Interim[i].Header)
	}
	clear(e.Response.Interim)
	clear(e.Context.Labels)
}

func TestTheSessionIsTheNarrowestThatIsKnown(t *testing.T) {
	e := &capture.Exchange{ID: capture.ID{1}}
	assert.Equal(t, e.ID.String(), e.SessionKey())
	e.Context.Connection = "c"
	assert.Equal(t, "c", e.SessionKey())
	e.Context.Session = "s"
	assert.Equal(t, "s", e.SessionKey())
}

func TestAnExchangeIsCompleteWhereBothHalvesAre(t *testing.T) {
	e := capturetest.Samples()[2]
	assert.True(t, e.Complete())
	e.Response.Incomplete = capture.Gap
	assert.False(t, e.Complete())
	e.Reset()
	assert.Equal(t, capture.Exchange{}, *e)
}

// script is a source of exchanges and errors in a fixed order.
func script(steps ...any) capture.Source {
	return capture.SourceFunc(func(ctx context.Context, e *capture.Exchange) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(steps) == 0 {
			return io.EOF
		}
		step := steps[0]
		steps = steps[1:]
		if err, ok := step.(error); ok {
			return err
		}
		*e = *step.(*capture.Exchange).Clone()
		return nil
	})
}

func TestFilterKeepsTheContractAndCounts(t *testing.T) {
	all := capturetest.Samples()
	keep := func(e *capture.Exchange) capture.Reason {
		if e.Request.Method == "" {
			return "empty"
		}
		return ""
	}
	want := slices.Concat(all[:1], all[2:])
	open := func() *capture.Filter {
		steps := make([]any, len(all))
		for i, e := range all {
			steps[i] = e
		}
		return capture.NewFilter(script(steps...), keep)
	}
	capturetest.TestSource(t, func(testing.TB) capture.Source { return open() }, want)

	f := open()
	capturetest.ReadAll(t, f)
	account := f.Account()
	assert.Equal(t, map[capture.Reason]uint64{"empty": 1}, account[len(account)-1].Filtered)
	assert.NoError(t, account.Balance())
}

func TestCopyGoesOnAfterADamagedRecordAndCountsIt(t *testing.T) {
	e := capturetest.Samples()[0]
	bad := &capture.RecordError{Reason: "torn", Lost: 3, Err: io.ErrUnexpectedEOF}
	unknown := &capture.RecordError{Reason: "torn", Err: io.ErrUnexpectedEOF}
	var taken []*capture.Exchange
	sink := capture.SinkFunc(func(_ context.Context, e *capture.Exchange) error {
		taken = append(taken, e.Clone())
		return nil
	})
	var told []*capture.RecordError
	stats, err := capture.Copy(t.Context(), sink, script(e, bad, e, unknown), func(r *capture.RecordError) { told = append(told, r) })
	require.NoError(t, err)
	assert.Len(t, taken, 2)
	assert.Equal(t, []*capture.RecordError{bad, unknown}, told)
	assert.Equal(t, capture.Stats{Seen: 6, Written: 2, Dropped: map[capture.Reason]uint64{"torn": 4}}, stats)

	_, err = capture.Copy(t.Context(), sink, script(bad), nil)
	require.NoError(t, err)
}

func TestDamageThatAnEarlyEndCausedDoesNotEndTheCopy(t *testing.T) {
	reads := 0
	src := capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		reads++
		switch reads {
		case 1:
			return &capture.RecordError{Reason: "cut", Err: io.EOF}
		case 2:
			*e = capture.Exchange{}
			return nil
		}
		return io.EOF
	})
	stats, err := capture.Copy(t.Context(), capture.SinkFunc(func(context.Context, *capture.Exchange) error { return nil }), src, nil)
	require.NoError(t, err)
	require.Equal(t, uint64(1), stats.Written)
	require.Equal(t, map[capture.Reason]uint64{"cut": 1}, stats.Dropped)
}

func TestCopyStopsAtAnErrorAndItsAccountBalances(t *testing.T) {
	e := capturetest.Samples()[0]
	broken := errors.New("broken")
	nowhere := capture.SinkFunc(func(context.Context, *capture.Exchange) error { return broken })

	stats, err := capture.Copy(t.Context(), nowhere, script(e, e), nil)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, capture.Stats{Seen: 1, Open: 1}, stats)

	stats, err = capture.Copy(t.Context(), nowhere, script(broken), nil)
	require.ErrorIs(t, err, broken)
	assert.NoError(t, stats.Balance())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = capture.Copy(ctx, nowhere, script(e), nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestARecordErrorSaysWhere(t *testing.T) {
	cause := errors.New("torn")
	for want, e := range map[string]*capture.RecordError{
		"offset 7: torn":         {Offset: 7, Err: cause},
		"a.twin: offset 0: torn": {Input: "a.twin", Err: cause},
		"a.jsonl: line 3: torn":  {Input: "a.jsonl", Line: 3, Offset: 7, Err: cause},
	} {
		assert.EqualError(t, e, want)
		assert.ErrorIs(t, e, cause)
	}
}

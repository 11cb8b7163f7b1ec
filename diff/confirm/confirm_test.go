package confirm

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff"
	"twinspect.dev/replay"
)

func suspect(part diff.Part, examples ...diff.Example) diff.Difference {
	return diff.Difference{Cell: diff.Cell{Place: diff.Place{Part: part}}, Judgement: diff.Suspect, Examples: examples}
}

func example(id capture.ID, method string) diff.Example {
	return diff.Example{Exchange: id.String(), Method: method}
}

func TestSuspectsAreAskedAgainInTurns(t *testing.T) {
	a, b, w := capture.ID{1}, capture.ID{2}, capture.ID{3}
	r := &diff.Report{Differences: []diff.Difference{
		{Judgement: diff.Regression, Examples: []diff.Example{example(capture.ID{9}, "GET")}},
		suspect(diff.Body, example(a, "GET"), example(b, "GET")),
		suspect(diff.Header, example(a, "GET")),
		suspect(diff.Body, example(w, "POST")),
		suspect(diff.Latency, example(a, "GET")),
		suspect(diff.Body),
	}}
	c := Choose(r)
	require.False(t, c.Empty())
	for _, id := range []capture.ID{w, b, {9}, a, a} {
		e := capture.Exchange{ID: id}
		e.Context.Connection = "c"
		c.Observe(&e)
	}
	info := c.Info(3)
	assert.Equal(t, &diff.Confirmation{
		Exchanges: 2, Times: 3, Suspects: 5,
		NotAsked: map[capture.Reason]uint64{Unsafe: 1, NotAskable: 1, NoExample: 1},
	}, info)
	seen := make(map[capture.ID]bool)
	var turns []string
	src := c.Source(3)
	for {
		var e capture.Exchange
		err := src.ReadExchange(t.Context(), &e)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.False(t, seen[e.ID], "an identity comes twice")
		seen[e.ID] = true
		turns = append(turns, e.Context.Labels[replay.AgainLabel])
	}
	assert.Equal(t, []string{"1", "1", "2", "2", "3", "3"}, turns)
}

func TestNothingIsAskedAgainWithoutSuspects(t *testing.T) {
	c := Choose(&diff.Report{Differences: []diff.Difference{{Judgement: diff.Noise}}})
	assert.True(t, c.Empty())
	var e capture.Exchange
	assert.ErrorIs(t, c.Source(5).ReadExchange(t.Context(), &e), io.EOF)
}

func TestChoicesAreBounded(t *testing.T) {
	r := &diff.Report{}
	for i := range 2 * MaxExchanges {
		r.Differences = append(r.Differences, suspect(diff.Body, example(capture.ID{byte(i), byte(i >> 8)}, "GET")))
	}
	c := Choose(r)
	assert.Len(t, c.wanted, MaxExchanges)
	assert.Equal(t, uint64(MaxExchanges), c.notAsked[TooMany])
}

func TestWhatDoesNotComeAgainIsNoRegression(t *testing.T) {
	once, always, seldom := diff.Place{Part: diff.Body, Path: "$.once"}, diff.Place{Part: diff.Body, Path: "$.always"}, diff.Place{Part: diff.Body, Path: "$.seldom"}
	id, other := capture.ID{1}, capture.ID{2}
	suspect := func(p diff.Place, of capture.ID) diff.Difference {
		return diff.Difference{
			Cell: diff.Cell{Operation: "GET /", Place: p, Kind: diff.Changed}, Judgement: diff.Suspect,
			Counts: diff.Counts{N: 30, Branch: 1}, Examples: []diff.Example{example(of, "GET")},
		}
	}
	r := &diff.Report{Differences: []diff.Difference{suspect(once, id), suspect(always, id), suspect(seldom, other)}}
	var tally Tally
	tally.Settle(r)
	assert.Nil(t, r.Confirmation, "nothing was asked again")
	c := Choose(r)
	for _, e := range []capture.Exchange{{ID: id}, {ID: other}} {
		c.Observe(&e)
	}
	src := c.Source(Enough)
	for i := 0; ; i++ {
		var e capture.Exchange
		if errors.Is(src.ReadExchange(t.Context(), &e), io.EOF) {
			break
		}
		original, again := Original(&e)
		require.True(t, again)
		if original == other && i > 4 {
			continue // its answers could not be compared
		}
		require.Contains(t, []capture.ID{id, other}, original)
		tally.Observe(original, "GET /", []diff.Change{{Place: always, Kind: diff.Changed}})
	}
	tally.Settle(r)
	var got []diff.Judgement
	for _, d := range r.Differences {
		got = append(got, d.Judgement)
	}
	assert.Equal(t, []diff.Judgement{diff.Suspect, diff.Suspect, diff.Noise}, got)
	assert.Equal(t, once, r.Differences[2].Place)
	assert.Equal(t, &diff.Confirmation{Exchanges: 2, Times: Enough, Left: 2, NotSeenAgain: 1}, r.Confirmation)
	_, again := Original(&capture.Exchange{ID: id})
	assert.False(t, again)
}

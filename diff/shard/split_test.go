package shard_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/diff/shard"
)

// listed is a source of a list.
type listed struct {
	all   []*capture.Exchange
	stats capture.Stats
}

func (l *listed) ReadExchange(_ context.Context, e *capture.Exchange) error {
	if l.stats.Seen == uint64(len(l.all)) {
		return io.EOF
	}
	*e = *l.all[l.stats.Seen]
	l.stats.Seen++
	l.stats.Written++
	return nil
}

func (l *listed) Account() capture.Account {
	return capture.Account{{Name: "file", Unit: "exchanges", Stats: l.stats.Clone()}}
}

func TestEverySessionBelongsToOneWorker(t *testing.T) {
	all := recording(3000, 300)
	const n = 4
	owner := make(map[string]int)
	total := 0
	var accounts []capture.Account
	for i := range n {
		src, err := shard.NewGroups().Split(&listed{all: all}, i, n)
		require.NoError(t, err)
		var e capture.Exchange
		got := 0
		for {
			err := src.ReadExchange(t.Context(), &e)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if was, ok := owner[e.SessionKey()]; ok {
				assert.Equal(t, i, was)
			}
			owner[e.SessionKey()] = i
			got++
		}
		assert.InDelta(t, len(all)/n, got, float64(len(all)/n)/2, "the sessions are spread")
		total += got
		require.NoError(t, src.Account().Balance())
		accounts = append(accounts, src.Account())
	}
	assert.Len(t, all, total)
	joined := shard.JoinSplit(accounts...)
	require.NoError(t, joined.Balance())
	assert.Equal(t, capture.Account{
		{Name: "file", Unit: "exchanges", Stats: capture.Stats{Seen: 3000, Written: 3000}},
		{Name: "split", Unit: "exchanges", Stats: capture.Stats{Seen: 3000, Written: 3000}},
	}, normal(joined))
}

// normal takes away maps that are empty.
func normal(a capture.Account) capture.Account {
	for i := range a {
		if len(a[i].Filtered) == 0 {
			a[i].Filtered = nil
		}
		if len(a[i].Dropped) == 0 {
			a[i].Dropped = nil
		}
	}
	return a
}

func TestAWorkerThatIsNoneOfThemIsRefused(t *testing.T) {
	for _, w := range [][2]int{{-1, 3}, {3, 3}, {0, 0}} {
		_, err := shard.NewGroups().Split(&listed{}, w[0], w[1])
		require.Error(t, err)
	}
}

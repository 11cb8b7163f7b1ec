package shard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"twinspect.dev/capture"
	"twinspect.dev/diff/shard"
)

// Whatever needs what, an exchange and those that it needs are one worker's, and
// every exchange is somebody's.
func TestAGroupOfSessionsIsOneWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "exchanges")
		var all []*capture.Exchange
		needs := make(map[capture.ID][]capture.ID)
		groups := shard.NewGroups()
		for i := range n {
			e := &capture.Exchange{ID: capture.ID{byte(i + 1)}}
			e.Context.Session = fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "session"))
			for range rapid.IntRange(0, min(i, 2)).Draw(t, "needs") {
				needs[e.ID] = append(needs[e.ID], all[rapid.IntRange(0, i-1).Draw(t, "giver")].ID)
			}
			all = append(all, e)
			groups.Observe(e, needs[e.ID])
		}
		groups.Close()
		workers := rapid.IntRange(1, 5).Draw(t, "workers")
		of := make(map[capture.ID]int)
		for w := range workers {
			src, err := groups.Split(replaying(all), w, workers)
			require.NoError(t, err)
			for _, id := range idsOf(t, src) {
				require.NotContains(t, of, id, "somebody else's too")
				of[id] = w
			}
		}
		require.Len(t, of, n)
		for id, givers := range needs {
			for _, giver := range givers {
				require.Equal(t, of[id], of[giver])
			}
		}
	})
}

func TestWorkersOfGroupsAreNumbered(t *testing.T) {
	_, err := shard.NewGroups().Split(replaying(nil), 2, 2)
	require.ErrorContains(t, err, "worker 2 of 2: want 0 to 1")
}

func replaying(all []*capture.Exchange) capture.Source {
	i := 0
	return capture.SourceFunc(func(_ context.Context, e *capture.Exchange) error {
		if i == len(all) {
			return io.EOF
		}
		*e = *all[i]
		i++
		return nil
	})
}

func idsOf(t require.TestingT, src capture.Source) (list []capture.ID) {
	for {
		var e capture.Exchange
		err := src.ReadExchange(context.Background(), &e)
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		list = append(list, e.ID)
	}
}

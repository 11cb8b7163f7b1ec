package shard_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"twinspect.dev/capture/kafka"
	"twinspect.dev/diff/shard"
	"twinspect.dev/diff/shard/store"
)

// mortals runs one worker for each of kills, which dies when as many requests
// were sent by it, and one that lives. It returns how many requests were sent.
func mortals(ctx context.Context, t testing.TB, p *shard.Plan, cfg kafka.Config, s store.Store, kills []int) int {
	var total atomic.Int64
	var wg sync.WaitGroup
	for _, at := range kills {
		mine, kill := context.WithCancel(ctx)
		defer kill()
		to := &sides{sending: func(n int) {
			total.Add(1)
			if n == at {
				kill()
			}
		}}
		wg.Go(func() {
			err := worker(p, cfg, mortal{s, mine}, to).Run(mine)
			assert.True(t, err == nil || mine.Err() != nil, "%v", err)
		})
	}
	lives := &sides{sending: func(int) { total.Add(1) }}
	wg.Go(func() { assert.NoError(t, worker(p, cfg, s, lives).Run(ctx)) })
	wg.Wait()
	return int(total.Load())
}

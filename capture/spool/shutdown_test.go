package spool_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

// answering takes as long as it is told for each call, or until it is canceled.
func answering(f *fake, after time.Duration) producer {
	return func(ctx context.Context, batch []*capture.Exchange) []error {
		select {
		case <-time.After(after):
			return f.Produce(ctx, batch)
		case <-ctx.Done():
			return fill(len(batch), ctx.Err())
		}
	}
}

// The time that a shutdown has is a minute; a call that does not answer is told
// by the stall, of 2 s.
func TestAShutdownWaitsForABrokerAsLongAsThatIsOfUse(t *testing.T) {
	const never = 24 * time.Hour
	cases := map[string]struct {
		answers, before, least, most time.Duration
		memory                       bool
		written                      int
	}{
		"answers":                       {answers: 0, least: 0, most: 0, written: 30},
		"answers before the stall":      {answers: time.Second, least: 3 * time.Second, most: 3 * time.Second, written: 30},
		"answers after the stall":       {answers: 3 * time.Second, least: 9 * time.Second, most: 9 * time.Second, written: 30},
		"does not answer":               {answers: never, least: 4 * time.Second, most: 4 * time.Second},
		"was away before":               {answers: never, before: time.Minute, least: 2 * time.Second, most: 2 * time.Second},
		"answers just in time":          {answers: time.Minute + time.Second, before: time.Minute, least: 5 * time.Second, most: 5 * time.Second, written: 10},
		"is all there is, without disk": {answers: never, before: time.Minute, memory: true, least: time.Minute, most: time.Minute},
	}
	for name, c := range cases {
		dir := t.TempDir()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				config := spool.Config{Producer: answering(f, c.answers), Dir: dir, BatchCount: 10, Linger: time.Millisecond}
				if c.memory {
					config.Dir = ""
				}
				s := open(t, config)
				write(t, s, 0, 30, 100)
				<-time.After(c.before)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begin := time.Now()
				err := s.Shutdown(ctx)
				took := time.Since(begin)
				assert.GreaterOrEqual(t, took, c.least)
				assert.LessOrEqual(t, took, c.most)
				stats := account(t, s)
				assert.EqualValues(t, c.written, stats.Written)
				assert.Len(t, f.got(), c.written)
				if c.memory {
					require.Error(t, err)
					assert.EqualValues(t, 30, stats.Dropped[spool.ReasonShutdown])
					return
				}
				require.NoError(t, err)
				assert.EqualValues(t, 30-c.written, stats.Open, "on disk")
			})
		})
	}
}

func TestABrokerThatIsPutRightIsFoundWithinTenSeconds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir})
		write(t, s, 0, 10, 100)
		<-time.After(time.Hour)
		var before, after int
		f.set(func() { before = f.calls })
		<-time.After(time.Minute)
		f.set(func() { after, f.away = f.calls, false })
		assert.LessOrEqual(t, after-before, 24, "attempts a minute")
		<-time.After(5 * time.Second)
		assert.Equal(t, capture.Stats{Seen: 10, Written: 10}, account(t, s))
		require.NoError(t, s.Close())
	})
}

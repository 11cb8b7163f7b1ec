package spool_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/spool"
)

func TestTheRecorderDoesNotWaitForADiskThatHangs(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, QueueBytes: 50 << 10})
		write(t, s, 0, 1, 10)
		time.Sleep(time.Second)
		release := s.HoldDisk()
		write(t, s, 1, 101, 1000)
		stats := account(t, s)
		assert.EqualValues(t, 101, stats.Seen)
		assert.NotZero(t, stats.Dropped[spool.ReasonQueueFull])
		assert.False(t, s.State().BrokerUp)
		release()
		require.NoError(t, s.Close())
		assert.Zero(t, s.State().QueuedBytes)
	})
}

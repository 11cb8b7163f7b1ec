package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgressIsToldWithAndWithoutATotal(t *testing.T) {
	tests := []struct {
		done, total int64
		want        string
	}{
		{0, 200, "0 of 200 bytes (0 %)"},
		{50, 200, "50 of 200 bytes (25 %)"},
		{200, 200, "200 of 200 bytes (100 %)"},
		{300, 200, "300 of 300 bytes (100 %)"},
		{50, -1, "50 bytes"},
		{0, 0, "0 bytes"},
	}
	for _, tt := range tests {
		meter := Meter(func() (int64, int64) { return tt.done, tt.total })
		assert.Equal(t, tt.want, meter.progress("bytes"))
	}
}

// The bubble of synctest has a clock of its own, and fails where a goroutine is
// left at its end.
func TestWithoutATerminalALineIsLoggedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env, _, stderr := testEnv("")
		var done atomic.Int64
		stop := Watch(t.Context(), env, "read", "bytes", func() (int64, int64) { return done.Load(), 40 })
		time.Sleep(logEvery - 1)
		synctest.Wait()
		assert.Empty(t, stderr.String(), "short work says nothing")
		done.Store(10)
		time.Sleep(logEvery)
		synctest.Wait()
		assert.Equal(t, "read: 10 of 40 bytes (25 %)\n", stderr.String())
		stop()
		stop()
		time.Sleep(10 * logEvery)
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), "nothing is told after the end")
	})
}

func TestWatchingEndsWithItsContext(t *testing.T) {
	for _, onTerminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			env, _, _ := testEnv("")
			env.Progress = onTerminal
			ctx, cancel := context.WithCancel(t.Context())
			stop := Watch(ctx, env, "read", "bytes", func() (int64, int64) { return 1, 2 })
			cancel()
			synctest.Wait()
			stop()
		})
	}
}

func TestBarOnATerminalIsGoneOnceStopped(t *testing.T) {
	for name, total := range map[string]int64{"known": 40, "unknown": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				env, _, stderr := testEnv("")
				env.Progress = true
				var done atomic.Int64
				meter := Meter(func() (int64, int64) { return done.Load(), total })
				stop := Watch(t.Context(), env, "read", "bytes", meter)
				for _, n := range []int64{10, 40, 50} { // a file may grow
					done.Store(n)
					time.Sleep(10 * barEvery)
					synctest.Wait()
					assert.Contains(t, stderr.String(), meter.progress("bytes"))
				}
				assert.Contains(t, stderr.String(), "read ")
				stop()
				shown := stderr.String()
				assert.NotContains(t, lastLine(shown), "bytes", "the bar is taken away")
				time.Sleep(10 * barEvery)
				synctest.Wait()
				assert.Equal(t, shown, stderr.String())
			})
		})
	}
}

// lastLine is what stands on the screen after the last time it was cleared.
func lastLine(shown string) string {
	return shown[strings.LastIndex(shown, "\x1b[J")+1:]
}

func TestMessagesAreShownOnceWhileABarIsDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env, _, screen := testEnv("")
		shared := &terminal{w: screen}
		env.Progress, env.Stderr = true, shared
		stop := Watch(t.Context(), env, "read", "bytes", func() (int64, int64) { return 1, 2 })
		for i := range 3 {
			fmt.Fprintf(shared, "message %d\n", i)
			time.Sleep(3 * barEvery)
			synctest.Wait()
		}
		fmt.Fprintln(shared, "message 3")
		stop()
		fmt.Fprintln(shared, "message 4")
		for i := range 5 {
			assert.Equal(t, 1, strings.Count(screen.String(), fmt.Sprintf("message %d\n", i)), "message %d", i)
		}
		assert.True(t, strings.HasSuffix(screen.String(), "message 4\n"))
	})
}

func TestBarThatCannotBeDrawnDoesNotStopTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env, _, _ := testEnv("")
		env.Progress, env.Stderr = true, &terminal{w: closedScreen{}}
		stop := Watch(t.Context(), env, "read", "bytes", func() (int64, int64) { return 1, 2 })
		time.Sleep(5 * barEvery)
		synctest.Wait()
		_, err := fmt.Fprintln(env.Stderr, "message")
		require.ErrorIs(t, err, errClosed)
		stop()
	})
}

var errClosed = errors.New("closed")

type closedScreen struct{}

func (closedScreen) Write([]byte) (int, error) { return 0, errClosed }

package spool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"twinspect.dev/capture"
	"twinspect.dev/capture/spool"
)

func TestWhatWasInMemoryAtACrashIsCounted(t *testing.T) {
	dir, after := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := open(t, spool.Config{Producer: f, Dir: dir})
		write(t, s, 0, 10, 100)
		time.Sleep(time.Second) // shipped
		f.set(func() { f.away = true })
		write(t, s, 10, 30, 100)
		time.Sleep(time.Second) // on disk
		write(t, s, 30, 37, 100)
		require.NoError(t, s.Snapshot(after)) // in memory
		require.NoError(t, s.Shutdown(ended()))

		s = open(t, spool.Config{Producer: newFake(), Dir: after})
		assert.Equal(t, capture.Stats{Seen: 37, Written: 10, Open: 20, Dropped: map[capture.Reason]uint64{"crash": 7}}, s.State().Previous)
		require.NoError(t, s.Close())
		assert.Equal(t, capture.Stats{Seen: 37, Written: 30, Dropped: map[capture.Reason]uint64{"crash": 7}}, account(t, s))
	})
}

func TestARestartSendsLittleAgain(t *testing.T) {
	dir, after := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, BatchCount: 10, SegmentSize: 5000})
		write(t, s, 0, 100, 100)
		time.Sleep(time.Second)
		f.set(func() {
			f.away = false
			f.judge = func(_ int, e *capture.Exchange) error {
				if e.Context.Index >= 45 {
					return errAway
				}
				return nil
			}
		})
		time.Sleep(time.Minute)
		require.NoError(t, s.Snapshot(after))
		require.NoError(t, s.Shutdown(ended()))
		assert.EqualValues(t, 40, account(t, s).Written, "a batch is counted when it is settled")

		again := newFake()
		s = open(t, spool.Config{Producer: again, Dir: after})
		require.NoError(t, s.Close())
		assert.Equal(t, upTo(100)[40:], again.got())
		assert.Equal(t, capture.Stats{Seen: 100, Written: 100}, account(t, s))
	})
}

// left makes a folder with n exchanges that nobody took, ten a segment.
func left(t *testing.T, n uint64) string {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, BatchCount: 10, SegmentSize: 1})
		write(t, s, 0, n, 100)
		require.NoError(t, s.Close())
	})
	return dir
}

func segments(t testing.TB, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.twin"))
	require.NoError(t, err)
	return files
}

// drain ships what is in the folder.
func drain(t *testing.T, dir string) (*fake, capture.Stats, spool.State) {
	f := newFake()
	s := open(t, spool.Config{Producer: f, Dir: dir})
	state := s.State()
	require.NoError(t, s.Close())
	return f, account(t, s), state
}

func TestDamageToTheFolderIsCountedAndTheRestShipped(t *testing.T) {
	damaged := func(n uint64) map[capture.Reason]uint64 {
		return map[capture.Reason]uint64{spool.ReasonDamaged: n}
	}
	cases := map[string]struct {
		damage func(t *testing.T, dir string, segments []string)
		want   capture.Stats
		notice bool
	}{
		"nothing": {func(*testing.T, string, []string) {}, capture.Stats{Seen: 30, Written: 30}, false},
		"segment cut": {func(t *testing.T, _ string, s []string) { require.NoError(t, os.Truncate(s[1], 100)) },
			capture.Stats{Seen: 30, Written: 20, Dropped: damaged(10)}, false},
		"segment overwritten": {func(t *testing.T, _ string, s []string) {
			require.NoError(t, os.WriteFile(s[0], []byte("no recording at all"), 0o600))
		}, capture.Stats{Seen: 30, Written: 20, Dropped: damaged(10)}, false},
		"segment emptied": {func(t *testing.T, _ string, s []string) { require.NoError(t, os.Truncate(s[2], 0)) },
			capture.Stats{Seen: 30, Written: 20, Dropped: damaged(10)}, false},
		"segment removed": {func(t *testing.T, _ string, s []string) { require.NoError(t, os.Remove(s[1])) },
			capture.Stats{Seen: 30, Written: 20, Dropped: damaged(10)}, false},
		"ledger removed": {func(t *testing.T, dir string, _ []string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "ledger")))
		},
			capture.Stats{Seen: 30, Written: 30}, false},
		"ledger torn": {func(t *testing.T, dir string, _ []string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger"), []byte("twspool1 and no more"), 0o600))
		}, capture.Stats{Seen: 30, Written: 30}, true},
		"foreign file": {func(t *testing.T, dir string, _ []string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.twin"), []byte("mine"), 0o600))
		}, capture.Stats{Seen: 30, Written: 30}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := left(t, 30)
			files := segments(t, dir)
			require.Len(t, files, 3)
			c.damage(t, dir, files)
			f, stats, state := drain(t, dir)
			assert.Equal(t, c.want, stats)
			assert.EqualValues(t, stats.Written, len(f.got()))
			assert.IsIncreasing(t, f.got())
			assert.Equal(t, c.notice, state.Notice != "", state.Notice)
		})
	}
}

func TestASegmentThatVanishesWhileItWaitsIsCounted(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.away = true
		s := open(t, spool.Config{Producer: f, Dir: dir, BatchCount: 10, SegmentSize: 1})
		write(t, s, 0, 30, 100)
		time.Sleep(time.Second)
		require.NoError(t, os.Remove(segments(t, dir)[1]))
		f.set(func() { f.away = false })
		require.NoError(t, s.Close())
		assert.Equal(t, capture.Stats{Seen: 30, Written: 20, Dropped: map[capture.Reason]uint64{"spool-damaged": 10}}, account(t, s))
	})
}

const childDir = "TWINSPECT_SPOOL_CHILD"

// TestChild is the process that is killed. It tells each exchange that the sink
// took, and each that the broker took.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs only as a child of the test of killed processes")
	}
	from, err := strconv.ParseUint(os.Getenv(childDir+"_FROM"), 10, 64)
	require.NoError(t, err)
	calls := 0
	s := open(t, spool.Config{
		Dir: dir, SegmentSize: 64 << 10, BatchCount: 50, Linger: time.Millisecond, QueueBytes: 4 << 20,
		Retry: spool.Retry{Min: time.Millisecond, Max: 2 * time.Millisecond},
		Producer: producer(func(_ context.Context, batch []*capture.Exchange) []error {
			if calls++; calls/20%2 == 1 {
				return fill(len(batch), errAway)
			}
			var b strings.Builder
			for _, e := range batch {
				fmt.Fprintf(&b, "acked %d\n", e.Context.Index)
			}
			_, _ = os.Stdout.WriteString(b.String())
			return nil
		}),
	})
	for i := from; ; i++ {
		require.NoError(t, s.WriteExchange(t.Context(), numbered(i, 500)))
		fmt.Printf("seen %d\n", i)
	}
}

// life runs a child until it has told of lines exchanges, and kills it.
func life(t *testing.T, dir string, from uint64, acked map[uint64]bool, lines int) uint64 {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childDir+"_FROM="+strconv.FormatUint(from, 10))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(t, cmd.Start())
	next := from
	in := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == lines {
			require.NoError(t, cmd.Process.Kill())
		}
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		var i uint64
		if _, err := fmt.Sscanf(line, "acked %d\n", &i); err == nil {
			acked[i] = true
		} else if _, err := fmt.Sscanf(line, "seen %d\n", &i); err == nil {
			next = i + 1
		}
	}
	require.Error(t, cmd.Wait())
	return next
}

func TestTheAccountBalancesOverKilledProcesses(t *testing.T) {
	dir := t.TempDir()
	acked := make(map[uint64]bool)
	var next uint64
	for i := range 4 {
		next = life(t, dir, next, acked, 1500+i*333)
	}
	f, stats, state := drain(t, dir)
	assert.Empty(t, state.Notice)
	for _, i := range f.got() {
		acked[i] = true
	}
	// At each kill one exchange may have been taken and not yet told, and one
	// batch have arrived and not yet been counted.
	assert.GreaterOrEqual(t, stats.Seen, next)
	assert.LessOrEqual(t, stats.Seen, next+4)
	assert.Equal(t, stats.Seen, stats.Written+stats.Lost())
	told := uint64(len(acked))
	assert.LessOrEqual(t, told, stats.Written+stats.Dropped[spool.ReasonCrash])
	assert.GreaterOrEqual(t, told, stats.Written, "what is counted as written arrived")
	assert.LessOrEqual(t, told-stats.Written, uint64(4*50))
	t.Logf("%d lives: %+v, arrived %d", 4, stats, told)
}

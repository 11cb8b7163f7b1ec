package spool_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"twinspect.dev/capture/spool"
)

// FuzzRecovery starts a sink on a folder of any bytes. It must come up, ship or
// count everything that it finds, and be empty after.
func FuzzRecovery(f *testing.F) {
	ledger, sealed, cut := material(f)
	f.Add(ledger, sealed, cut, uint64(0))
	f.Add(ledger[:len(ledger)/2], cut, sealed, uint64(7))
	f.Add([]byte{}, sealed[:len(sealed)/2], []byte{}, uint64(1<<40))
	f.Add([]byte("twspool1"), []byte(`{"request":{}}`), []byte("\x28\xb5\x2f\xfd"), uint64(3))
	f.Fuzz(func(t *testing.T, ledger, first, second []byte, count uint64) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{
			"ledger": ledger,
			"000000000000-20261121T100000Z-" + decimal(count%1e10) + ".twin": first,
			"000000000001-20261121T100001Z.twin":                             second,
		} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
		producer := newFake()
		s := open(t, spool.Config{Producer: producer, Dir: dir, QueueBytes: 1 << 20})
		begin := account(t, s)
		write(t, s, 1000, 1003, 10)
		require.NoError(t, s.Close())
		stats := account(t, s)
		require.Zero(t, stats.Open)
		require.Equal(t, begin.Seen+3, stats.Seen, "what was found does not change while it is shipped")
		require.Equal(t, begin.Open+3, stats.Written-begin.Written+stats.Lost()-begin.Lost())
		require.Empty(t, segments(t, dir))
	})
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// material is the ledger and two segments of a folder that was left by a kill.
func material(f *testing.F) (ledger, sealed, cut []byte) {
	dir, after := f.TempDir(), f.TempDir()
	away := newFake()
	away.away = true
	s := open(f, spool.Config{Producer: away, Dir: dir, BatchCount: 2, SegmentSize: 1, Linger: time.Millisecond})
	write(f, s, 0, 7, 50)
	require.Eventually(f, func() bool { return s.State().SpooledExchanges == 7 }, 10*time.Second, time.Millisecond)
	require.NoError(f, s.Snapshot(after))
	require.NoError(f, s.Shutdown(ended()))
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		return b
	}
	files := segments(f, after)
	return read(filepath.Join(after, "ledger")), read(files[0]), read(files[len(files)-1])
}
